"""Studies that ship, as YAML; found by name."""
