"""Entries of the log (format-core §4): one frozen record a kind, its canonical bytes, and the strict parser."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from evidence import canonical
from evidence.canonical import Json
from evidence.grammar import (
    CLOCKS,
    HEX32,
    HEX64,
    MAX_ENTRY_BYTES,
    MAX_INTEGER,
    REASONS,
    Origin,
    parse_origin,
)
from evidence.refusal import Refusal


@dataclass(frozen=True, slots=True)
class PreviousHead:
    """The last signed head of the epoch before."""

    origin: Origin
    root: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Genesis:
    """Entry 0: names the log, its key and, from epoch 2 on, the head it continues."""

    t_ms: int
    origin: Origin
    vkey: str
    agent: str
    prev: PreviousHead | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration document in force from the next block on."""

    t_ms: int
    sha256: bytes
    bytes: int


@dataclass(frozen=True, slots=True)
class Boot:
    """A start of the agent; `clean` is whether the run before was shut down in order."""

    t_ms: int
    boot_id: str
    clean: bool
    software_name: str
    software_sha256: bytes
    software_version: str
    torn_bytes: int


@dataclass(frozen=True, slots=True)
class Block:
    """One sealed slot. boot, config: entry indices. clock: S synchronised, R relative, U unknown.

    state: one letter a stream, D = at least one row without M, G = none. dur_ms: collected length, 0 = recovered.
    """

    t_ms: int
    slot: int
    boot: int
    config: int
    clock: str
    mono_ms: int
    dur_ms: int
    state: str
    rows: int
    late: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Off:
    """No collection ran in `slots` slots from `slot` on."""

    t_ms: int
    slot: int
    slots: int
    reason: str


@dataclass(frozen=True, slots=True)
class Export:
    """A statement was issued: SHA-256 of its payload and the size of the head it speaks about."""

    t_ms: int
    sha256: bytes
    size: int


Entry = Genesis | Config | Boot | Block | Off | Export

_COUNT = r"(0|[1-9][0-9]{0,15})"
BLOCK_PATTERN: Final = re.compile(
    (
        rf'\{{"boot":{_COUNT},"clock":"([SRU])","config":{_COUNT},"dur_ms":{_COUNT},"kind":"block",'
        rf'"late":{_COUNT},"mono_ms":{_COUNT},"root":"([0-9a-f]{{64}})","rows":{_COUNT},'
        rf'"slot":{_COUNT},"state":"([DG]*)","t_ms":(0|-?[1-9][0-9]{{0,15}}),"v":1\}}'
    ).encode()
)
"""The canonical spelling of a block entry: what matches is canonical, because the form fixes order and numbers.

A year has 525,600 of them; the general parser takes ten times as long.
"""


def encode_entry(entry: Entry) -> bytes:
    """Return the canonical bytes of `entry`; raises `Refusal` if they would exceed 65,535 bytes."""
    data = _block_bytes(entry) if isinstance(entry, Block) else None
    if data is None:
        data = canonical.encode({"t_ms": entry.t_ms, "v": 1, **_fields(entry)})
    if len(data) > MAX_ENTRY_BYTES:
        raise Refusal("entries", "an entry exceeds 65535 bytes", "账本条目超过 65535 字节")
    return data


def _block_bytes(entry: Block) -> bytes | None:
    """Return the canonical bytes of a block, None for one that the fixed form cannot spell (the encoder refuses it).

    One a minute for years: the general encoder takes ten times as long. What `BLOCK_PATTERN` matches is canonical.
    """
    data = (
        f'{{"boot":{entry.boot},"clock":"{entry.clock}","config":{entry.config},"dur_ms":{entry.dur_ms},'
        f'"kind":"block","late":{entry.late},"mono_ms":{entry.mono_ms},"root":"{entry.root.hex()}",'
        f'"rows":{entry.rows},"slot":{entry.slot},"state":"{entry.state}","t_ms":{entry.t_ms},"v":1}}'
    ).encode("utf-8", "surrogatepass")
    largest = max(
        entry.boot, entry.config, entry.dur_ms, entry.late, entry.mono_ms, entry.rows, entry.slot
    )
    inside = largest <= MAX_INTEGER and -MAX_INTEGER <= entry.t_ms <= MAX_INTEGER
    return data if inside and BLOCK_PATTERN.fullmatch(data) is not None else None


