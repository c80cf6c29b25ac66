"""Stored runs, found and shown without the imports that compute them."""
