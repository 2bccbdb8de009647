"""The columnar engine of the agent and the plain engine of the verifier agree on every claim to the last integer.

PLANTPROOF_PLANTS in the environment: so many random plants instead of the usual number.
"""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi.claims import (
    BeforeAfterClaim,
    ClaimRequest,
    EnergyPerPieceClaim,
    NcRatioClaim,
    NetworkedClaim,
    OeeClaim,
    UploadRateClaim,
    UtilisationClaim,
)
from kpi.window import Span
from model.flags import RowFlag
from model.status import BAD, UNCERTAIN
from tests.support.kpi_plant import (
    DAY,
    MIN,
    SLOT0,
    T0,
    PlantLog,
    asset,
    calendar,
    counter,
    document,
    shift,
    signal,
)
from tests.support.two_engines import assert_same, examples

DEVICES = ("a1", "a2", "a3", "m1", "x1")
RATES = ((0, 1), (1, MIN), (3, MIN), (60, MIN), (7, 100_000), (0, 5))


def random_document(rng: random.Random, stops: list[dict[str, object]]) -> dict[str, object]:
    def rule() -> dict[str, object]:
        return counter(rng.choice((0, 0, 1)), rng.choice(RATES), rng.choice((0, 100, 65536, 2**32)))

    def some_signal(name: str, role: str, kinds: tuple[str, ...]) -> dict[str, object]:
        more: dict[str, object] = {
            "required": rng.random() < 0.7,
            "slot_ms": rng.choice((MIN, MIN, 30_000, 5 * MIN)),
            "deadline_ms": rng.choice((0, 30_000, MIN)),
            "hold_ms": rng.choice((60_000, 150_000, 400_000)),
        }
        if role.startswith("count_") or role == "energy":
            more["counter"] = rule()
            more["scale"] = rng.choice(([1, 1], [1, 1], [10, 1], [1, 3], [1000, 7]))
        return signal(name, role, rng.choice(kinds), **more)

    number = ("int", "uint", "float")
    signals = {
        "a1": [
            some_signal("state", "state", ("int", "uint")),
            some_signal("good", "count_good", number),
            some_signal("scrap", "count_scrap", number),
        ],
        "a2": [
            some_signal("state", "state", ("text",)),
            some_signal("total", "count_total", number),
            some_signal("scrap", "count_scrap", number),
        ],
        "a3": [some_signal("state", "state", ("int", "bool"))],
        "m1": [some_signal("energy", "energy", number), some_signal("power", "power", ("float",))],
    }
    if rng.random() < 0.3:
        signals["a1"].insert(1, some_signal("state2", "state", ("int",)))
    if rng.random() < 0.3:
        signals["a1"].append(some_signal("good2", "count_good", number))
    if rng.random() < 0.3:
        signals["a2"].append(some_signal("good", "count_good", number))
    if rng.random() < 0.7:
        signals["a3"].append(some_signal("good", "count_good", number))
    if rng.random() < 0.4:
        signals["a1"].append(some_signal("program", "program", ("text", "text", "int")))
    if (
        rng.random() < 0.4
    ):  # a name that another configuration may give another role, and so another stream
        role = rng.choice(("process_value", "count_total", "power", "temperature"))
        signals["a1"].append(some_signal("moving", role, ("int",)))
    if rng.random() < 0.2:
        del signals["a2"][-1]
    if rng.random() < 0.1:
        del signals["a3"]
    names = [d for d in DEVICES if d in ("a1", "m1") or rng.random() < 0.9]
    assets = [
        asset(
            d,
            nc=rng.random() < 0.8,
            networked=rng.random() < 0.8,
            production=d != "m1" and rng.random() < 0.9,
            counts_as=rng.choice((1, 1, 3)),
            ideal_cycle_ms=rng.choice(([60_000, 1], [20_000, 7], [60_000, 1], [0, 1]))
            if rng.random() < 0.2
            else [60_000, 1],
            minor_stop_ms=rng.choice((0, MIN, 300_000)),
            in_service=rng.choice(
                ([0, 0], [0, 0], [0, 0], [T0 + 17 * MIN + 5, 0], [0, T0 + 70 * MIN + 1])
            ),
            state_table=rng.choice(("t/1", "t/1", "t/1", "")),
        )
        for d in names
    ]
    signals = {d: s for d, s in signals.items() if d in names}
    start = rng.choice((480, 480, 500, 470))
    cal = calendar(
        shifts=rng.choice(
            (
                [shift(0, 1440)],
                [shift(480, 1200), shift(1200, 1920)],
                [shift(490, 520), shift(515, 540)],
                [shift(480, 1200, (1, 2, 3))],
            )
        ),
        breaks=rng.choice(([], [[500, 510]], [[495, 505], [500, 530]])),
        holidays=rng.choice(([], [], ["2026-03-01"], ["2026-02-28"])),
        stops=stops,
        day_start_min=start,
    )
    states = rng.choice(
        (
            None,
            {"1": "run", "2": "fault", "3": "wait", "0": "idle"},
            {"0": "run", "1": "fault", "2": "wait"},
        )
    )
    return document(assets, signals, cal, states)  # type: ignore[arg-type]


