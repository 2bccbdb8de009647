"""The part of a configuration document that frames depend on: its streams and their signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from evidence import canonical
from evidence.canonical import Json
from evidence.frame import StreamLayout
from evidence.grammar import MAX_SIGNALS, is_signal_name, stream_key
from evidence.refusal import Refusal
from model.signal import ROLE_CLASS, Role, SignalType


@dataclass(frozen=True, slots=True, eq=False)
class ConfigDocument:
    """A checked `docs/<sha256>`: streams in index order, names of their signals, and the whole object."""

    digest: bytes
    layouts: tuple[StreamLayout, ...]
    signal_names: tuple[tuple[str, ...], ...]
    index_of: Mapping[str, int]
    """Stream id → index."""
    content: Mapping[str, Json]

    @property
    def streams(self) -> tuple[str, ...]:
        """Return the stream ids in index order."""
        return tuple(self.index_of)


def parse_document(data: bytes) -> ConfigDocument:
    """Return the checked document; raises `Refusal` (kind "document" or "json").

    Streams must be in (class rank, device id) order without duplicates; a signal with a `role` must stand in a stream
    of the class that the role fixes, so that a KPI signal cannot hide in `process`.
    """
    content = canonical.parse_object(data)
    streams = content.get("streams")
    if not isinstance(streams, list):
        raise _bad("has no list `streams`", "没有 streams 列表")
    layouts, names, order = [], [], []
    for item in streams:
        if not isinstance(item, Mapping):
            raise _bad("a stream is no object", "数据流不是对象")
        stream, signals = item.get("id"), item.get("signals")
        if not isinstance(stream, str) or not isinstance(signals, list):
            raise _bad("a stream has no id or signals", "数据流缺少 id 或 signals")
        order.append(stream_key(stream))
        parsed = [_signal(signal, stream) for signal in signals]
        layouts.append(StreamLayout.of(stream, [kind for _, kind in parsed]))
        names.append(tuple(name for name, _ in parsed))
        if len(set(names[-1])) != len(parsed) or len(parsed) > MAX_SIGNALS:
            raise _bad(f"stream {stream} names a signal twice", f"数据流 {stream} 信号重名")
    if order != sorted(set(order)):
        raise _bad(
            "streams are not in (class rank, device) order", "数据流未按（类别、设备）排序或重复"
        )
    return ConfigDocument(
        sha256(data).digest(),
        tuple(layouts),
        tuple(names),
        {layout.stream: i for i, layout in enumerate(layouts)},
        content,
    )


def _signal(item: Json, stream: str) -> tuple[str, SignalType]:
    if not isinstance(item, Mapping):
        raise _bad(f"a signal of {stream} is no object", f"数据流 {stream} 的信号不是对象")
    name, kind, role = item.get("name"), item.get("type"), item.get("role")
    if not isinstance(name, str) or not is_signal_name(name):
        raise _bad(f"signal name {str(name)[:80]!r}", f"信号名 {str(name)[:80]!r} 不合法")
    if kind not in tuple(SignalType):
        raise _bad(f"type {str(kind)[:40]!r} of signal {name}", f"信号 {name} 的类型不合法")
    if role is not None:
        if role not in tuple(Role):
            raise _bad(f"role {str(role)[:40]!r} of signal {name}", f"信号 {name} 的角色不合法")
        if stream.rpartition(".")[2] != ROLE_CLASS[Role(role)].value:
            raise _bad(
                f"signal {name} of role {role} may not stand in stream {stream}",
                f"角色 {role} 的信号 {name} 不得放在数据流 {stream} 中",
            )
    return name, SignalType(kind)


def _bad(en: str, zh: str) -> Refusal:
    return Refusal("document", f"configuration document: {en}", f"配置文档：{zh}")
