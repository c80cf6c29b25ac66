"""Specs: frozen, strict declarations of all that shapes a training run."""
