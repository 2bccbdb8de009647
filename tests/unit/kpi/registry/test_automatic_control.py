"""Automatic-control in-service rate (kpi.md B.7, kpi-audit U7) by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kpi.registry.automatic_control import (
    LoopRecord,
    LoopTime,
    Mode,
    ModeChange,
    OutputSample,
    UnitChange,
    UnitState,
    automatic_control,
    loop_time,
)
from kpi.registry.content import Loop
from model.ratio import Undefined

MIN = 60_000
HOUR = 60 * MIN
RUN, STOP, OPEN = UnitState.RUNNING, UnitState.STOPPED, UnitState.UNKNOWN


def record(
    modes: list[tuple[int, Mode]],
    units: list[tuple[int, UnitState]] | None = None,
    outputs: list[tuple[int, object]] | None = None,
    **loop: Any,
) -> LoopRecord:
    """Instants in minutes; by default the unit runs from 0 on and the output is 50 % at every minute of two hours."""
    samples = [(m, 50) for m in range(121)] if outputs is None else outputs
    return LoopRecord(
        loop=Loop(**{"id": "fic-1", "normally_automatic": True, **loop}),
        modes=tuple(ModeChange(t * MIN, m) for t, m in modes),
        units=tuple(UnitChange(t * MIN, s) for t, s in ([(0, RUN)] if units is None else units)),
        outputs=tuple(OutputSample(t * MIN, Fraction(str(v))) for t, v in samples),
    )


def times(found: LoopRecord, minutes: int = 120) -> LoopTime:
    return loop_time(found, 0, minutes * MIN)


def test_time_weighted_over_loops_and_not_by_number_of_loops() -> None:
    # loop 1: 90 of 120 min automatic; loop 2: its unit ran 20 min, all manual
    one = record([(0, Mode.AUTO), (90, Mode.MANUAL)])
    two = record([(0, Mode.MANUAL)], [(0, RUN), (20, STOP)], id="fic-2")
    found = automatic_control([one, two], 0, 120 * MIN)
    assert found.value == Fraction(90, 140)
    assert found.static == 1


@pytest.mark.parametrize(
    ("mode", "counts"),
    [
        (Mode.AUTO, 1),
        (Mode.CASCADE, 1),
        (Mode.REMOTE, 1),
        (Mode.ADVANCED, 1),
        (Mode.MANUAL, 0),
        (Mode.OFF, 0),
        (Mode.UNKNOWN, 0),
    ],
)
def test_automatic_or_higher_counts(mode: Mode, counts: int) -> None:
    assert automatic_control([record([(0, mode)])], 0, 120 * MIN).value == counts


def test_stopped_unit_is_out_of_both() -> None:
    found = times(record([(0, Mode.AUTO)], [(0, STOP), (60, RUN)]))
    assert (found.in_service, found.running) == (60 * MIN, 60 * MIN)


def test_unknown_mode_while_the_unit_runs_counts_in_the_denominator_only() -> None:
    found = times(record([(30, Mode.AUTO), (60, Mode.UNKNOWN), (90, Mode.AUTO)]))
    assert (found.in_service, found.running, found.unknown_mode) == (60 * MIN, 120 * MIN, 60 * MIN)


def test_unknown_unit_counts_against_and_the_reading_without_it_is_printed() -> None:
    one = record([(0, Mode.AUTO)], [(0, RUN), (90, OPEN)])
    found = automatic_control([one], 0, 120 * MIN)
    assert found.value == Fraction(90, 120)
    assert found.known_units == 1
    assert found.loops[0].unknown_unit == 30 * MIN


def test_at_limit_only_after_more_than_300_seconds_and_then_whole() -> None:
    def stays(minutes: int) -> LoopTime:
        samples = [(m, 100 if 10 <= m < 10 + minutes else 50) for m in range(121)]
        return times(record([(0, Mode.AUTO)], outputs=samples))

    assert stays(5).at_limit == 0  # 300 s exactly
    assert stays(6).at_limit == 6 * MIN
    assert stays(6).in_service == 114 * MIN


@pytest.mark.parametrize(
    ("value", "limit"),
    [("99.5", 1), ("99.49", 0), ("0.5", 1), ("0.51", 0), ("-1", 1), ("101", 1)],
)
def test_within_half_a_percent_of_span_is_at_the_limit(value: str, limit: int) -> None:
    found = times(record([(0, Mode.AUTO)], outputs=[(m, value) for m in range(121)]))
    assert found.at_limit == limit * 120 * MIN


def test_limit_is_of_the_span_of_the_loop() -> None:
    # span 4…20: 0.5 % is 0.08, so 19.92 is at the limit and 19.91 is not
    for value, limit in (("19.92", 120 * MIN), ("19.91", 0)):
        found = times(
            record(
                [(0, Mode.AUTO)],
                outputs=[(m, value) for m in range(121)],
                span=(Fraction(4), Fraction(20)),
            )
        )
        assert found.at_limit == limit


def test_stay_at_the_limit_is_measured_across_the_start_of_the_window() -> None:
    samples = [(m, 100 if m < 8 else 50) for m in range(121)]
    found = loop_time(record([(0, Mode.AUTO)], outputs=samples), 4 * MIN, 120 * MIN)
    assert found.at_limit == 4 * MIN  # 8 min long, 4 of them inside


def test_output_not_collected_for_a_while_is_not_known_and_not_in_service() -> None:
    # samples at 0 and at 60 min; each holds 5 min
    found = times(record([(0, Mode.AUTO)], outputs=[(0, 50), (60, 50)]))
    assert found.in_service == 10 * MIN
    assert found.unknown_output == 110 * MIN
    assert found.automatic == 120 * MIN


def test_loop_without_output_has_its_reading_by_mode_and_a_note() -> None:
    found = automatic_control([record([(0, Mode.AUTO)], outputs=[])], 0, 120 * MIN)
    assert found.value == 0
    assert found.by_mode == 1
    assert [f.name for f in found.findings] == ["control.no-output"]


def test_flapping_is_more_than_6_changes_in_any_hour() -> None:
    def changes(n: int, step: int) -> LoopRecord:
        modes = [(0, Mode.AUTO)]
        modes += [(10 + i * step, Mode.MANUAL if i % 2 == 0 else Mode.AUTO) for i in range(n)]
        return record(modes)

    assert times(changes(6, 5)).most_changes == 6
    assert times(changes(7, 5)).most_changes == 7
    assert times(changes(7, 10)).most_changes == 6  # the 7th comes exactly one hour after the first
    flapping = automatic_control([changes(7, 5)], 0, 120 * MIN)
    (finding,) = [f for f in flapping.findings if f.name == "control.flapping"]
    assert finding.numbers == {"changes": 7}
    assert not [
        f for f in automatic_control([changes(6, 5)], 0, 120 * MIN).findings if "flapping" in f.name
    ]


def test_same_mode_again_is_no_change() -> None:
    assert times(record([(m, Mode.AUTO) for m in range(0, 60, 2)])).most_changes == 0


def test_static_variant_counts_loops_and_is_contradicted_by_its_time() -> None:
    loops = [
        record([(0, Mode.MANUAL)], id="a"),
        record([(0, Mode.AUTO)], id="b"),
        record([(0, Mode.MANUAL)], id="c", normally_automatic=False),
    ]
    found = automatic_control(loops, 0, 120 * MIN)
    assert found.static == Fraction(2, 3)
    assert found.value == Fraction(1, 3)
    assert [(f.name, f.subjects) for f in found.findings] == [
        ("control.static-contradicted", ("a",))
    ]


def test_nothing_known_is_zero_of_all_the_time_and_no_unit_running_is_undefined() -> None:
    silent = LoopRecord(loop=Loop(id="x"), modes=(), units=())
    assert automatic_control([silent], 0, HOUR).value == 0
    stopped = automatic_control([record([(0, Mode.AUTO)], [(0, STOP)])], 0, HOUR)
    assert isinstance(stopped.value, Undefined)
    assert isinstance(automatic_control([], 0, HOUR).static, Undefined)


def test_windows_add() -> None:
    samples = [(m, 100 if 20 <= m < 50 else 50) for m in range(121)]
    whole = record(
        [(0, Mode.AUTO), (25, Mode.MANUAL), (40, Mode.CASCADE)],
        [(5, RUN), (70, STOP), (80, RUN)],
        samples,
    )
    parts = [loop_time(whole, a * MIN, b * MIN) for a, b in ((0, 33), (33, 71), (71, 120))]
    total = loop_time(whole, 0, 120 * MIN)
    for field in ("running", "in_service", "automatic", "at_limit", "unknown_unit"):
        assert sum(getattr(p, field) for p in parts) == getattr(total, field), field
