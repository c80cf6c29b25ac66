"""Preparing, executing and finding runs; cost estimates; the HTML report."""
