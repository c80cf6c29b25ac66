"""Pruning criteria, masks and pruned networks."""
