"""A server's API as Python objects. Needs none of the server's dependencies."""

from oracle.client.client import Client

__all__ = ["Client"]
