"""Stored runs, listed and shown without the imports that compute them."""
