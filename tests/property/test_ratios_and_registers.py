"""Ratios, upload summary, loops, registers over random plants: equal to the claims, to brute force, to their sums."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi.claims import NcRatioClaim, NetworkedClaim, UploadRateClaim
from kpi.energy.meters import RegisterRecord, TransformerRatio, columns, meter_energy
from kpi.energy.unit_energy import ReadingGrade
from kpi.evaluate import evaluate
from kpi.exact import written
from kpi.ratios import asset_slots
from kpi.registry.automatic_control import (
    AUTOMATIC,
    LoopRecord,
    Mode,
    ModeChange,
    OutputSample,
    UnitChange,
    UnitState,
    loop_time,
)
from kpi.registry.changes import difference, sizes
from kpi.registry.content import Loop, Process, Registry, RegistryAsset
from kpi.registry.equipment_ratios import (
    digital_equipment_rate,
    key_equipment_nc_rate,
    key_process_nc_rate,
    manufacturing_nc_rate,
    nc_ratio,
    smart_share,
)
from kpi.registry.lists import ListKind, frozen_lists
from kpi.registry.networked_ratios import (
    networked,
    observed,
    production_networked_of_smart,
    smart_networked_share,
)
from kpi.registry.period import RegistryVersion, over_period, period_of
from kpi.upload.held import MOST_SLOTS, Held, ItemLife, ItemProof, Look
from kpi.upload.report import upload_report
from kpi.workspace import Workspace
from model.ratio import Ratio, Undefined
from tests.property.test_two_engines import random_log

SEEDS = st.integers(0, 2**32 - 1)


def as_text(value: Ratio) -> str:
    return written(None if isinstance(value, Undefined) else value)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_random_plant_figures_equal_the_claims(seed: int) -> None:
    log, span = random_log(seed)
    work = Workspace(log.rows(), span)
    report = upload_report(work)
    claim = evaluate(UploadRateClaim(span), work)
    detail = claim.detail
    assert as_text(report.summary.official) == written(claim.value)
    assert as_text(report.summary.eventual) == detail["eventual"]
    assert as_text(report.summary.pooled) == detail["pooled"]
    points = detail["points"]
    assert sum(report.summary.causes.values()) == sum(p["expected"] for p in points)  # type: ignore[misc,union-attr,call-overload,index]
    gap = detail.get("longest_gap")
    assert (gap is None) == (report.summary.longest_gap is None)
    if gap is not None and report.summary.longest_gap is not None:
        assert gap["asset"] == report.summary.longest_gap.asset  # type: ignore[call-overload,index]
        assert gap["signal"] == report.summary.longest_gap.signal  # type: ignore[call-overload,index]
    # neither a contradiction nor a finer look can raise a rate
    if not isinstance(report.summary.pooled, Undefined):
        assert report.without_contradicted.pooled <= report.summary.pooled  # type: ignore[operator]
        assert report.finer.pooled <= report.summary.pooled  # type: ignore[operator]
    whole = period_of(work.parts)
    assert as_text(nc_ratio(whole).value) == written(evaluate(NcRatioClaim(span), work).value)
    for least in (Fraction(1, 2), Fraction(19, 20)):
        seen = observed(whole, asset_slots(work), least, 0)
        found = networked(whole, seen)
        expected = evaluate(NetworkedClaim(span, least, 0), work)
        assert as_text(found.value) == written(expected.value)
        assert [c.id for c in found.reading("declared").numerator] == expected.detail["declared"]


def random_asset(rng: random.Random, name: str) -> RegistryAsset:
    def flag() -> bool:
        return rng.random() < 0.6

    return RegistryAsset(
        id=name,
        asset_class=rng.choice(("cnc", "press", "meter", "logistics")),
        counts_as=rng.choice((1, 1, 2, 5)),
        in_service=rng.choice(((0, 0), (0, 0), (0, 8), (3, 0))),
        production=flag(),
        manufacturing=flag(),
        nc=flag(),
        digital=flag(),
        smart=flag(),
        networked=flag(),
        key=flag(),
        processes=rng.choice(((), ("p",), ("p", "q"))),
    )


@settings(max_examples=300)
@given(SEEDS)
def test_no_removal_and_no_relabelling_in_the_period_raises_a_ratio(seed: int) -> None:
    rng = random.Random(seed)
    first = tuple(random_asset(rng, f"a{i}") for i in range(rng.randrange(1, 6)))
    kept = [a for a in first if rng.random() < 0.8]
    second = tuple(random_asset(rng, a.id) if rng.random() < 0.5 else a for a in kept)
    processes = (Process(id="p", key=True), Process(id="q", key=rng.random() < 0.5))
    seen = frozenset(a.id for a in first if rng.random() < 0.7)
    one = RegistryVersion(0, Registry(assets=first, processes=processes))
    other = RegistryVersion(5, Registry(assets=second, processes=processes))
    before, both = over_period([one], 0, 10), over_period([one, other], 0, 10)
    pairs = [
        (f(before), f(both))
        for f in (
            manufacturing_nc_rate,
            key_equipment_nc_rate,
            digital_equipment_rate,
            smart_share,
            key_process_nc_rate,
        )
    ]
    pairs.append((smart_networked_share(before, seen), smart_networked_share(both, seen)))
    for was, now in pairs:
        if not isinstance(was.value, Undefined):
            # an asset that was outside and is relabelled into the list may raise it only with the favour throughout
            joined = {c.id for c in now.readings[0].denominator} - {
                c.id for c in was.readings[0].denominator
            }
            if not joined:
                assert now.value <= was.value, was.definition.metric  # type: ignore[operator]
    was = production_networked_of_smart(before, seen).readings[0]
    now = production_networked_of_smart(both, seen).readings[0]
    assert {c.id for c in was.denominator} <= {c.id for c in now.denominator}


@settings(max_examples=200)
@given(SEEDS)
def test_difference_is_the_difference_of_the_counts_both_ways(seed: int) -> None:
    rng = random.Random(seed)

    def some() -> tuple[RegistryAsset, ...]:
        return tuple(random_asset(rng, f"a{i}") for i in range(6) if rng.random() < 0.7)

    a, b = (frozen_lists(Registry(assets=some())) for _ in range(2))
    for kind in (ListKind.ASSETS, ListKind.KEY_EQUIPMENT):
        there, back = difference(a[kind], b[kind]), difference(b[kind], a[kind])
        assert there.effects == {d: -n for d, n in back.effects.items()}
        assert there.same == (a[kind].sha256 == b[kind].sha256)
        counts = [
            {d: sum(sizes(kind, i).get(d, 0) for i in x[kind].items) for d in there.effects}
            for x in (a, b)
        ]
        assert there.effects == {d: counts[1][d] - counts[0][d] for d in there.effects}


@settings(max_examples=200)
@given(SEEDS)
def test_loop_time_is_what_every_millisecond_says(seed: int) -> None:
    rng = random.Random(seed)
    length, hold = 60, rng.choice((3, 10, 100))

    def moments(most: int) -> list[int]:
        return sorted(rng.sample(range(-5, length), rng.randrange(most)))

    modes = [(t, rng.choice(list(Mode))) for t in moments(6)]
    units = [(t, rng.choice(list(UnitState))) for t in moments(4)]
    outputs = [(t, rng.choice((0, 50, 100))) for t in moments(20)]
    tick = 10_000  # ms: a stay of more than 30 ticks is longer than 300 s
    record = LoopRecord(
        loop=Loop(id="x"),
        modes=tuple(ModeChange(t * tick, m) for t, m in modes),
        units=tuple(UnitChange(t * tick, s) for t, s in units),
        outputs=tuple(OutputSample(t * tick, Fraction(v)) for t, v in outputs),
        hold_ms=hold * tick,
    )
    found = loop_time(record, 0, length * tick)

    def at(changes: list[tuple[int, object]], x: int, nothing: object) -> object:
        return next((v for t, v in reversed(changes) if t <= x), nothing)

    def output(x: int) -> int | None:
        held = [(t, v) for t, v in outputs if t <= x]
        return held[-1][1] if held and x - held[-1][0] < hold else None

    long: set[int] = set()
    stay: list[int] = []
    for x in range(-10, length + 120):  # beyond the last look and its hold, so that every stay ends
        if output(x) in (0, 100):
            stay.append(x)
            continue
        if len(stay) * tick > 300_000:
            long |= set(stay)
        stay = []
    counts = dict.fromkeys(("running", "in_service", "automatic", "at_limit", "unknown_mode"), 0)
    for x in range(length):
        unit, mode = at(units, x, UnitState.UNKNOWN), at(modes, x, Mode.UNKNOWN)  # type: ignore[arg-type]
        runs, auto = unit is UnitState.RUNNING, mode in AUTOMATIC
        counts["running"] += unit is not UnitState.STOPPED
        counts["automatic"] += runs and auto
        counts["unknown_mode"] += runs and mode is Mode.UNKNOWN
        known = output(x) is not None
        counts["at_limit"] += runs and auto and known and x in long
        counts["in_service"] += runs and auto and known and x not in long
    assert {k: getattr(found, k) for k in counts} == {k: n * tick for k, n in counts.items()}


@settings(max_examples=300)
@given(SEEDS)
def test_held_slot_is_what_every_millisecond_says(seed: int) -> None:
    rng = random.Random(seed)
    slot, within, slots = 4, rng.choice((2, 5, 20)), 30
    times = sorted(rng.sample(range(slots * slot), rng.randrange(12)))
    looks = tuple(Look(t, rng.choice(list(ItemProof))) for t in times)
    keep = tuple(sorted(rng.sample(range(slots * slot), rng.randrange(40))))
    life = ItemLife(slot, looks, keep, within)
    proofs = {*keep, *(x.at_ms for x in looks if x.proof is ItemProof.DATA)}
    for k in range(slots):
        moments = range(k * slot, (k + 1) * slot)
        alive = all(any(p <= x < p + within for p in proofs) for x in moments)
        before = [x for x in looks if x.at_ms <= k * slot]
        after = [x for x in looks if x.at_ms >= (k + 1) * slot]
        inside = [x for x in looks if k * slot < x.at_ms < (k + 1) * slot]
        chain = [*before[-1:], *inside, *after[:1]]
        if not alive or not before or before[-1].proof is ItemProof.FAILED:
            expected = Held.NOT
        elif any(x.proof is ItemProof.FAILED for x in chain):
            expected = Held.VOID
        elif any(b.at_ms - a.at_ms > MOST_SLOTS * slot for a, b in pairwise(chain)):
            expected = Held.NOT
        else:
            expected = Held.HELD if after else Held.PROVISIONAL
        assert life.held(k) is expected


@settings(max_examples=200)
@given(SEEDS)
def test_register_is_the_sum_of_its_steps_and_of_its_windows(seed: int) -> None:
    rng = random.Random(seed)
    times = sorted(rng.sample(range(0, 10_000_000, 1000), rng.randrange(2, 30)))
    ticks, level = [], 0
    for _ in times:
        level += rng.choice((0, 1, 1, 5, 1000))
        ticks.append(level)
    changes = sorted(rng.sample(range(1, 10_000_000), rng.randrange(3)))
    ratios = tuple(TransformerRatio(t, Fraction(rng.randrange(1, 50))) for t in (0, *changes))
    readings = [(t, v, ReadingGrade.MEASURED) for t, v in zip(times, ticks, strict=True)]
    at_ms, column, grade = columns(readings)
    record = RegisterRecord(
        meter="m",
        at_ms=at_ms,
        ticks=column,
        grade=grade,
        ratios=ratios,
    )
    end = 10_000_001
    whole = meter_energy(record, 0, end)
    # each step times the ratios over its time; a step inside one ratio needs no sharing
    expected = Fraction(0)
    for (a, b), (v, w) in zip(pairwise(times), pairwise(ticks), strict=True):
        edges = [a, *(r.at_ms for r in ratios[1:] if a < r.at_ms < b), b]
        expected += sum(
            Fraction((w - v) * (y - x), b - a) * record.ratio_at(x) for x, y in pairwise(edges)
        )
    assert whole.known == expected
    assert whole.low <= whole.known <= whole.high
    cuts = [0, *sorted(rng.sample(range(1, end), 3)), end]
    assert sum(meter_energy(record, a, b).known for a, b in pairwise(cuts)) == whole.known
    if len({r.ratio for r in ratios}) == 1:
        doubled = replace(record, tick=Fraction(2))
        assert meter_energy(doubled, 0, end).known == 2 * whole.known
