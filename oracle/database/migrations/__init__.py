"""How our tables came to be what they are, in steps that Alembic applies in order."""