def random_log(seed: int) -> tuple[PlantLog, Span]:
    rng = random.Random(seed)
    length = rng.choice((20, 60, 120))
    first, last = SLOT0 + 2, SLOT0 + 2 + length
    lead, grace = rng.choice((0, 1, 30)), rng.choice((0, 2, 5))
    begin = SLOT0 - rng.choice((0, 20, 40))
    end = last + grace
    stops = [
        {
            "asset": rng.choice(("*", "a1", "a2")),
            "from_ms": T0 + rng.randrange(-10, length) * MIN + rng.choice((0, 0, 17)),
            "kind": rng.choice(("pm", "brk", "off")),
            "to_ms": 0,
        }
        for _ in range(rng.choice((0, 0, 1, 2)))
    ]
    for stop in stops:
        stop["to_ms"] = stop["from_ms"] + rng.choice((MIN, 7 * MIN, 30 * MIN + 3))  # type: ignore[operator]
    log = PlantLog()
    docs = [random_document(rng, stops if rng.random() < 0.7 else [])]
    log.config(docs[0])
    changes = sorted(rng.sample(range(begin, end), rng.choice((0, 1, 1, 2))))
    slot = begin
    while slot < end:
        if changes and slot >= changes[0]:
            changes.pop(0)
            docs.append(random_document(rng, stops if rng.random() < 0.8 else []))
            log.config(docs[-1])
            if rng.random() < 0.2:
                log.config(random_document(rng, stops))
        if rng.random() < 0.02:
            slots = min(rng.choice((1, 3, 10)), end - slot)
            log.off(slot, slots)
            slot += slots
            continue
        log.block(slot)
        slot += 1
    _random_rows(rng, log, docs, begin, end)
    return log, Span(first, last, min(lead, first), grace)


def _random_rows(
    rng: random.Random, log: PlantLog, docs: list[dict[str, object]], begin: int, end: int
) -> None:
    points = {
        (str(s["id"]).rpartition(".")[0], x["name"], x["role"], x["type"])
        for d in docs
        for s in d["streams"]  # type: ignore[attr-defined]
        for x in s["signals"]
    }
    for device, name, role, kind in sorted(points):
        level = rng.choice((0, 90, 2**32 - 20, 65_500))
        at = begin * MIN
        while at < end * MIN:
            at += rng.choice((1000, 20_000, 30_000, 60_000, 61_000, 200_000, 900_000))
            at -= rng.choice((0, 0, 0, 0, 1, 25_000))
            point = f"{device}/{name}"
            value: int | float | str
            if role == "state":
                value = rng.choice((1, 1, 1, 2, 3, 0, 4)) if kind != "bool" else rng.randrange(2)
            else:
                level += rng.choice((0, 0, 1, 1, 1, 2, 3, 40))
                jump = rng.random()
                if jump < 0.03:
                    level = rng.choice((0, 1, 3, 10**6, 5))
                elif jump < 0.05:
                    level = max(0, level - rng.choice((1, 50)))
                value = level
                if rng.random() < 0.02:
                    value = rng.choice((10**7, 0, 2**40))
            if kind == "float":
                value = float(value) + rng.choice((0.0, 0.5, 0.25, 1 / 3)) * (role != "state")
            if kind == "text":
                value = rng.choice(("1", "2", "3", "run", ""))
            what = rng.random()
            if what < 0.55:
                log.row(point, at, value, delay=rng.choice((0, 0, 500, 70_000, 200_000)))
            elif what < 0.75:
                log.alive(point, at)
            elif what < 0.8:
                log.missed(
                    point, at // MIN * MIN, rng.randrange(1, 9), slot=at // MIN + rng.choice((1, 2))
                )
            elif what < 0.85:
                log.bad(point, at, rng.choice((None, value)))
            elif what < 0.9:
                for other in (value, value, 1 if kind != "text" else "1", value):
                    log.row(point, at, other, status=rng.choice((0, 0, BAD, UNCERTAIN)))
            elif what < 0.93:
                log.row(point, at, value, flags=RowFlag.IMPORTED)
            elif what < 0.96:
                log.row(point, at, value, source=False)
            else:
                log.row(point, at, value, delay=400_000, flags=RowFlag.BACK_FILLED)


