"""Marks that several figures of an oracle run share."""
