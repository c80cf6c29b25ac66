"""Choosing engine and pack size for a device."""
