"""The graph of cells and the searches that walk it. Pure: no training, no storage."""