ASSETS = ("a1", "a2", "a3", "m1", "x1")


def present(log: PlantLog, span: Span, names: tuple[str, ...]) -> tuple[str, ...]:
    parts = log.history().segments(span.start_ms, span.end_ms)
    return tuple(n for n in names if any(n in p.document.asset for p in parts))


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32 - 1))
def test_two_engines_random_small_plant_agree_on_every_claim(seed: int) -> None:
    log, span = random_log(seed)
    assets = present(log, span, ("a1", "a2", "a3"))
    claims: list[ClaimRequest] = [
        OeeClaim(span, assets),
        OeeClaim(span, ("a1",)),
        OeeClaim(span, present(log, span, ("a1", "a2"))),
        UtilisationClaim(span, present(log, span, DEVICES)),
        NcRatioClaim(span),
        UploadRateClaim(span),
        NetworkedClaim(span, Fraction(1, 2), 0),
        NetworkedClaim(span),
        EnergyPerPieceClaim(span, ("m1",), ("a1",)),
    ]
    assert_same(log, claims)


def comparison_log(seed: int, days: int, gain: int) -> tuple[PlantLog, Span, Span]:
    """Two periods of `days` production days: a few rows a day, long holds, one block per slot that has rows."""
    rng = random.Random(seed)
    doc = document(
        [
            asset("a1", ideal_cycle_ms=[50_000_000, 13]),
            asset("m1", production=False, state_table=""),
        ],
        {
            "a1": [
                signal("state", "state", hold_ms=20 * 3_600_000),
                signal("good", "count_good", counter=counter()),
                signal("scrap", "count_scrap", counter=counter()),
            ],
            "m1": [signal("energy", "energy", counter=counter())],
        },
        calendar(shifts=[shift(480, 1200, rng.choice(((1, 2, 3, 4, 5), range(1, 8), (6,))))]),
    )
    log = PlantLog()
    log.config(doc)
    good = scrap = wh = 0
    for day in range(2 * days):
        base = T0 + day * DAY
        if rng.random() < 0.03:
            continue
        for k in range(3):
            at = base + k * 4 * 3_600_000 + rng.randrange(0, 3_600_000)
            good += rng.randrange(1, 6) + (gain if day >= days else 0)
            scrap += rng.randrange(0, 2)
            wh += rng.randrange(100, 200)
            log.row("a1/state", at, rng.choice((1, 1, 1, 2)))
            log.row("a1/good", at + 1, good)
            log.row("a1/scrap", at + 1, scrap)
            log.row("m1/energy", at + 2, wh)
    for slot in sorted(log.pending):
        log.block(slot)
    edge = SLOT0 + days * 1440
    return log, Span(SLOT0, edge, 60, 5), Span(edge, edge + days * 1440, 60, 5)


@pytest.mark.parametrize("days", [3, 21, 64])
@pytest.mark.parametrize("seed", range(3))
def test_two_engines_comparison_of_two_periods_agree(seed: int, days: int) -> None:
    log, before, after = comparison_log(seed, days, gain=seed)
    claims: list[ClaimRequest] = []
    for metric, sense in (("oee-iso22400/1", "increase"), ("energy-per-piece/1", "reduction")):
        for threshold in (Fraction(1, 10), Fraction(0)):
            meters = ("m1",) if metric.startswith("energy") else ()
            claims.append(
                BeforeAfterClaim(after, before, metric, sense, threshold, ("a1",), meters)  # type: ignore[arg-type]
            )
    assert_same(log, claims)
