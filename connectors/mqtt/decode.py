"""From a topic and its JSON payload to rows. Pure: no library of MQTT, no clock, no log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from connectors.mqtt.config import MqttAddress, QualityFormat, TimeFormat
from connectors.mqtt.values import NULL, Cell, to_cell, to_status, to_unix_ns
from model.batch import NO_TIME, Batch, make_batch
from model.flags import RowFlag
from model.signal import SignalType
from model.status import BAD_DATA_ENCODING_INVALID, UNCERTAIN_LAST_USABLE, is_good

_ABSENT: Final = object()
_MOST_TOPICS: Final = 10_000
"""Topics whose routes are remembered; a filter with wildcards may bring any number of them."""
_UNDECODABLE: Final = Cell(0, BAD_DATA_ENCODING_INVALID, RowFlag.NO_VALUE)

Tokens = tuple[str, ...]


class UndecodableError(ValueError):
    """The payload is no JSON."""


@dataclass(frozen=True, slots=True)
class Route:
    """How one signal is found in a message: an `MqttAddress` with split pointers."""

    index: int
    type: SignalType
    topic: tuple[str, ...]
    pointer: Tokens
    items: Tokens | None
    match: tuple[tuple[Tokens, str | int | bool], ...]
    time: Tokens | None
    time_format: TimeFormat
    quality: Tokens | None
    quality_format: QualityFormat
    text_numbers: bool


def route_of(index: int, kind: SignalType, address: MqttAddress) -> Route:
    """Return the route of the signal with number `index`."""
    return Route(
        index=index,
        type=kind,
        topic=tuple(address.topic.split("/")),
        pointer=split_pointer(address.pointer),
        items=None if address.items is None else split_pointer(address.items),
        match=tuple((split_pointer(p), wanted) for p, wanted in sorted(address.match.items())),
        time=None if address.time_pointer is None else split_pointer(address.time_pointer),
        time_format=address.time_format,
        quality=None if address.quality_pointer is None else split_pointer(address.quality_pointer),
        quality_format=address.quality_format,
        text_numbers=address.text_numbers,
    )


def split_pointer(pointer: str) -> Tokens:
    """Return the reference tokens of a JSON pointer (RFC 6901, 4)."""
    return tuple(t.replace("~1", "/").replace("~0", "~") for t in pointer.split("/")[1:])


def topic_matches(pattern: Sequence[str], topic: Sequence[str]) -> bool:
    """Return whether `topic` is in the filter `pattern`, both split at "/" (MQTT 5.0, 4.7)."""
    if topic[0].startswith("$") and pattern[0] in {"+", "#"}:
        return False
    for i, level in enumerate(pattern):
        if level == "#":
            return True
        if i >= len(topic) or level not in {"+", topic[i]}:
            return False
    return len(pattern) == len(topic)


@dataclass(slots=True)
class Rows:
    """Rows in the making; `batch` makes the columns."""

    signal: list[int] = field(default_factory=list)
    source_ns: list[int] = field(default_factory=list)
    received_ns: list[int] = field(default_factory=list)
    value: list[int] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    lost_times: int = 0
    """Values whose device time could not be read; their rows have none."""
    simulated: bool = False
    """Whether a payload said that it is simulated."""

    def __len__(self) -> int:
        return len(self.signal)

    def add(self, index: int, source_ns: int, received_ns: int, cell: Cell) -> None:
        """Append one row."""
        self.signal.append(index)
        self.source_ns.append(source_ns)
        self.received_ns.append(received_ns)
        self.status.append(cell.status)
        self.flags.append(cell.flags)
        if cell.text is None:
            self.value.append(cell.value)
        else:
            self.value.append(len(self.texts))
            self.texts.append(cell.text)

    def batch(self) -> Batch:
        """Return the rows as columns."""
        return make_batch(
            signal=self.signal,
            source_ns=self.source_ns,
            received_ns=self.received_ns,
            value=self.value,
            status=self.status,
            flags=self.flags,
            texts=self.texts,
        )


class Decoder:
    """Turns messages into rows; remembers which routes a topic has."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)
        self._by_topic: dict[str, tuple[Route, ...]] = {}

    def decode(
        self, topic: str, payload: bytes, received_ns: int, rows: Rows, *, retained: bool
    ) -> None:
        """Append the rows of one message.

        A pointer that leads nowhere gives no row: a field absent from a message is unchanged, not zero. A retained
        message proves nothing about now: its rows have status Uncertain_LastUsableValue. Raises UndecodableError
        for a payload that is no JSON; `rows` then have one row without value for each signal of the topic.
        """
        routes = self._routes_of(topic)
        try:
            document = read_json(payload)
        except UndecodableError:
            for route in routes:
                if route.items is None and not route.match:
                    rows.add(route.index, NO_TIME, received_ns, _UNDECODABLE)
            raise
        rows.simulated = rows.simulated or says_simulated(document)
        for route in routes:
            for item in _items(document, route):
                self._decode_item(route, item, received_ns, rows, retained=retained)

    def _decode_item(
        self, route: Route, item: object, received_ns: int, rows: Rows, *, retained: bool
    ) -> None:
        value = find(item, route.pointer)
        if value is _ABSENT or not all(_equal(find(item, t), w) for t, w in route.match):
            return
        rows.simulated = rows.simulated or says_simulated(item)
        cell = to_cell(value, route.type, text_numbers=route.text_numbers)
        if route.quality is not None and (quality := find(item, route.quality)) is not _ABSENT:
            status = to_status(quality, route.quality_format)
            if is_good(cell.status) or (cell is NULL and not is_good(status)):
                cell = cell._replace(status=status)
        if retained and is_good(cell.status):
            cell = cell._replace(status=UNCERTAIN_LAST_USABLE)
        source_ns = NO_TIME
        if route.time is not None:
            instant = to_unix_ns(find(item, route.time), route.time_format)
            rows.lost_times += instant is None
            source_ns = NO_TIME if instant is None else instant
        rows.add(route.index, source_ns, received_ns, cell)

    def _routes_of(self, topic: str) -> tuple[Route, ...]:
        routes = self._by_topic.get(topic)
        if routes is None:
            if len(self._by_topic) >= _MOST_TOPICS:
                self._by_topic.clear()
            levels = topic.split("/")
            routes = tuple(r for r in self._routes if topic_matches(r.topic, levels))
            self._by_topic[topic] = routes
        return routes


