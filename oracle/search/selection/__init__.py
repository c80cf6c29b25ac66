"""Which training runs of one cycle to do next, from the results of those that are done."""
