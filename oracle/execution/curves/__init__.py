"""Validation values of training runs that are under way, from the workers to the driver."""
