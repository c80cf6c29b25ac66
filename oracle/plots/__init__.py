"""Figures, one module a kind of study."""
