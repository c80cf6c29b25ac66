"""Training runs that are a function of the user's own."""
