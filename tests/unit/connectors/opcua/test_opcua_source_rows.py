"""What the source makes of the messages in its inbox, without a server."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from connectors.base import Point, Realm, SourceContext
from connectors.opcua import SPEC
from connectors.opcua.readings import Kind, PublishMessage, Readings
from connectors.opcua.source import OpcUaSource, _Published, _Reread
from model.batch import NO_TIME
from model.flags import RowFlag
from model.signal import Role, Signal, SignalType

S = 1_000_000_000
T0 = 1_800_000_000 * S


class Clock:
    def unix_ns(self) -> int:
        return T0

    def monotonic_ns(self) -> int:
        return 0


@pytest.fixture
def source() -> OpcUaSource:
    connection = SPEC.connection_model.model_validate({"url": "opc.tcp://h:1", "security": "none"})
    kinds = (SignalType.FLOAT, SignalType.TEXT, SignalType.FLOAT)
    points = tuple(
        Point(
            10 + i,
            Signal(device="d", name=f"s{i}", role=Role.PROCESS_VALUE, type=kind),
            SPEC.address_model.model_validate({"node": f"ns=1;s=v{i}"}),
        )
        for i, kind in enumerate(kinds)
    )
    made = SPEC.create(
        SourceContext(
            name="s",
            connection=connection,
            points=points,
            clock=Clock(),
            log=logging.getLogger("test"),
            realm=Realm.SIM,
        )
    )
    assert isinstance(made, OpcUaSource)
    from connectors.opcua.proof import ProofBook  # noqa: PLC0415 - what `connect` makes

    made._book = ProofBook([None] * 3, list(kinds))
    return made


def readings(*rows: tuple[int, object], at: int = T0) -> Readings:
    """Return values of items; a bytes value is a text, another one a float."""
    texts = [v for _, v in rows if isinstance(v, bytes)]
    kinds = [Kind.TEXT if isinstance(v, bytes) else Kind.FLOAT for _, v in rows]
    bits = [
        texts.index(v) if isinstance(v, bytes) else int(np.float64(v).view(np.int64))
        for _, v in rows
    ]
    return Readings(
        np.array([i for i, _ in rows], dtype=np.int64),
        np.array(kinds, dtype=np.uint8),
        np.array(bits, dtype=np.int64),
        np.zeros(len(rows), dtype=np.uint32),
        np.full(len(rows), at, dtype=np.int64),
        tuple(texts),
    )


def published(sequence: int, values: Readings, received_ns: int) -> _Published:
    message = PublishMessage(subscription=1, sequence=sequence, readings=values)
    return _Published(message, received_ns)


async def test_notifications_that_came_together_become_one_batch_in_order(source):
    messages = [
        published(1, readings((0, 1.0), (1, b"O1")), T0 + 1),
        published(2, readings((2, 5.0), (1, b"O2"), (9, 7.0)), T0 + 2),
        published(3, readings((0, 2.0)), T0 + 3),
    ]
    (batch,) = await source._rows(None, messages)
    assert batch.signal.tolist() == [10, 11, 12, 11, 10]
    assert batch.received_ns.tolist() == [T0 + 1, T0 + 1, T0 + 2, T0 + 2, T0 + 3]
    assert [batch.texts[batch.value[i]] for i in (1, 3)] == [b"O1", b"O2"]
    assert batch.floats[[0, 2, 4]].tolist() == [1.0, 5.0, 2.0]
    # Item 9 does not exist (any more).
    assert source.counters.unknown_items == 1
    assert source.counters.values == 5


async def test_a_reread_between_notifications_stays_between_them(source):
    messages = [
        published(1, readings((0, 1.0), (2, 3.0)), T0 + 1),
        _Reread(readings((0, 1.0), (2, 4.0)), T0 + 2, again=False),
        published(2, readings((2, 4.0)), T0 + 3),
    ]
    rows = [b for b in await source._rows(None, messages) if len(b)]
    assert [b.received_ns[0] for b in rows] == [T0 + 1, T0 + 2, T0 + 3]
    # Item 0 is proven alive; item 2 has moved, and its notification follows.
    assert rows[1].signal.tolist() == [10]
    assert rows[1].flags.tolist() == [RowFlag.ALIVE | RowFlag.NO_VALUE]


async def test_an_old_value_that_begins_anew_is_dated_by_receipt_once(source):
    old = T0 - 60 * S
    messages = [
        published(1, readings((0, 1.0), at=old), T0),
        published(2, readings((0, 1.0), at=old), T0),
    ]
    (batch,) = await source._rows(None, messages)
    assert batch.source_ns.tolist() == [old, old, NO_TIME]
    assert batch.signal.tolist() == [10, 10, 10]
