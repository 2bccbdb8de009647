"""Where the statistics of an asset go on, as compressed JSON: integers of any size, no code of a process in it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from kpi.document_types import Counter
from kpi.equipment.cells import CounterId
from kpi.equipment.counter_steps import Mark
from kpi.equipment.counter_walk import Gap, Reading
from kpi.equipment.counters import Booked, CounterTail, RestartTail
from kpi.equipment.records import RecordTail
from kpi.equipment.stream import StreamTail
from kpi.equipment.values import ValueTail
from kpi.readings import compact
from model.signal import Role


def pack_tail(tail: StreamTail) -> bytes:
    """Return the bytes of a tail; equal tails give equal bytes."""
    record = tail.record
    content = {
        "start": tail.start_ms,
        "from": tail.from_ms,
        "seen": tail.seen_ms,
        "floor": tail.floor_ms,
        "values": [
            [name, role.value, _value(v)] for (name, role), v in sorted(record.values.items())
        ],
        "counters": [
            [c.role.value, c.signal, c.alternate_of, _counter(t)]
            for c, t in sorted(
                record.counters.items(), key=lambda x: (x[0].role, x[0].signal, x[0].alternate_of)
            )
        ],
        "uptimes": [
            [name, None if u.last is None else str(u.last), list(u.instants)]
            for name, u in sorted(record.uptimes.items())
        ],
    }
    return zlib.compress(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def unpack_tail(data: bytes) -> StreamTail:
    """Return the tail of its bytes."""
    content = json.loads(zlib.decompress(data))
    return StreamTail(
        content["start"],
        content["from"],
        content["seen"],
        content["floor"],
        RecordTail(
            {(name, Role(role)): _value_tail(v) for name, role, v in content["values"]},
            {
                CounterId(Role(role), name, other): _counter_tail(t)
                for role, name, other, t in content["counters"]
            },
            {
                name: RestartTail(None if last is None else Fraction(last), tuple(found))
                for name, last, found in content["uptimes"]
            },
        ),
    )


def _value(v: ValueTail) -> list[Any]:
    return [v.tau, v.hold_ms, v.code, v.starts.tolist(), v.codes.tolist(), list(v.texts)]


def _value_tail(v: list[Any]) -> ValueTail:
    tau, hold_ms, code, starts, codes, texts = v
    return ValueTail(
        tau,
        hold_ms,
        code,
        np.array(starts, dtype=np.int64),
        np.array(codes, dtype=np.int32),
        tuple(texts),
    )


def _counter(t: CounterTail) -> dict[str, Any]:
    b = t.booked
    return {
        "begin": b.begin.tolist(),
        "end": b.end.tolist(),
        "count": [int(n) for n in b.count],
        "marks": [[tau, mark.value] for tau, mark in b.marks],
        "gaps": [[g.start_ms, g.end_ms, _rules(g.rules)] for g in b.gaps],
        "first": _reading(b.first),
        "last": _reading(b.last),
        "last_config": b.last_config,
        "proof": list(b.proof),
        "doubtful": b.doubtful,
        "alive": b.alive,
        "candidate": _reading(t.candidate),
        "run": t.run,
        "answers": [list(a) for a in t.answers],
    }


def _counter_tail(t: Mapping[str, Any]) -> CounterTail:
    booked = Booked(
        begin=np.array(t["begin"], dtype=np.int64),
        end=np.array(t["end"], dtype=np.int64),
        count=compact(t["count"]),
        marks=tuple((tau, Mark(mark)) for tau, mark in t["marks"]),
        gaps=tuple(Gap(a, b, Counter(*rules)) for a, b, rules in t["gaps"]),
        first=_reading_of(t["first"]),
        last=_reading_of(t["last"]),
        last_config=t["last_config"],
        proof=(t["proof"][0], t["proof"][1]),
        doubtful=t["doubtful"],
        alive=t["alive"],
    )
    answers = tuple((hour, bits) for hour, bits in t["answers"])
    return CounterTail(booked, _reading_of(t["candidate"]), t["run"], answers)


def _rules(c: Counter) -> list[int]:
    return [c.first, c.modulus, c.pieces, c.per_ms, c.max_correction]


def _reading(r: Reading | None) -> list[Any]:
    return [] if r is None else [str(r.value), r.tau, r.config]


def _reading_of(r: list[Any]) -> Reading | None:
    return Reading(Fraction(r[0]), r[1], r[2]) if r else None
