"""Monitored items of a session that is only pretended."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest

from connectors.opcua.config import OpcUaAddress, OpcUaConnection
from connectors.opcua.convert import Targets
from connectors.opcua.items import ItemTable
from connectors.opcua.plan import ItemGrant, ItemPlan, SubscriptionGrant, SubscriptionPlan
from model.flags import RowFlag
from model.signal import SignalType

TOO_MANY_ITEMS = 0x80DB0000
FILTER_NOT_ALLOWED = 0x80450000
UNKNOWN = 0x80340000


class FakeSession:
    """Knows every node whose id is in `known`; a subscription holds at most `room` items."""

    def __init__(self, known: set[str], *, room: int = 1000, filters: bool = True) -> None:
        self.known = known
        self.room = room
        self.filters = filters
        self.subscriptions: list[list[ItemPlan]] = []
        self.deleted: list[tuple[int, int]] = []

    async def learn_limits(self) -> tuple[str, ...]:
        return ("http://opcfoundation.org/UA/", "urn:x")

    def is_node_id(self, text: str) -> bool:
        return "=" in text

    async def create_subscription(self, wanted: SubscriptionPlan) -> SubscriptionGrant:
        self.subscriptions.append([])
        return SubscriptionGrant(
            id=len(self.subscriptions),
            publishing_ms=float(wanted.publishing_ms),
            keep_alive_count=wanted.keep_alive_count,
            lifetime_count=wanted.lifetime_count,
        )

    async def create_items(self, subscription: int, items: Sequence[ItemPlan]) -> list[ItemGrant]:
        held = self.subscriptions[subscription - 1]
        grants = []
        for item in items:
            if item.node not in self.known:
                grants.append(ItemGrant(status=UNKNOWN))
            elif item.deadband is not None and not self.filters:
                grants.append(ItemGrant(status=FILTER_NOT_ALLOWED))
            elif len(held) >= self.room:
                grants.append(ItemGrant(status=TOO_MANY_ITEMS))
            else:
                held.append(item)
                grants.append(
                    ItemGrant(
                        status=0,
                        id=len(held),
                        sampling_ms=item.sampling_ms,
                        queue_size=item.queue_size,
                    )
                )
        return grants

    async def delete_items(self, subscription: int, ids: Sequence[int]) -> None:
        self.deleted += [(subscription, i) for i in ids]


def table(nodes: list[str], **more: object) -> ItemTable:
    connection = OpcUaConnection.model_validate({"url": "opc.tcp://x:1", "security": "none"})
    addresses = tuple(OpcUaAddress.model_validate({"node": n, **more}) for n in nodes)
    return ItemTable(connection, addresses, nodes, logging.getLogger("test"))


async def test_items_beyond_the_room_of_a_subscription_go_to_another() -> None:
    nodes = [f"ns=1;s={i}" for i in range(25)]
    session = FakeSession(set(nodes), room=10)
    items = table(nodes)
    await items.start(session)  # type: ignore[arg-type]
    assert [len(s) for s in session.subscriptions] == [10, 10, 5]
    assert not items.missing
    await items.recreate(session, [0, 24])  # type: ignore[arg-type]
    assert session.deleted == [(1, 1), (3, 5)]


async def test_server_without_any_room_leaves_the_points_missing() -> None:
    session = FakeSession({"ns=1;s=a"}, room=0)
    items = table(["ns=1;s=a"])
    await items.start(session)  # type: ignore[arg-type]
    assert items.missing == {0: TOO_MANY_ITEMS}


async def test_refused_deadband_is_dropped_and_no_longer_in_force() -> None:
    session = FakeSession({"ns=1;s=a"}, filters=False)
    items = table(["ns=1;s=a"], deadband=0.5)
    await items.start(session)  # type: ignore[arg-type]
    assert not items.missing
    assert items.deadbands == [None]
    assert [i.deadband for i in session.subscriptions[0]] == [None]


async def test_missing_points_are_told_once_and_their_return_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    session = FakeSession({"ns=1;s=a"})
    items = table(["nsu=urn:x;s=a", "nsu=urn:x;s=b", "nsu=urn:y;s=c"])
    await items.start(session)  # type: ignore[arg-type]
    assert items.missing == {1: UNKNOWN, 2: 0x80330000}
    for _ in range(3):
        await items.retry_missing(session)  # type: ignore[arg-type]
    assert caplog.text.count("is not there") == 2
    session.known.add("ns=1;s=b")
    await items.retry_missing(session)  # type: ignore[arg-type]
    assert caplog.text.count("is there now") == 1
    assert items.active(np.array([True, True, True])).tolist() == [0, 1]
    rows = items.missing_rows(np.array([2]), Targets.of([7, 8, 9], [SignalType.INT] * 3), 5)
    assert (rows.signal.tolist(), rows.status.tolist()) == ([9], [0x80330000])
    assert rows.flags.tolist() == [RowFlag.NO_VALUE]


async def test_queue_too_small_for_the_sampling_of_the_server_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Stingy(FakeSession):
        async def create_items(
            self, subscription: int, items: Sequence[ItemPlan]
        ) -> list[ItemGrant]:
            return [ItemGrant(status=0, id=1, sampling_ms=50.0, queue_size=1) for _ in items]

    await table(["i=1"]).start(Stingy(set()))  # type: ignore[arg-type]
    assert "may be lost" in caplog.text
