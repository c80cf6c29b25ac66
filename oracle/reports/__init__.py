"""Printed tables and their formats, one module a kind of study."""
