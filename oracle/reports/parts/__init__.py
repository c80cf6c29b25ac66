"""Printed parts of tables: those that several kinds have, or that only some studies have."""
