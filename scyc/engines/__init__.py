"""Engines: the ways to train the members of a pack."""
