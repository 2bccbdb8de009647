"""`plantproof demo`."""

from __future__ import annotations


def demo() -> None:
    """演示 / demo."""
