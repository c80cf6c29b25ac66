"""Plain rows that layers exchange: jobs, tokens, observations, candidates."""
