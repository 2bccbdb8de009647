"""The command line `plantproof`."""

from agent.cli.app import main

__all__ = ["main"]