def _fields(entry: Entry) -> dict[str, Json]:
    match entry:
        case Genesis():
            fields: dict[str, Json] = {
                "agent": entry.agent,
                "kind": "genesis",
                "origin": str(entry.origin),
                "vkey": entry.vkey,
            }
            if entry.prev is not None:
                fields["prev"] = {
                    "origin": str(entry.prev.origin),
                    "root": entry.prev.root.hex(),
                    "size": entry.prev.size,
                }
            return fields
        case Config():
            return {"bytes": entry.bytes, "kind": "config", "sha256": entry.sha256.hex()}
        case Boot():
            software: dict[str, Json] = {
                "name": entry.software_name,
                "sha256": entry.software_sha256.hex(),
                "version": entry.software_version,
            }
            return {
                "boot_id": entry.boot_id,
                "clean": entry.clean,
                "kind": "boot",
                "software": software,
                "torn_bytes": entry.torn_bytes,
            }
        case Block():
            return {
                "boot": entry.boot,
                "clock": entry.clock,
                "config": entry.config,
                "dur_ms": entry.dur_ms,
                "kind": "block",
                "late": entry.late,
                "mono_ms": entry.mono_ms,
                "root": entry.root.hex(),
                "rows": entry.rows,
                "slot": entry.slot,
                "state": entry.state,
            }
        case Off():
            return {
                "kind": "off",
                "reason": entry.reason,
                "slot": entry.slot,
                "slots": entry.slots,
            }
        case Export():
            return {"kind": "export", "sha256": entry.sha256.hex(), "size": entry.size}


def parse_entry(data: bytes) -> Entry:
    """Return the entry that `data` spells.

    Raises `Refusal`: "json" not canonical, "unknown-kind" (INCOMPLETE: a later version may know it), "field" for a
    missing, added or impossible key.
    """
    if len(data) > MAX_ENTRY_BYTES:
        raise Refusal("entries", "an entry exceeds 65535 bytes", "账本条目超过 65535 字节")
    match = BLOCK_PATTERN.fullmatch(data)
    if match is not None:
        return block_of(match)
    reader = _Reader(canonical.parse_object(data))
    kind = reader.text("kind")
    version = reader.integer("v", low=0)
    parser = _PARSERS.get(kind)
    if parser is None or version != 1:
        raise Refusal(
            "unknown-kind",
            f"entry kind {kind[:40]!r} version {version} is not known to this verifier",
            f"本版验证程序不认识条目类型 {kind[:40]!r} 版本 {version}",
        )
    entry = parser(reader)
    reader.finish()
    return entry


def block_of(match: re.Match[bytes]) -> Block:
    """Return the block that `BLOCK_PATTERN` matched; raises `Refusal` (kind "json") beyond 2^53 - 1."""
    boot, clock, config, dur, late, mono, root, rows, slot, state, t_ms = match.groups()
    numbers = tuple(map(int, (boot, config, dur, late, mono, rows, slot, t_ms)))
    if max(numbers) > MAX_INTEGER or numbers[7] < -MAX_INTEGER:
        raise Refusal("json", "integer beyond 2^53 - 1", "整数超过 2^53 - 1")
    return Block(
        t_ms=numbers[7],
        slot=numbers[6],
        boot=numbers[0],
        config=numbers[1],
        clock=clock.decode(),
        mono_ms=numbers[4],
        dur_ms=numbers[2],
        state=state.decode(),
        rows=numbers[5],
        late=numbers[3],
        root=bytes.fromhex(root.decode()),
    )


