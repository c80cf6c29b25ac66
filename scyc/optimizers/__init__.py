"""Optimizers: PyTorch's own, and the same updates for all members of a pack at once."""
