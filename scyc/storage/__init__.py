"""Content-addressed files: checkpoints and packs under way."""
