"""Networks of stored runs, for use without this package."""
