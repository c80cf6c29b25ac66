"""Built-in studies as YAML, loaded by name."""
