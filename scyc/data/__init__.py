"""Data sets, and images as one uint8 tensor."""