def read_json(payload: bytes) -> object:
    """Return the JSON value; NaN and Infinity, which some gateways write, are read too. Raises UndecodableError."""
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, ValueError) as strict:
        if b"NaN" in payload or b"Infinity" in payload:
            try:
                return json.loads(payload)
            except (ValueError, RecursionError):
                pass
        raise UndecodableError(str(strict)) from strict
    except RecursionError as exc:
        raise UndecodableError("nested too deeply") from exc


def find(document: object, tokens: Tokens) -> object:
    """Return what the pointer leads to, or a mark that stands for nothing (unlike null)."""
    for token in tokens:
        if isinstance(document, dict):
            document = document.get(token, _ABSENT)
        elif isinstance(document, list) and token.isascii() and token.isdigit():
            if (
                (len(token) > 1 and token[0] == "0")
                or len(token) > 9
                or int(token) >= len(document)
            ):
                return _ABSENT
            document = document[int(token)]
        else:
            return _ABSENT
    return document


def says_simulated(document: object) -> bool:
    """Return whether an object has `"simulated": true`."""
    return isinstance(document, dict) and document.get("simulated") is True


def _items(document: object, route: Route) -> Sequence[object]:
    if route.items is None:
        return (document,)
    array = find(document, route.items)
    return array if isinstance(array, list) else ()


def _equal(value: object, wanted: str | int | bool) -> bool:  # noqa: FBT001 - a JSON value
    """In JSON, true and 1 are different."""
    return type(value) is type(wanted) and value == wanted
