"""`plantproof verify`: the same verifier as `plantproof-verify`, for convenience."""

from __future__ import annotations

import typer

from evidence.cli import main as run_verifier


def verify(context: typer.Context) -> None:
    """验证证据包 / Verify a bundle; takes the arguments of plantproof-verify."""
    raise typer.Exit(run_verifier(context.args))
