"""The S-Cyc oracle service: search, storage, comparison."""
