"""What the texts say and a hasty reading gets wrong: one test for each of 26 known misreadings (E1 to E26)."""

from __future__ import annotations

import itertools
from datetime import date
from fractions import Fraction

import pytest

from config.schemes.files import builtin_library
from kpi.metrics import METRICS
from kpi.schemes.clauses import Operator, Part
from kpi.schemes.enterprise_size import size_of
from kpi.schemes.facts import Facts
from kpi.schemes.figures import Figure
from kpi.schemes.forms import FieldKind
from kpi.schemes.judging import judge
from kpi.schemes.logic import Verdict
from kpi.schemes.rule_answers import answer_rule
from kpi.schemes.rules import RuleKind, Sanction, SizeTable
from kpi.schemes.scheme import MachineEvidence, Rule
from kpi.schemes.verdicts import Answer
from tests.support.schemes import branch, builtin, cell, clause, rows_with_number, rule
from tests.support.shared import shared_seeds


def ours(name: str) -> set[Part]:
    return {p.what for p in clause(name).proposed}


def test_e1_three_nc_ratios_are_three_metrics() -> None:
    nc = {
        r.id
        for s in builtin_library().schemes.values()
        for r in s.rows
        if r.target and r.target.metric == "nc-ratio"
    }
    assert nc == {"CQ18-WS-2", "CQ18-SF-4"}, "only CQ18 asks for NC / production equipment"
    assert clause("SX18-MODE-DISC-3a").beside == ("manufacturing-nc-rate",)
    target = clause("CQ-RETRO-E-nc").target
    assert target is not None
    assert target.metric == "manufacturing-nc-change"
    assert cell("MIIT21-FACTORY-FORM.effect-1").metric == "key-equipment-nc-rate"
    assert (
        len({METRICS[m].zh for m in ("nc-ratio", "manufacturing-nc-rate", "key-equipment-nc-rate")})
        == 3
    )


def test_e2_below_excludes_the_number_where_it_stands_with_and_above() -> None:
    terms = rule("MIIT21-SIZE").terms
    assert isinstance(terms, SizeTable)
    assert size_of(terms, Fraction(1000), Fraction(40000)) == "large"
    found = answer_rule(
        rule("CQ-RETRO-COMPETENCE"), {"planned-investment": Figure(Fraction(3000))}, Facts(), None
    )
    assert found.text is not None
    assert found.text.zh.startswith("投资 3000 万元及以上")
    assert "AMB-32" in rule("CQ-RETRO-COMPETENCE").ambiguities


def test_e3_operators_of_open_lists_are_ours() -> None:
    networked = clause("CQ18-WS-3a")
    assert networked.target is None, "the text names no quantity, so no number decides"
    assert Part.OPERATOR in ours("CQ18-WS-3a")
    assert Part.OPERATOR in ours("CQ18-WS-4")
    assert Part.OPERATOR in ours("CQ18-MODE-DISC-4")
    for name in ("CQ18-WS-4", "CQ18-MODE-DISC-4"):
        listed = clause(name).checklist
        assert listed is not None
        assert listed.open, "等 leaves the list open"
    entry = builtin_library().ambiguities["AMB-22"]
    assert {r.id for r in entry.readings} == {"every", "each-class", "most"}
    assert entry.chosen is None


def test_e4_at_least_one_mode_and_all_elements_of_it() -> None:
    modes = branch("CQ18-SF-3")
    assert modes.rule is Rule.ONE_OF
    assert [g.rule for g in modes.items] == [Rule.ALL] * 5  # type: ignore[union-attr]
    assert {p.what for p in modes.proposed} == {Part.GROUPING}
    assert "AMB-23" in modes.ambiguities


def test_e5_operating_cost_of_the_rule_has_no_unit_of_time() -> None:
    for name in ("CQ18-WS-6a", "CQ18-SF-10a"):
        target = clause(name).target
        assert target is not None
        assert (target.threshold, target.unit) == (Fraction(15, 100), "%")
        reading = clause(name).reading
        assert reading is not None
        assert "无时间单位" in reading.zh
    assert cell("CQ18-WS-FORM.cost-before").unit == "万元/天"
    units = {
        f.unit
        for form in builtin_library().forms.values()
        if form.id == "CQ18-SF-FORM"
        for f in form.fields()
    }
    assert "万元/天" not in units


def test_e6_a_bare_number_is_read_as_at_least_and_that_is_ours() -> None:
    for name in ("CQ18-WS-6a", "CD-SF-A1"):
        target = clause(name).target
        assert target is not None
        assert target.operator is Operator.AT_LEAST
        assert Part.OPERATOR in ours(name)
    assert builtin_library().ambiguities["AMB-33"].default == "at-least"


