"""A signal table is a key of caches."""

from __future__ import annotations

from model.signal import Role, Signal, SignalTable, SignalType


def table(name: str) -> SignalTable:
    return SignalTable.of([Signal(device="m", name=name, role=Role.STATE, type=SignalType.INT)])


def test_equal_tables_are_one_key_and_others_are_not():
    assert table("a") == table("a")
    assert {table("a"): 1}[table("a")] == 1
    assert table("b") not in {table("a"): 1}
