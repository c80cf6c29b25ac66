"""Studies as users declare them: specs, strict YAML, scaling down."""
