"""Training many members side by side; axis 0 of every tensor is the member."""