class _Reader:
    """Takes the keys of one object; a key of the wrong type, missing or left over refuses the entry."""

    def __init__(self, fields: Mapping[str, Json]) -> None:
        self._fields = dict(fields)

    def _take(self, key: str) -> Json:
        if key not in self._fields:
            raise _bad_field(key, "missing", "缺少")
        return self._fields.pop(key)

    def text(self, key: str, allowed: tuple[str, ...] = ()) -> str:
        value = self._take(key)
        if not isinstance(value, str) or (allowed and value not in allowed):
            raise _bad_field(key, f"holds {str(value)[:40]!r}", f"取值 {str(value)[:40]!r} 不允许")
        return value

    def integer(self, key: str, *, low: int = -MAX_INTEGER) -> int:
        value = self._take(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise _bad_field(key, f"holds {str(value)[:40]!r}", f"取值 {str(value)[:40]!r} 不允许")
        return value

    def boolean(self, key: str) -> bool:
        value = self._take(key)
        if not isinstance(value, bool):
            raise _bad_field(key, "is no boolean", "不是布尔值")
        return value

    def digest(self, key: str) -> bytes:
        value = self.text(key)
        if HEX64.fullmatch(value) is None:
            raise _bad_field(key, "is no SHA-256 in lowercase hex", "不是小写十六进制 SHA-256")
        return bytes.fromhex(value)

    def inner(self, key: str) -> _Reader:
        value = self._take(key)
        if not isinstance(value, Mapping):
            raise _bad_field(key, "is no object", "不是对象")
        return _Reader(value)

    def has(self, key: str) -> bool:
        return key in self._fields

    def finish(self) -> None:
        """Refuse keys that the kind does not have."""
        for key in sorted(self._fields):
            raise _bad_field(key, "does not belong to this kind", "不属于该类型")


def _bad_field(key: str, en: str, zh: str) -> Refusal:
    return Refusal("field", f"entry key {key!r} {en}", f"条目键 {key!r} {zh}")


def _genesis(reader: _Reader) -> Genesis:
    prev = None
    if reader.has("prev"):
        inner = reader.inner("prev")
        prev = PreviousHead(
            parse_origin(inner.text("origin")), inner.digest("root"), inner.integer("size", low=1)
        )
        inner.finish()
    return Genesis(
        reader.integer("t_ms"),
        parse_origin(reader.text("origin")),
        reader.text("vkey"),
        reader.text("agent"),
        prev,
    )


def _config(reader: _Reader) -> Config:
    return Config(reader.integer("t_ms"), reader.digest("sha256"), reader.integer("bytes", low=1))


def _boot(reader: _Reader) -> Boot:
    boot_id = reader.text("boot_id")
    if HEX32.fullmatch(boot_id) is None:
        raise _bad_field("boot_id", "is not 32 hex digits", "不是 32 位十六进制")
    software = reader.inner("software")
    boot = Boot(
        reader.integer("t_ms"),
        boot_id,
        reader.boolean("clean"),
        software.text("name"),
        software.digest("sha256"),
        software.text("version"),
        reader.integer("torn_bytes", low=0),
    )
    software.finish()
    return boot


def _block(reader: _Reader) -> Block:
    """Return the block of an object that `BLOCK_PATTERN` did not match: it refuses with the reason."""
    block = Block(
        t_ms=reader.integer("t_ms"),
        slot=reader.integer("slot", low=0),
        boot=reader.integer("boot", low=0),
        config=reader.integer("config", low=0),
        clock=reader.text("clock", CLOCKS),
        mono_ms=reader.integer("mono_ms", low=0),
        dur_ms=reader.integer("dur_ms", low=0),
        state=reader.text("state"),
        rows=reader.integer("rows", low=0),
        late=reader.integer("late", low=0),
        root=reader.digest("root"),
    )
    if block.state.strip("DG"):
        raise _bad_field("state", "has letters other than D and G", "含 D、G 以外的字母")
    return block


def _off(reader: _Reader) -> Off:
    return Off(
        reader.integer("t_ms"),
        reader.integer("slot", low=0),
        reader.integer("slots", low=1),
        reader.text("reason", REASONS),
    )


def _export(reader: _Reader) -> Export:
    return Export(reader.integer("t_ms"), reader.digest("sha256"), reader.integer("size", low=1))


_PARSERS: Final[Mapping[str, Callable[[_Reader], Entry]]] = {
    "genesis": _genesis,
    "config": _config,
    "boot": _boot,
    "block": _block,
    "off": _off,
    "export": _export,
}