def test_e7_a_better_rate_is_relative_or_in_points() -> None:
    entry = builtin_library().ambiguities["AMB-24"]
    assert [r.id for r in entry.readings] == ["relative", "points"]
    for name in ("CD-SF-D5", "CD-SF-D6", "CD-WS-D4", "CD-WS-D5"):
        assert "AMB-24" in clause(name).ambiguities, name
    points = {a.points_of for a in clause("CD-SF-D6").alternatives}
    assert "oee" in points
    for n in (4, 9, 10, 12, 14):
        proposed = cell(f"MIIT21-FACTORY-FORM.effect-{n}").proposed
        assert any("AMB-24" in p.reason.zh for p in proposed), n


def test_e8_annex_of_chengdu_names_no_base() -> None:
    for scheme, article in (("CD-SF", "第五条（六）"), ("CD-WS", "第六条（六）")):
        for row in branch(f"{scheme}-D").rows():
            assert row.base is not None
            assert row.base.zh.startswith("附件未说明")
            assert article in row.base.zh
            assert "AMB-25" in row.ambiguities
    base = clause("CQ18-WS-6b").base
    assert base is not None
    assert base.zh == "与数字化车间建设前相比较"


def test_e9_fraud_costs_reward_and_plaque_too_and_termination_has_no_sanction() -> None:
    terms = rule("CQ18-R7").terms
    assert isinstance(terms, Sanction)
    bans = {cause: (b.years, b.clawback) for b in terms.bans for cause in b.causes}
    assert bans == {
        "re-review-failed": (2, True),
        "own-request": (2, True),
        "terminated": (0, False),
        "fraud": (3, True),
    }


def test_e10_first_fifty_of_one_ranking_a_year() -> None:
    found = rule("CQ18-R10")
    assert [(a.value, a.unit) for a in found.amounts] == [(Fraction(50), "名/年")]
    assert found.note is not None
    assert "one ranking of newly recognised workshops and factories together" in found.note.en


def test_e11_formulas_of_the_workshop_form_are_ours() -> None:
    for name in ("productivity-change", "defect-change", "cost-change", "energy-change"):
        found = cell(f"CQ18-WS-FORM.{name}")
        assert found.formula is not None
        assert Part.FORMULA in {p.what for p in found.proposed}, name
    assert any("百分点" in p.reason.zh for p in cell("CQ18-WS-FORM.defect-change").proposed)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("smart-equipment", "台套（产线）"),
        ("robots-and-machine-tools", ""),
        ("local-robots-and-machine-tools", ""),
        ("smart-networked", ""),
        ("equipment-data-rate", ""),
    ],
)
def test_e12_units_of_the_workshop_form_as_printed(name: str, unit: str) -> None:
    assert cell(f"CQ18-WS-FORM.{name}").unit == unit


def test_e12_cutting_the_periods_at_the_two_dates_is_our_rule() -> None:
    for name in ("start-date", "end-date"):
        assert Part.DATE in {p.what for p in cell(f"CQ18-WS-FORM.{name}").proposed}


OFFICIAL = {
    1: "车间/工厂数字化设计", 2: "车间/工厂数字化交付", 3: "产品数字化设计与仿真", 4: "原料性质表征与配方研发",
    5: "离散型工艺数字化设计", 6: "流程型工艺数字化设计", 13: "工艺流程/参数动态调优", 27: "安全风险实时监测与识别",
    28: "安全事件智能决策与应急联动", 29: "危化品智能管控", 34: "污染源管理与环境监测", 35: "排放预警与管控",
    36: "固废处置与再利用", 38: "市场快速分析预测", 39: "销售计划动态优化", 44: "采购策略优化",
    46: "物流实时监测与优化", 47: "供应链风险预警与弹性管控", 52: "基于数字孪生的制造",
}  # fmt: skip


def test_e13_scenes_have_their_official_names() -> None:
    scenes = {s.number: s for link in builtin("MIIT21-SCENE").links for s in link.scenes}
    assert list(scenes) == list(range(1, 53))
    assert {n: scenes[n].name.zh for n in OFFICIAL} == OFFICIAL
    assert len(builtin("MIIT21-SCENE").links) == 15


def test_e14_wrong_annex_numbers_of_the_notice_are_told() -> None:
    notes = " ".join(n.en for n in builtin_library().documents["MIIT21-DOC"].notes)
    assert "001:424 says annex 1 instead of 2" in notes
    assert "001:736 says annex 1 instead of 3, its annex 2 is right" in notes


def test_e15_industry_cells_stand_at_541_to_545() -> None:
    assert cell("MIIT21-FACTORY-FORM.industry-division").seed == "001:541-543"
    assert cell("MIIT21-FACTORY-FORM.industry-group").seed == "001:544-545"
    assert rule("MIIT21-INDUSTRY-CODE").seed == "001:1163, 001:1172"


