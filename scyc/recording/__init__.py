"""Distributions of gradients and outputs of a trained network."""
