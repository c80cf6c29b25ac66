"""Rivals of S-Cyc: how each sets max_lr, and its iterative pruning run."""