def test_e16_paraphrases_are_marked_and_the_rest_is_verbatim() -> None:
    seeds = shared_seeds()
    library = builtin_library()
    marked = {r.id for rules in library.rules.values() for r in rules if not r.verbatim}
    assert marked == {"CD-R3", "CQ18-R14", "CQ18-R2", "CQ18-R4", "CQ18-R7", "MIIT21-RANKED"}
    assert clause("CQ18-SF-7").zh.startswith("管理数字化：以企业资源计划系统（ERP）为核心")
    assert rule("CQ18-R1").zh == "每年认定两次"
    for name in (
        "CQ18-SF-1",
        "CQ18-SF-2",
        "CQ18-SF-7",
        "MIIT21-E1",
        "MIIT21-E2",
        "MIIT21-E4",
        "MIIT21-E5",
    ):
        assert seeds.stands(clause(name).zh, clause(name).seed), name


def test_e17_paper_copies_only_from_firms_on_the_list_and_late_is_not_recommended() -> None:
    paper = rule("CQ21-DEADLINE-PAPER")
    assert paper.zh.startswith("进入推荐名单的企业")
    assert paper.note is not None
    assert paper.note.zh == "只限进入推荐名单的企业"
    assert [p.zh for p in rule("CQ21-DEADLINE-ONLINE").parts] == ["逾期上报项目不予推荐"]


def test_e18_run_data_do_not_show_an_inspection_round() -> None:
    scenes = {s.number: s for link in builtin("MIIT21-SCENE").links for s in link.scenes}
    shown = {n for n, s in scenes.items() if s.evidence is not MachineEvidence.NONE}
    assert shown == {15, 19, 23, 24, 31, 32}
    why = scenes[22].why
    assert why is not None
    assert "AMB-26" in why.en


def test_e19_credit_grade_of_shanxi_is_a_blank_cell_and_modes_have_a_sixth_box() -> None:
    assert cell("SX18-FORM.credit-grade").kind is FieldKind.TEXT
    assert [c.id for c in cell("SX18-FORM.mode").choices][-1] == "other"
    assert len(cell("SX18-FORM.mode").choices) == 6
    assert [c.name.zh for c in cell("SX18-FORM.ownership").choices] == ["国有", "民营", "三资"]


def test_e20_five_aspects_of_shanxi_are_expected_targets() -> None:
    targets = cell("SX18-FORM.chapter-4-2")
    assert targets.label.endswith("实施预期目标")
    assert targets.note is not None
    assert "AMB-28" in targets.note.zh
    assert "003:99" in targets.note.zh
    assert "与实施前的效果比较" in cell("SX18-FORM.chapter-2-2").prompt


def test_e21_how_many_elements_of_part_a_are_needed_is_not_said() -> None:
    for scheme in ("CD-SF", "CD-WS"):
        part_a, part_b = branch(f"{scheme}-A"), branch(f"{scheme}-B")
        assert part_a.rule is Rule.ALL
        assert {p.what for p in part_a.proposed} == {Part.GROUPING}
        assert "AMB-29" in part_a.ambiguities
        assert part_b.rule is Rule.WEIGHED


def names_of(group: str) -> list[str]:
    """Return the elements of a part A by the names in their clause numbers, without the three numbers."""
    found = [item.clause.split(" ")[-1] for item in branch(group).items[3:]]
    assert [getattr(i, "target", None) is not None for i in branch(group).items[:3]] == [True] * 3
    return found


def test_e22_factory_has_twelve_elements_and_workshop_eleven() -> None:
    assert names_of("CD-SF-A") == [
        *("总体设计", "产品设计", "工艺设计", "智能装备", "计划调度", "生产作业", "质量追溯", "智能管理", "智能物流"),
        *("数据中心", "网络通信", "信息安全"),
    ]  # fmt: skip
    assert names_of("CD-WS-A") == [
        *("总体设计", "工艺设计", "制造设备", "生产资源", "集中控制", "计划调度", "生产作业", "车间物流"),
        *("质量追溯", "车间信息交互", "信息安全"),
    ]  # fmt: skip
    by_type = {g.id for s in ("CD-SF", "CD-WS") for g in branch(f"{s}-A").groups()} - {
        "CD-SF-A",
        "CD-WS-A",
    }
    assert by_type == {"CD-SF-A6", "CD-SF-A9", "CD-WS-A5", "CD-WS-A6", "CD-WS-A11", "CD-WS-A12"}


def test_e23_reward_stands_at_lines_77_and_78() -> None:
    assert [p.seed for p in rule("CD-R10").parts] == ["004:77", "004:78"]


def test_e24_effects_of_chengdu_stand_at_the_lines_of_their_sentences() -> None:
    assert [r.seed for r in branch("CD-SF-D").rows()] == [
        f"004:{n}" for n in (294, 299, 304, 309, 314, 319, 324)
    ]


