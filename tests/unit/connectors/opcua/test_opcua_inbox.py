from __future__ import annotations

import asyncio

import pytest

from connectors.opcua.inbox import Inbox


async def test_items_come_out_in_order_and_then_the_failure() -> None:
    inbox: Inbox[int] = Inbox(5)
    await inbox.put(1)
    await inbox.put(2)
    inbox.fail(ValueError("first"))
    inbox.fail(ValueError("second"))
    assert [await inbox.get(), await inbox.get()] == [1, 2]
    with pytest.raises(ValueError, match="first"):
        await inbox.get()


async def test_producer_waits_while_it_is_full() -> None:
    inbox: Inbox[int] = Inbox(1)
    await inbox.put(1)
    second = asyncio.create_task(inbox.put(2))
    await asyncio.sleep(0)
    assert inbox.full
    assert not second.done()
    assert await inbox.get() == 1
    await second
    assert await inbox.get() == 2


async def test_consumer_waits_until_there_is_one() -> None:
    inbox: Inbox[int] = Inbox(1)
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    await inbox.put(7)
    assert await waiting == 7


async def test_all_items_at_once_make_room_for_every_producer() -> None:
    inbox: Inbox[int] = Inbox(2)
    await inbox.put(1)
    await inbox.put(2)
    waiting = [asyncio.create_task(inbox.put(n)) for n in (3, 4)]
    await asyncio.sleep(0)
    assert await inbox.get_all() == [1, 2]
    await asyncio.gather(*waiting)
    inbox.fail(ValueError("lost"))
    assert await inbox.get_all() == [3, 4]
    with pytest.raises(ValueError, match="lost"):
        await inbox.get_all()
