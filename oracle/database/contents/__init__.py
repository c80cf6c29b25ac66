"""Whole databases: their rows moved to another database, and taken out."""