def test_e25_the_applicant_chooses_the_five_that_are_assessed() -> None:
    for scheme, of, must in (("CD-SF", 7, 3), ("CD-WS", 6, 2)):
        group = branch(f"{scheme}-D")
        assert (group.k, len(group.items), len(group.mandatory), group.declared) == (
            5,
            of,
            must,
            True,
        )
    reached = {r.target.metric: Figure(Fraction(1)) for r in branch("CD-WS-D").rows() if r.target}
    reached |= {f"sales-growth-change-{x}": Figure(Fraction(1)) for x in ("relative", "sales")}
    reached["defect-change"] = Figure(Fraction(0))
    chosen = ("CD-WS-D1", "CD-WS-D2", "CD-WS-D3", "CD-WS-D4", "CD-WS-D5")
    by_choice = judge(builtin("CD-WS"), reached, Facts(chosen={"CD-WS-D": chosen}))
    free = judge(builtin("CD-WS"), reached)
    answers = [
        next(g.answer for g in v.root.groups() if g.group.id == "CD-WS-D")
        for v in (by_choice, free)
    ]
    assert answers == [Answer.FAIL, Answer.PASS]


def test_e26_two_spellings_of_the_defect_rate_are_told() -> None:
    for name in ("CD-SF-D4", "CD-WS-D3"):
        reading = clause(name).reading
        assert reading is not None
        assert "产品不良率" in reading.zh
        assert "产品不良品率" in reading.zh


def test_thresholds_of_every_scheme_are_those_of_the_texts() -> None:
    """Read once more from the texts by hand: metric, operator, threshold, seed of every row with a number."""
    found = {
        (r.id, r.target.operator.value, r.target.threshold * (100 if r.target.unit == "%" else 1))
        for r in rows_with_number()
        if r.target is not None
    }
    expected = {
        ("CQ18-WS-2", 50), ("CQ18-WS-3b", 90), ("CQ18-WS-6a", 15), ("CQ18-WS-6b", 10), ("CQ18-WS-6c", 10),
        ("CQ18-WS-6d", 8), ("CQ18-SF-4", 65), ("CQ18-SF-5", 2), ("CQ18-SF-6a", 80), ("CQ18-SF-10a", 15),
        ("CQ18-SF-10b", 10), ("CQ18-SF-10c", 10), ("CQ18-SF-10d", 10), ("CQ18-SF-10e", 8),
        ("CQ18-MODE-PROC-2c", 90), ("CQ18-MODE-PROC-3b", 90), ("CQ-RETRO-1-2", 100), ("CQ-RETRO-2-2", 50),
        ("CQ-RETRO-3-2a", 100), ("CQ-RETRO-3-2b", 20), ("CQ-RETRO-4-2", 100), ("MIIT21-E3a", 2),
        ("CD-SF-A1", 85), ("CD-SF-A2", 70), ("CD-SF-A3", 80), ("CD-WS-A1", 85), ("CD-WS-A2", 70), ("CD-WS-A3", 80),
        *((f"CD-SF-D{n}", 15 if n == 3 else 10) for n in range(1, 8)),
        *((f"CD-WS-D{n}", 10) for n in range(1, 7)),
    }  # fmt: skip
    others = {
        (f"CQ-RETRO-E-{x}", ">", Fraction(0))
        for x in ("productivity", "energy", "defect", "cost", "rd-cycle", "nc")
    }
    assert found == {(n, ">=", Fraction(t)) for n, t in expected} | others | {
        ("MIIT21-E6a", "==", Fraction(0))
    }


def test_every_combination_of_chengdu_effects_needs_the_mandatory_ones() -> None:
    for scheme, ways in (("CD-SF", 6), ("CD-WS", 4)):
        group = branch(f"{scheme}-D")
        names = [i.id for i in group.items]
        allowed = [c for c in itertools.combinations(names, 5) if group.mandatory <= set(c)]
        assert len(allowed) == ways


def test_direct_recognition_of_chengdu_is_for_factories_only() -> None:
    kinds = {s: {r.kind for r in builtin(s).rules} for s in ("CD-SF", "CD-WS")}
    assert RuleKind.DIRECT in kinds["CD-SF"]
    assert RuleKind.DIRECT not in kinds["CD-WS"]
    facts = Facts(choices={"titles": ("lighthouse",)})
    low = {"unit-cost-change": Figure(Fraction(0))}
    assert judge(builtin("CD-SF"), low, facts, on=date(2026, 1, 1)).verdict is Verdict.UNDETERMINED
    assert judge(builtin("CD-WS"), low, facts, on=date(2026, 1, 1)).verdict is Verdict.FAIL
