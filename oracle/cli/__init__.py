"""The `oracle` command."""
