"""The public Python API: see :mod:`oracle`."""
