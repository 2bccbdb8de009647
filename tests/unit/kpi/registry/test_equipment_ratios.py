"""Ratios over the registry by hand: criteria-audit E1, E3, O7; kpi.md B.3, B.5, A.7 #5, #6."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from kpi.claims import NcRatioClaim, NetworkedClaim
from kpi.evaluate import evaluate
from kpi.findings import Severity
from kpi.ratios import asset_slots
from kpi.registry.content import Control, Process, Registry, RegistryAsset
from kpi.registry.definitions import DEFINITIONS
from kpi.registry.equipment_ratios import (
    digital_equipment_rate,
    key_equipment_nc_rate,
    key_process_nc_rate,
    key_process_nc_rate_by_process,
    manufacturing_nc_rate,
    nc_ratio,
    smart_share,
)
from kpi.registry.networked_ratios import (
    Challenge,
    key_equipment_networked,
    networked,
    networked_by_kind,
    observed,
    production_networked_of_smart,
    smart_networked_share,
)
from kpi.registry.period import (
    PeriodRegistry,
    RegistryVersion,
    over_period,
    period_of,
    registry_findings,
)
from kpi.registry.ratio_readings import EquipmentRatio
from kpi.registry.ratio_text import printed
from kpi.window import Span
from kpi.workspace import Workspace
from model.ratio import Undefined
from tests.support.kpi_plant import DAY, MIN, SLOT0, T0, PlantLog, asset, document, signal

# One workshop, written by hand: lathe 1 set, line 4, press 1, gauge 1, agv 2, meter 1.
# production: lathe line press gauge; manufacturing: lathe line press; NC: lathe gauge; key: lathe line;
# smart: lathe line gauge agv; networked (declared): all but the press; op10: lathe line; op20: line; op30: press.
LATHE = RegistryAsset(
    id="lathe",
    asset_class="cnc",
    production=True,
    manufacturing=True,
    nc=True,
    digital=True,
    smart=True,
    networked=True,
    key=True,
    key_reason="无备用",
    processes=("op10",),
)
LINE = replace(
    LATHE, id="line", asset_class="plc", counts_as=4, nc=False, processes=("op10", "op20")
)
PRESS = replace(
    LATHE,
    id="press",
    asset_class="press",
    nc=False,
    digital=False,
    smart=False,
    networked=False,
    key=False,
    processes=("op30",),
)
GAUGE = replace(
    LATHE, id="gauge", asset_class="inspection", manufacturing=False, key=False, processes=()
)
AGV = replace(
    LATHE,
    id="agv",
    asset_class="logistics",
    counts_as=2,
    production=False,
    manufacturing=False,
    nc=False,
    key=False,
    processes=(),
)
METER = replace(AGV, id="meter", asset_class="meter", counts_as=1, smart=False)
WORKSHOP = (LATHE, LINE, PRESS, GAUGE, AGV, METER)
PROCESSES = (
    Process(id="op10", key=True, key_reason="定尺寸", control=Control.NC),
    Process(id="op20", key=True, key_reason="定形位", control=Control.PROCESS_CONTROL),
    Process(id="op30", key=False, control=Control.NONE),
    Process(id="op40", key=True, key_reason="热处理", control=Control.NONE),
)
SEEN = frozenset({"lathe", "line", "gauge"})


def period(*versions: tuple[RegistryAsset, ...], processes: object = PROCESSES) -> PeriodRegistry:
    """The versions of a 14-day period, one a week; one version holds throughout."""
    found = versions or (WORKSHOP,)
    return over_period(
        [
            RegistryVersion(T0 + 7 * DAY * i, Registry(assets=v, processes=processes))  # type: ignore[arg-type]
            for i, v in enumerate(found)
        ],
        T0,
        T0 + 14 * DAY,
    )


def both(found: EquipmentRatio) -> tuple[object, object]:
    return found.reading("sets").value, found.reading("lines").value


def test_e1_five_ratios_of_one_form_have_five_denominators() -> None:
    whole = period()
    # 000:33: NC production (lathe 1, gauge 1) / production (1 + 4 + 1 + 1)
    assert both(nc_ratio(whole)) == (Fraction(2, 7), Fraction(2, 4))
    # 000:310: smart (1 + 4 + 1 + 2) / all equipment without instruments (1 + 4 + 1 + 1 + 2)
    assert both(smart_share(whole)) == (Fraction(8, 9), Fraction(4, 5))
    assert smart_share(whole).reading("sets-with-instruments").value == Fraction(8, 10)
    # 000:317: observed smart (1 + 4 + 1) / smart 8; declared: all four smart ones
    share = smart_networked_share(whole, SEEN)
    assert share.value == Fraction(6, 8)
    assert share.reading("declared").value == 1
    # 000:486: observed production (1 + 4 + 1) / smart 8
    of_smart = production_networked_of_smart(whole, SEEN)
    assert of_smart.value == Fraction(6, 8)
    assert [c.id for c in of_smart.readings[0].denominator] == ["agv", "gauge", "lathe", "line"]
    # 003:127: NC manufacturing (lathe 1) / manufacturing (1 + 4 + 1); 001:666: NC key 1 / key 5
    assert both(manufacturing_nc_rate(whole)) == (Fraction(1, 6), Fraction(1, 3))
    assert both(key_equipment_nc_rate(whole)) == (Fraction(1, 5), Fraction(1, 2))
    # GB/T 37393: digital (1 + 4 + 1) / production 7
    assert both(digital_equipment_rate(whole)) == (Fraction(6, 7), Fraction(3, 4))


def test_o7_numerator_outside_its_denominator_may_exceed_one_and_says_so() -> None:
    dumb = replace(PRESS, id="saw", networked=True)
    found = production_networked_of_smart(
        period((LATHE, PRESS, dumb)), frozenset({"lathe", "press", "saw"})
    )
    assert found.value == 3  # three production assets seen, one smart
    assert found.readings[0].outside == ("press", "saw")
    (finding,) = [f for f in found.findings if f.name == "ratio.numerator-outside-denominator"]
    assert finding.subjects == ("press", "saw")
    assert "100 %" in finding.text.en
    assert "按原样打印" in finding.text.zh


def test_key_process_nc_rate_by_equipment_and_by_process() -> None:
    found = key_process_nc_rate(period())
    # equipment in op10, op20, op40: lathe 1 (NC), line 4 (not)
    assert both(found) == (Fraction(1, 5), Fraction(1, 2))
    assert [f.name for f in found.findings] == ["registry.key-process.without-equipment"]
    assert found.findings[0].subjects == ("op40",)
    by_process = key_process_nc_rate_by_process(period())
    # op10 under NC, op20 under process control, op40 under neither
    assert by_process.value == Fraction(2, 3)
    assert [c.id for c in by_process.readings[0].numerator] == ["op10", "op20"]


def test_key_process_said_to_be_nc_without_any_nc_equipment_is_a_finding() -> None:
    found = key_process_nc_rate_by_process(period((LINE, PRESS)))
    (finding,) = found.findings
    assert finding.name == "registry.process.nc-without-nc-equipment"
    assert finding.subjects == ("op10",)


def test_key_process_rates_without_a_list_are_undefined_not_zero() -> None:
    nothing = period(processes=())
    for found in (key_process_nc_rate(nothing), key_process_nc_rate_by_process(nothing)):
        assert isinstance(found.value, Undefined)
        assert "关键工序" in found.value.zh


def test_ratio_without_denominator_is_undefined() -> None:
    assert isinstance(nc_ratio(period((METER,))).value, Undefined)


def test_flag_that_is_stated_of_no_asset_makes_the_ratio_undefined() -> None:
    silent = tuple(replace(a, digital=None) for a in WORKSHOP)
    found = digital_equipment_rate(period(silent))
    assert isinstance(found.value, Undefined)
    assert "digital" in found.value.en


def test_registry_that_is_silent_of_a_flag_gives_no_figure_that_needs_it() -> None:
    silent = period(tuple(replace(a, nc=None, smart=None, networked=None) for a in WORKSHOP))
    for found in (
        nc_ratio(silent),
        manufacturing_nc_rate(silent),
        key_equipment_nc_rate(silent),
        key_process_nc_rate(silent),
        smart_share(silent),
        smart_networked_share(silent, SEEN),
        production_networked_of_smart(silent, SEEN),
    ):
        assert isinstance(found.value, Undefined), found.definition.metric
    assert networked(silent, SEEN).value == Fraction(6, 7)  # observing needs no statement
    assert isinstance(networked(silent, SEEN).reading("declared").value, Undefined)


def test_production_not_stated_counts_below_the_line() -> None:
    found = nc_ratio(period((LATHE, replace(PRESS, production=None))))
    assert found.value == Fraction(1, 2)
    assert [f.name for f in found.findings] == ["registry.unstated.production"]


def test_flag_that_some_assets_leave_open_counts_below_the_line_only() -> None:
    found = digital_equipment_rate(period((LATHE, replace(LINE, digital=None))))
    assert both(found) == (Fraction(1, 5), Fraction(1, 2))
    (finding,) = found.findings
    assert (finding.name, finding.subjects) == ("registry.unstated.digital", ("line",))


def test_removed_in_the_period_stays_in_every_denominator() -> None:
    whole = period(WORKSHOP, (LATHE, GAUGE, METER))
    assert nc_ratio(whole).value == Fraction(2, 7)  # press and line are gone, and still count
    assert key_equipment_nc_rate(whole).value == Fraction(1, 5)
    assert smart_share(whole).value == Fraction(8, 9)
    removed = [f for f in registry_findings(whole) if f.name == "registry.assets.removed"]
    assert [f.subjects for f in removed] == [("agv",), ("line",), ("press",)]
    assert removed[1].numbers == {
        "production-equipment": -4,
        "all-equipment": -4,
        "manufacturing-equipment": -4,
        "smart-equipment": -4,
    }
    assert all(f.severity is Severity.WARN and "分母保留" in f.text.zh for f in removed)


def test_relabelled_in_the_period_cannot_raise_a_ratio() -> None:
    # the line (not NC, 4 sets) stops being key, production and manufacturing; the press loses its process
    later = (
        LATHE,
        replace(LINE, key=False, production=False, manufacturing=False, processes=()),
        PRESS,
        GAUGE,
    )
    whole = period((LATHE, LINE, PRESS, GAUGE), later)
    assert key_equipment_nc_rate(whole).value == Fraction(1, 5)
    assert manufacturing_nc_rate(whole).value == Fraction(1, 6)
    assert both(key_process_nc_rate(whole)) == (Fraction(1, 5), Fraction(1, 2))
    # nc-ratio follows the claim (last version of each asset) and prints the strict reading beside it
    found = nc_ratio(whole)
    assert found.value == Fraction(2, 3)
    assert found.reading("kept").value == Fraction(2, 7)
    (finding,) = found.findings
    assert (finding.name, finding.subjects) == ("registry.production.relabelled", ("line",))
    assert finding.numbers == {"kept": Fraction(2, 7)}


def test_nc_only_in_part_of_the_period_does_not_count() -> None:
    whole = period((replace(LATHE, nc=False), PRESS), (LATHE, PRESS))
    assert nc_ratio(whole).value == 0
    assert key_equipment_nc_rate(whole).value == 0


def test_sets_changed_in_the_period_count_against_the_ratio() -> None:
    # the dumb line shrinks from 4 sets to 1 and the lathe grows from 1 to 3: neither may help
    whole = period((LATHE, LINE), (replace(LATHE, counts_as=3), replace(LINE, counts_as=1)))
    # key: lathe counts its fewest (1) above and below, line its most (4) below
    assert key_equipment_nc_rate(whole).value == Fraction(1, 5)


def test_key_equipment_and_processes_need_reasons() -> None:
    found = registry_findings(
        period(
            (replace(LATHE, key_reason=""), LINE),
            processes=(Process(id="op10", key=True), PROCESSES[1]),
        )
    )
    names = {f.name: f.subjects for f in found}
    assert names == {
        "registry.key-equipment.no-reason": ("lathe",),
        "registry.key-processes.no-reason": ("op10",),
    }


def test_retired_before_it_was_registered_still_stands_below_the_line() -> None:
    # the press is added in week 2 as having been retired in week 1: the claim counts it, so the strict reading must
    whole = period((LATHE,), (LATHE, replace(PRESS, in_service=(0, T0 + 3 * DAY))))
    assert nc_ratio(whole).value == Fraction(1, 2)
    assert manufacturing_nc_rate(whole).value == Fraction(1, 2)


def test_retired_backwards_in_time_stays_in_the_strict_reading() -> None:
    # in week 2 the press is said to have been retired before the period began
    whole = period((LATHE, PRESS), (LATHE, replace(PRESS, in_service=(0, T0 - DAY))))
    found = nc_ratio(whole)
    assert found.value == 1
    assert found.reading("kept").value == Fraction(1, 2)
    assert found.findings[0].subjects == ("press",)


def test_one_identity_on_two_lines_is_a_finding() -> None:
    twins = (replace(LATHE, identity="SN-77"), replace(LATHE, id="lathe-2", identity="SN-77"))
    (finding,) = registry_findings(period(twins, processes=()))
    assert finding.name == "registry.shared-identity"
    assert finding.subjects == ("lathe", "lathe-2")


def test_networked_triple_declared_observed_verified() -> None:
    def challenge(name: str, **more: object) -> Challenge:
        given: dict[str, object] = {
            "asset": name,
            "at_ms": T0 + DAY,
            "action": "停机",
            "delay_ms": 900,
            "limit_ms": 5000,
            "witness": "王专家",
        }
        return Challenge(**{**given, **more})  # type: ignore[arg-type]

    found = networked(
        period(),
        SEEN,
        [
            challenge("lathe"),
            challenge("line"),
            challenge("line", action="启动", delay_ms=5001),  # one failure is enough
            challenge("gauge", witness=""),  # nobody signed
            challenge("press"),  # passed, but not observed over the period
            challenge("gauge", at_ms=T0 + 14 * DAY),  # outside the period
        ],
    )
    # production: lathe 1, line 4, press 1, gauge 1
    assert found.value == Fraction(6, 7)
    assert found.reading("declared").value == Fraction(6, 7)
    assert found.reading("verified").value == Fraction(1, 7)
    assert found.reading("observed-lines").value == Fraction(3, 4)
    assert [f.subjects for f in found.findings] == [("line",), ("gauge",)]
    assert {f.name for f in found.findings} == {"networked.challenge-failed"}


def test_networked_without_challenge_or_measurement_is_undefined_there() -> None:
    found = networked(period(), SEEN)
    assert isinstance(found.reading("verified").value, Undefined)
    blind = key_equipment_networked(period(), None)
    assert isinstance(blind.value, Undefined)
    assert blind.reading("declared").value == 1  # lathe and line
    assert "没有实测" in blind.value.zh


def test_key_equipment_declared_and_not_seen_is_named() -> None:
    found = key_equipment_networked(period(), frozenset({"lathe"}))
    assert found.value == Fraction(1, 5)
    (finding,) = found.findings
    assert (finding.name, finding.subjects) == ("networked.declared-not-observed", ("line",))


def test_e3_networked_by_kind_gives_both_readings_and_silence() -> None:
    kinds = {k.kind: k for k in networked_by_kind(period((LATHE, LINE, AGV)), frozenset({"lathe"}))}
    assert (kinds["processing"].every, kinds["processing"].any) == (False, True)
    assert (kinds["logistics"].every, kinds["logistics"].any) == (False, False)
    assert (kinds["inspection"].every, kinds["inspection"].any) == (None, None)


def test_observed_needs_95_percent_of_all_slots_and_14_days_in_service() -> None:
    log = PlantLog()
    log.config(
        document(
            [asset("good"), asset("poor"), asset("young", in_service=[T0 + 1, 0])],
            {
                n: [signal("state", "state", required=True, slot_ms=DAY)]
                for n in ("good", "poor", "young")
            },
        )
    )
    for k in range(20):
        log.row("good/state", T0 + k * DAY, 1)
        log.row("young/state", T0 + k * DAY, 1)
        if k != 0:  # 19/20 = 95 % exactly; one more missing is 18/20
            log.row("poor/state", T0 + k * DAY, 1)
    log.blocks(SLOT0, SLOT0 + 20 * DAY // MIN)
    work = Workspace(log.rows(), Span(SLOT0, SLOT0 + 20 * DAY // MIN, 0, 0))
    whole = period_of(work.parts)
    assert observed(whole, asset_slots(work)) == {"good", "poor", "young"}
    assert observed(whole, asset_slots(work), least=Fraction(96, 100)) == {"good", "young"}
    # young is one ms short of 20 days in service
    assert observed(whole, asset_slots(work), least_days=20) == {"good", "poor"}


def test_default_readings_equal_the_claims_over_a_changing_log() -> None:
    log = PlantLog()
    first = [
        asset("a", counts_as=3),
        asset("b", nc=False),
        asset("c", production=False),
        asset("d", nc=False, networked=False),
    ]
    streams = {n: [signal("state", "state", required=True)] for n in ("a", "b")}
    log.config(document(first, streams))
    log.blocks(SLOT0, SLOT0 + 30)
    log.config(document([asset("a", counts_as=2, nc=False), first[2], first[3]], streams))
    log.blocks(SLOT0 + 30, SLOT0 + 60)
    for k in range(60):
        log.row("a/state", T0 + k * MIN, 1)
    work = Workspace(log.rows(), Span(SLOT0, SLOT0 + 60, 0, 0))
    whole = period_of(work.parts)
    claim = evaluate(NcRatioClaim(work.span), work)
    assert nc_ratio(whole).value == claim.value == Fraction(0)  # a stopped being NC
    request = NetworkedClaim(work.span, min_days=0)
    seen = observed(whole, asset_slots(work), least_days=0)
    found = networked(whole, seen)
    assert found.value == evaluate(request, work).value == Fraction(2, 4)  # a: 2 of 2 + 1 + 1
    detail = evaluate(request, work).detail
    assert [c.id for c in found.readings[0].numerator] == detail["observed"]
    assert [c.id for c in found.readings[0].denominator] == detail["registered"]
    assert [c.id for c in found.reading("declared").numerator] == detail["declared"]


def test_nc_machines_that_answer_corroborate_the_registry() -> None:
    found = nc_ratio(period(), frozenset({"gauge"}))
    (finding,) = found.findings
    assert finding.name == "registry.nc.corroborated"
    assert finding.numbers == {"nc": 2, "observed": 1}
    assert finding.subjects == ("lathe",)
    assert found.value == nc_ratio(period()).value  # it never changes the figure


def test_ratio_as_printed_names_every_reading_and_our_default() -> None:
    found = nc_ratio(period(), frozenset({"gauge"}))
    assert printed(found, "zh") == (
        "数控装备占生产装备总数的比例（nc-ratio）",
        "定义：数控生产装备台套数 ÷ 生产装备台套数",
        "出处：渝经信发〔2018〕22号 第四条（二）、第五条（四） [000:33, 000:49]",
        (
            "本项目确定：公式与读法由本项目确定，官方文件未给出 "
            "(formula and reading are ours, no official text gives them)"
        ),
        "按折算台套计（本项目默认读法）：28.6 %（分子 2，分母 7）",
        "一条产线计一台（套）：50.0 %（分子 2，分母 4）",
        "说明：台账列为数控的 2 台设备中，1 台实测联网可佐证；其余 1 台只有台账为证：lathe",
    )
    english = printed(key_process_nc_rate(period(processes=())), "en")
    assert english[-1] == "a line counts one: undetermined (the registry lists no key process)"
    assert "(our default reading)" in english[-2]


def test_every_definition_says_what_is_divided_and_where_it_comes_from() -> None:
    for definition in DEFINITIONS.values():
        assert "÷" in definition.formula_zh or "覆盖" in definition.formula_zh, definition.metric
        assert "/" in definition.formula_en or "coverage" in definition.formula_en
        assert "[" in definition.source, definition.metric


def test_period_refuses_nothing_and_disorder() -> None:
    version = RegistryVersion(0, Registry(assets=()))
    with pytest.raises(ValueError, match="needs a version"):
        over_period([], 0, 1)
    with pytest.raises(ValueError, match="rising"):
        over_period([version, version], 0, 1)
