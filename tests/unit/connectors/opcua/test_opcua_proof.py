from __future__ import annotations

import numpy as np

from connectors.opcua.proof import OLD_NS, ProofBook, alive_rows, with_receipt_rows
from model.batch import NO_TIME, Batch, make_batch
from model.flags import RowFlag
from model.signal import SignalType

ITEMS = np.array([0, 1])


def book(deadband: float | None = None, kind: SignalType = SignalType.INT) -> ProofBook:
    return ProofBook([deadband, None], [kind, SignalType.INT])


def rows(values: list[int], status: int | list[int] = 0, flags: int = 0) -> Batch:
    return make_batch(
        signal=[10, 11], source_ns=[5, 6], received_ns=7, value=values, status=status, flags=flags
    )


def test_equal_good_value_is_a_proof_and_its_row_carries_no_value() -> None:
    known = book()
    known.note(ITEMS, rows([1, 2]))
    verdict = known.compare(ITEMS, rows([1, 3]))
    assert verdict.alive.tolist() == [True, False]
    assert verdict.differs.tolist() == [False, True]
    proof = alive_rows(rows([1, 3]), verdict.alive)
    assert proof.signal.tolist() == [10]
    assert proof.flags.tolist() == [RowFlag.ALIVE | RowFlag.NO_VALUE]
    assert (proof.value.tolist(), proof.status.tolist()) == ([0], [0])
    assert (proof.source_ns.tolist(), proof.received_ns.tolist()) == ([NO_TIME], [7])


def test_item_that_never_sent_a_value_differs() -> None:
    assert book().compare(ITEMS, rows([0, 0])).differs.all()


def test_equal_bad_value_is_no_proof_but_a_row() -> None:
    known = book()
    known.note(ITEMS, rows([0, 0], 0x80350000, RowFlag.NO_VALUE))
    verdict = known.compare(ITEMS, rows([0, 0], 0x80350000, RowFlag.NO_VALUE))
    assert not verdict.alive.any()
    assert verdict.report.all()


def test_uncertain_value_is_no_proof() -> None:
    known = book()
    known.note(ITEMS, rows([1, 1], 0x40900000))
    verdict = known.compare(ITEMS, rows([1, 1], 0x40900000))
    assert not verdict.alive.any()
    assert verdict.report.all()


def test_status_that_turned_bad_differs() -> None:
    known = book()
    known.note(ITEMS, rows([1, 2]))
    assert known.compare(ITEMS, rows([1, 2], [0x80350000, 0])).differs.tolist() == [
        True,
        False,
    ]


def test_info_bits_of_the_status_do_not_matter() -> None:
    known = book()
    known.note(ITEMS, rows([1, 2], [0x480, 0]))
    assert known.compare(ITEMS, rows([1, 2])).alive.all()


def test_texts_are_compared_by_content_not_by_index() -> None:
    known = ProofBook([None, None], [SignalType.TEXT, SignalType.TEXT])
    known.note(
        ITEMS,
        make_batch(
            signal=[1, 2], source_ns=[0, 0], received_ns=0, value=[0, 1], texts=(b"a", b"b")
        ),
    )
    read = make_batch(
        signal=[1, 2], source_ns=[0, 0], received_ns=0, value=[1, 0], texts=(b"c", b"a")
    )
    verdict = known.compare(ITEMS, read)
    assert verdict.alive.tolist() == [True, False]
    assert verdict.differs.tolist() == [False, True]


def test_move_within_the_deadband_is_reported_without_suspicion() -> None:
    known = book(0.5, SignalType.FLOAT)
    known.note(ITEMS, rows([int(np.float64(10.0).view(np.int64)), 0]))
    near = known.compare(ITEMS, rows([int(np.float64(10.5).view(np.int64)), 0]))
    far = known.compare(ITEMS, rows([int(np.float64(10.6).view(np.int64)), 0]))
    assert near.report.tolist() == [True, False]
    assert far.differs.tolist() == [True, False]


def test_silence_is_counted_from_a_mark() -> None:
    known = book()
    known.note(ITEMS, rows([1, 2]))
    mark = known.turn()
    known.note(np.array([1]), make_batch(signal=[11], source_ns=[0], received_ns=0, value=[3]))
    assert known.silent_since(ITEMS, mark).tolist() == [True, False]


def test_old_first_value_gets_a_second_row_dated_by_receipt() -> None:
    known = book()
    now = 100 * OLD_NS
    batch = make_batch(
        signal=[10, 11], source_ns=[now - OLD_NS - 1, now - OLD_NS], received_ns=now, value=[3, 4]
    )
    resumed = known.resumes(ITEMS)
    assert resumed.tolist() == [True, True]
    both = with_receipt_rows(batch, resumed)
    # Only the first is older than the limit; its own row stays as the device sent it.
    assert both.signal.tolist() == [10, 11, 10]
    assert both.source_ns.tolist() == [now - OLD_NS - 1, now - OLD_NS, NO_TIME]
    assert both.value.tolist() == [3, 4, 3]
    assert both.received_ns.tolist() == [now, now, now]


def test_value_that_goes_on_or_is_bad_gets_no_second_row() -> None:
    known = book()
    now = 100 * OLD_NS
    known.note(ITEMS, rows([1, 0], [0, 0x80350000]))
    # Item 0 goes on; item 1 comes back from a bad status, so it begins anew.
    assert known.resumes(ITEMS).tolist() == [False, True]
    bad = make_batch(signal=[11], source_ns=[1], received_ns=now, value=[4], status=0x80350000)
    assert with_receipt_rows(bad, np.array([True])) is bad
    good = make_batch(signal=[10, 11], source_ns=[1, 1], received_ns=now, value=[4, 5])
    assert with_receipt_rows(good, known.resumes(ITEMS)).signal.tolist() == [10, 11, 11]
