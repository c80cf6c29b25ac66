"""Run the command: ``python -m oracle.cli``."""

from oracle.cli.main import entry

entry()
