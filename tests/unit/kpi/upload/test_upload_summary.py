"""U7 and E9 by hand: what stands beside the upload rate, held slots, points of pieces and lots."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from kpi.document import Calendar, Shift
from kpi.slots import OUTCOMES, Outcome, PointSlots, Run
from kpi.upload.finer import FinePoint, fine_point, fine_rate
from kpi.upload.held import Held, ItemLife, ItemProof, Look, keep_alive_ms
from kpi.upload.parts import PartPoint, PartUnit
from kpi.upload.shifts import ShiftTime, by_shift, shift_times
from kpi.upload.summary import AssetPoints, shift_rates, summary
from model.ratio import Undefined
from tests.support.kpi_plant import HOUR, MIN, T0

ON, HELD, LATE, BAD = Outcome.ON_TIME, Outcome.HELD_ALIVE, Outcome.LATE, Outcome.BAD_QUALITY
NETWORK, DEVICE, AGENT = Outcome.MISSED_NETWORK, Outcome.MISSED_DEVICE, Outcome.MISSED_AGENT


def point(name: str, outcomes: list[Outcome], slot_ms: int = MIN, start: int = T0) -> PointSlots:
    n = len(outcomes)
    return PointSlots(
        name,
        start + slot_ms * np.arange(n, dtype=np.int64),
        np.full(n, slot_ms, dtype=np.int64),
        np.array([OUTCOMES.index(o) for o in outcomes], dtype=np.int8),
    )


def test_u7_vector_official_11_20_pooled_20_110() -> None:
    x = AssetPoints("x", (point("p", [ON] * 10 + [DEVICE] * 90),))
    y = AssetPoints("y", (point("p", [ON] * 10, 15 * MIN),))
    found = summary([x, y])
    assert found.official == Fraction(11, 20)
    assert found.pooled == Fraction(20, 110)
    assert found.worst == ("x",)
    assert found.reaching == Fraction(1, 2)  # y has 100 %, x 10 %
    assert found.longest_gap is not None
    assert found.longest_gap.run == Run(T0 + 10 * MIN, 90 * MIN)


def test_e9_windows_are_not_averaged() -> None:
    # X 10/10 then 0/90, Y 50/50 then 50/50: windows 1 and 1/2, their mean 3/4; the whole window 11/20
    first = [AssetPoints("x", (point("p", [ON] * 10),)), AssetPoints("y", (point("p", [ON] * 50),))]
    second = [
        AssetPoints("x", (point("p", [DEVICE] * 90),)),
        AssetPoints("y", (point("p", [ON] * 50),)),
    ]
    whole = [
        AssetPoints("x", (point("p", [ON] * 10 + [DEVICE] * 90),)),
        AssetPoints("y", (point("p", [ON] * 100),)),
    ]
    assert summary(first).official == 1
    assert summary(second).official == Fraction(1, 2)
    assert summary(whole).official == Fraction(11, 20)


def test_eventual_adds_late_and_the_verdict_rate_does_not() -> None:
    one = AssetPoints("a", (point("p", [ON, HELD, LATE, BAD, NETWORK]),))
    found = summary([one])
    assert found.official == Fraction(2, 5)
    assert found.eventual == Fraction(3, 5)
    assert found.pooled_eventual == Fraction(3, 5)
    assert {o: n for o, n in found.causes.items() if n} == {
        ON: 1,
        HELD: 1,
        LATE: 1,
        BAD: 1,
        NETWORK: 1,
    }


def test_easy_points_do_not_buy_coverage_for_another_asset() -> None:
    many = AssetPoints("easy", tuple(point(f"p{i}", [ON] * 10) for i in range(9)))
    found = summary([many, AssetPoints("dead", (point("p", [DEVICE] * 10),))])
    assert found.official == Fraction(1, 2)
    assert found.pooled == Fraction(90, 100)


def test_never_connected_counts_0_and_planned_off_is_listed_and_left_out() -> None:
    found = summary(
        [
            AssetPoints("on", (point("p", [ON] * 4),)),
            AssetPoints("never"),
            AssetPoints("off", (point("p", []),)),
        ]
    )
    assert found.official == Fraction(1, 2)
    assert found.left_out == ("off",)
    assert [(r.asset, r.low) for r in found.assets] == [("never", 0), ("off", None), ("on", 1)]


def test_nothing_expected_anywhere_is_undefined() -> None:
    assert isinstance(summary([AssetPoints("off", (point("p", []),))]).official, Undefined)
    assert isinstance(summary([]).official, Undefined)


def part(expected: int | None, on_time: int, late: int = 0) -> PartPoint:
    return PartPoint(
        asset="a",
        signal="torque",
        unit=PartUnit.PIECE,
        expected=expected,
        on_time=on_time,
        late=late,
    )


def test_point_of_pieces_is_a_point_like_any_other() -> None:
    found = summary([AssetPoints("a", (point("state", [ON] * 10),), (part(8, 6, 1),))])
    assert found.official == (Fraction(1) + Fraction(6, 8)) / 2
    assert found.eventual == (Fraction(1) + Fraction(7, 8)) / 2
    assert found.pooled == Fraction(16, 18)


def test_point_of_pieces_with_unknown_count_is_undetermined_not_dropped() -> None:
    found = summary(
        [
            AssetPoints("a", (point("state", [ON] * 10),), (part(None, 5),)),
            AssetPoints("b", (point("state", [ON] * 10),)),
        ]
    )
    assert isinstance(found.official, Undefined)
    assert found.undetermined == ("a/torque",)
    # a: (1 + 0)/2 … (1 + 1)/2, b: 1
    assert (found.low, found.high) == (Fraction(3, 4), 1)


def test_more_values_than_pieces_contradict_the_count() -> None:
    wrong = part(8, 8, 1)
    assert wrong.contradicted
    assert wrong.undetermined
    assert wrong.rate() is None
    assert not part(8, 7, 1).undetermined


def test_no_piece_made_expects_no_value() -> None:
    found = summary([AssetPoints("a", (point("state", [ON, DEVICE]),), (part(0, 0),))])
    assert found.official == Fraction(1, 2)


DAY_AND_NIGHT = Calendar(
    breaks=(),
    day_start_min=480,
    holidays=frozenset(),
    shifts=(
        Shift("早班", 480, 1200, frozenset({7})),  # Sunday 08:00–20:00 local = T0 … T0 + 12 h
        Shift("夜班", 1200, 1320, frozenset({7})),  # 20:00–22:00
    ),
    stops=(),
    offsets=((0, 480),),
    zone="Asia/Shanghai",
)


def test_rates_by_shift_and_the_time_outside_all_shifts() -> None:
    times = shift_times(DAY_AND_NIGHT, T0, T0 + 24 * HOUR)
    assert times == (
        ShiftTime("早班", T0, T0 + 12 * HOUR),
        ShiftTime("夜班", T0 + 12 * HOUR, T0 + 14 * HOUR),
    )
    # 24 hourly slots: 12 good by day, 1 of 2 at night, 10 missed afterwards
    slots = point("state", [ON] * 12 + [ON, NETWORK] + [AGENT] * 10, HOUR)
    rates = shift_rates([AssetPoints("a", (slots,)), AssetPoints("never")], times)
    assert [(r.name, r.official, r.expected) for r in rates] == [
        ("早班", Fraction(1, 2), 12),
        ("夜班", Fraction(1, 4), 2),
        ("", 0, 10),
    ]


def test_every_slot_lies_in_exactly_one_shift() -> None:
    slots = point("state", [ON] * 60, 30 * MIN, T0 - 3 * HOUR)
    cut = by_shift(slots, shift_times(DAY_AND_NIGHT, T0 - DAY_MS, T0 + DAY_MS))
    assert sum(p.expected for p in cut.values()) == 60
    assert [p.expected for p in cut.values()] == [60 - 24 - 4, 24, 4]


DAY_MS = 24 * HOUR


def test_a_tenth_of_a_slot_shows_what_one_value_covers() -> None:
    # slots of 10 min: one value, three values in two tenths, held, late
    slots = point("p", [ON, ON, HELD, LATE], 10 * MIN)
    values = [
        0,
        10 * MIN,
        10 * MIN + 59_999,
        11 * MIN,
        30 * MIN,
    ]  # the last one is in the late slot
    found = fine_point("a", slots, T0 + np.array(values, dtype=np.int64))
    assert (found.covered, found.expected) == (1 + 2 + 10, 40)


def test_a_value_a_day_is_a_tenth_at_a_tenth() -> None:
    slots = point("p", [ON] * 14, DAY_MS)
    found = fine_point("a", slots, T0 + DAY_MS * np.arange(14, dtype=np.int64))
    rate = fine_rate([found, FinePoint("b", "p", 40, 40)], ["never"])
    assert rate.official == (Fraction(1, 10) + 1 + 0) / 3
    assert rate.pooled == Fraction(14 + 40, 140 + 40)
    assert rate.reaching == 1


def life(
    *looks: tuple[int, ItemProof], keep: range | None = None, within: int = 31_000
) -> ItemLife:
    """Slots of 60 s from 0; times in seconds; keep-alives every 30 s unless told."""
    alive = range(0, 3600, 30) if keep is None else keep
    return ItemLife(
        slot_ms=MIN,
        looks=tuple(Look(t * 1000, p) for t, p in looks),
        subscription_ms=tuple(t * 1000 for t in alive),
        within_ms=within,
    )


def states(item: ItemLife, last: int) -> str:
    letters = {Held.HELD: "h", Held.NOT: "-", Held.VOID: "v", Held.PROVISIONAL: "p"}
    return "".join(letters[item.held(k)] for k in range(last))


DATA, EQUAL, FAILED = ItemProof.DATA, ItemProof.EQUAL, ItemProof.FAILED


def test_keep_alive_time_by_hand() -> None:
    assert keep_alive_ms(10, 1000) == 13_000  # (10 + 1) · 1 s + 2 s


def test_held_between_two_proofs_of_the_item() -> None:
    # data at 0, re-read equal at 10 min: slots 0…9 held; then only the subscription lives: provisional
    assert states(life((0, DATA), (600, EQUAL)), 12) == "h" * 10 + "pp"


def test_held_12_slots_between_proofs_and_not_13() -> None:
    assert states(life((0, DATA), (12 * 60, EQUAL)), 12) == "h" * 12
    assert states(life((0, DATA), (12 * 60 + 1, EQUAL)), 12) == "-" * 12


def test_failed_re_read_voids_back_to_the_previous_proof() -> None:
    found = states(life((0, DATA), (300, EQUAL), (600, FAILED), (900, DATA), (1200, EQUAL)), 20)
    assert found == "h" * 5 + "v" * 5 + "-" * 5 + "h" * 5


def test_held_needs_the_subscription_in_every_millisecond() -> None:
    # keep-alives at 0 and from 120 s on, each good for 31 s: [31 s, 120 s) is not proven
    item = life((0, DATA), (300, EQUAL), keep=range(120, 400, 30))
    assert states(item, 5) == "--hhh"
    # one ms too little: proofs 30 s apart, each good for 30 s less one ms
    item = life((0, DATA), (300, EQUAL), within=29_999)
    assert states(item, 5) == "-----"
    assert states(life((0, DATA), (300, EQUAL), within=30_000), 5) == "hhhhh"


def test_re_read_proves_the_item_and_not_the_subscription() -> None:
    item = life((0, DATA), (60, EQUAL), (120, EQUAL), (180, DATA), keep=range(0), within=61_000)
    assert states(item, 3) == "h--"


def test_held_needs_a_proof_before_the_slot() -> None:
    assert states(life((30, DATA), (600, EQUAL)), 10) == "-" + "h" * 9


@pytest.mark.parametrize(("looks", "expected"), [((), "---"), (((0, FAILED),), "---")])
def test_nothing_is_held_without_a_proof(
    looks: tuple[tuple[int, ItemProof], ...], expected: str
) -> None:
    assert states(life(*looks), 3) == expected
