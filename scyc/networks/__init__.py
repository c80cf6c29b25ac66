"""The networks, and how one is built from its spec and a seed."""
