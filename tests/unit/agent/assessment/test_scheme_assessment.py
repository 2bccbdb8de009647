"""Figures from several sources, their grades, and how an assessed scheme is written."""

from __future__ import annotations

import io
from datetime import date
from fractions import Fraction

import pytest
from rich.cells import cell_len
from rich.console import Console

from agent.assessment.known_figures import Periods, declared_figure, merged
from agent.assessment.lines import Line, cells_of, grade_text, lines_of, value_text
from agent.assessment.outcome import required_text
from agent.assessment.printing import print_assessment
from agent.assessment.result_json import as_json
from agent.assessment.schemes import SchemeAssessment, assess_scheme
from agent.assessment.sources import FigureSource
from config.facts_file import Declared, parse_facts
from config.schemes.files import builtin_library
from kpi.bilingual import Bilingual
from kpi.grades import Grade, Letter, Origin
from kpi.schemes.clauses import Operator, Target
from kpi.schemes.figures import Figure

ON = date(2026, 11, 28)


def facts(text: str) -> Declared:
    return parse_facts(text.encode(), "facts.yaml", builtin_library())


def assessed(
    name: str, declared: str = "facts: {}", *, simulated: bool = False
) -> SchemeAssessment:
    library = builtin_library()
    source = FigureSource(
        {}, Periods(None, None), "sim/x/y/1", simulated, Bilingual("源", "source")
    )
    return assess_scheme(
        library,
        library.schemes[name],
        on=ON,
        source=source if simulated else None,
        declared=facts(declared),
    )


def text_of(assessment: SchemeAssessment, language: str = "zh", width: int = 120) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=False, highlight=False, emoji=False)
    print_assessment(assessment, language, console)
    return out.getvalue()


def line(assessment: SchemeAssessment, name: str) -> Line:
    return next(x for x in lines_of(assessment) if x.id == name)


GRADED = Grade(Letter.B, simulated=False, zh=(), en=())


def test_measured_counts_before_imported_before_declared() -> None:
    figures = {
        o: {"oee-change": Figure(Fraction(n, 10), origin=o, grade=GRADED)}
        for n, o in enumerate((Origin.MEASURED, Origin.IMPORTED, Origin.DECLARED), 1)
    }
    found, against = merged(*figures.values())
    assert found["oee-change"].origin is Origin.MEASURED
    assert [c.other.origin for c in against] == [Origin.IMPORTED, Origin.DECLARED]
    name = "设备综合效率 OEE 变化（oee-change）"
    assert against[1].text.zh == f"{name}：实测值 10.00 %，申报值 30.00 %；以前者为准"


def test_declared_figure_does_not_replace_a_measured_one_that_stands_in() -> None:
    measured = {"energy-change": Figure(Fraction(1, 10))}
    declared = {"energy-utilisation-change": declared_figure(Fraction(1, 5))}
    found, against = merged(measured, {}, declared)
    assert set(found) == {"energy-change"}
    assert [c.metric for c in against] == ["energy-utilisation-change"]


def test_declared_gain_does_not_replace_the_one_that_follows_from_the_measured_drop() -> None:
    measured = {"energy-change": Figure(Fraction(1, 10))}
    declared = {"energy-utilisation-gain": declared_figure(Fraction(1, 5))}
    found, against = merged(measured, {}, declared)
    assert set(found) == {"energy-change"}
    assert against[0].counts.value == Fraction(1, 9)
    same = {"energy-utilisation-gain": declared_figure(Fraction(1, 9))}
    assert merged(measured, {}, same)[1] == ()


def test_equal_figures_do_not_contradict() -> None:
    measured = {"oee-change": Figure(Fraction(1, 10))}
    assert merged(measured, {}, {"oee-change": declared_figure(Fraction(1, 10))})[1] == ()


def test_declared_figure_is_graded_d_and_can_pass_a_row() -> None:
    found = line(
        assessed("CQ18-WS", "figures: {operating-cost-change: {value: 15, unit: '%'}}"),
        "CQ18-WS-6a",
    )
    assert (found.word.zh, found.grade, found.figure) == ("达到", "D", "15 %")


def test_grade_of_a_row_is_at_most_the_best_that_the_row_can_reach() -> None:
    library = builtin_library()
    scheme = library.schemes["CQ18-WS"]
    best = Grade(Letter.A, simulated=True, zh=(), en=())
    row = next(r for r in scheme.rows if r.id == "CQ18-WS-6b")
    assert row.grade is Letter.C
    assert grade_text(row, Figure(Fraction(1), grade=best)) == "C 模拟/sim"


@pytest.mark.parametrize(
    ("value", "metric", "threshold", "text"),
    [
        ("0.09996", "oee-change", "0.1", "9.996 %"),  # U13 vector: 10.00 would read as reached
        ("0.1", "oee-change", "0.1", "10 %"),
        ("0.152", "oee-change", "0.1", "15.20 %"),
        ("0.99998", "upload-rate", "0.9", "99.998 %"),  # almost all is never printed as all
        ("1", "upload-rate", "0.9", "100 %"),
        ("99.999", "done-investment", "100", "99.999 万元"),
        ("2", "maturity-level", "2", "2 级"),
    ],
)
def test_figure_is_written_with_as_many_digits_as_agree_with_the_verdict(
    value: str, metric: str, threshold: str, text: str
) -> None:
    assert value_text(Fraction(value), metric, Fraction(threshold)) == text


@pytest.mark.parametrize(
    ("threshold", "unit", "text"),
    [
        ("0.5", "%", "≥ 50 %"),
        ("0.125", "%", "≥ 12.5 %"),
        ("1/3", "台", "≥ 1/3 台"),
        ("100", "万元", "≥ 100 万元"),
    ],
)
def test_threshold_is_written_exactly(threshold: str, unit: str, text: str) -> None:
    found = required_text(Target("m", Operator.AT_LEAST, Fraction(threshold), unit))
    assert found is not None
    assert found.zh == text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_simulated_data_say_so_first_and_last(language: str) -> None:
    lines = text_of(assessed("CQ18-WS", simulated=True), language).splitlines()
    assert lines[0].startswith("■ 模拟数据")
    assert "SIMULATED DATA" in lines[0]
    assert lines[-1] == lines[0]
    assert as_json(assessed("CQ18-WS", simulated=True), language)["simulated"] is True


def test_without_simulated_data_nothing_says_so() -> None:
    assert "模拟" not in text_of(assessed("CQ18-WS"))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(builtin_library().schemes))
def test_no_line_is_wider_than_the_page_and_every_row_is_there(name: str, language: str) -> None:
    assessment = assessed(name)
    assert max(cell_len(x) for x in text_of(assessment, language).splitlines()) <= 120
    wide = text_of(assessment, language, width=800)
    for row in assessment.scheme.rows:
        assert row.clause in wide, row.id


def test_table_lists_clause_wording_required_figure_word_grade_and_reason() -> None:
    found = line(
        assessed("CQ18-WS", "figures: {upload-rate: {value: 89.9, unit: '%'}}"), "CQ18-WS-3b"
    )
    assert found.clause == "第四条（三）"
    assert found.wording.zh == "「信息的上传率达到90%，实现设备实时监控」"
    assert (found.required, found.figure, found.word.zh) == ("≥ 90 %", "89.90 %", "未达到")
    assert "时隙覆盖率" in found.remarks[0].zh


def test_combination_and_open_rows_are_told() -> None:
    text = "".join(
        text_of(
            assessed(
                "CD-SF",
                "choose:\n  CD-SF-D: [CD-SF-D1, CD-SF-D2, CD-SF-D3, CD-SF-D4, CD-SF-D6]\n",
            )
        ).split()
    )
    must = "CD-SF-D1、CD-SF-D2、CD-SF-D3"
    assert f"CD-SF-D：7选5，必选{must}；已选{must}、CD-SF-D4、CD-SF-D6" in text
    assert "共有6种选法" in text
    assert "缺数据：rd-tool-rate（研发设计工具普及率）" in text
    assert "须由人评定：CD-SF-1、" in text


def test_rules_that_are_ours_and_readings_are_told() -> None:
    text = "".join(text_of(assessed("CD-SF")).split())
    assert "CD-SF-A组合方式：原文没有“全部必选”的说法" in text
    assert "AMB-03“销售增长率提高10%”→不代为选择" in text


def test_rows_of_another_mode_are_neither_listed_as_open_nor_counted() -> None:
    found = assessed("CQ18-SF", "facts: {mode: [discrete], high-safety-risk: no}")
    text = text_of(found)
    assert "CQ18-MODE-NET-1" not in text
    assert "CQ18-MODE-DISC-1" in text
    # Of the four other modes 7 + 6 + 4 + 5 elements; process has 4 rows in element 2 and 3 rows in element 3.
    assert found.verdict.tally.left_out == (5 + 4 + 3) + 6 + 4 + 5


def test_texts_are_measured_against_the_limits_of_their_cells() -> None:
    long = "字" * 501
    found = assessed("CQ18-WS", f"texts: {{CQ18-WS-FORM.overall: {long}}}")
    assert found.texts["CQ18-WS-FORM.overall"].within is False
    assert "✗ CQ18-WS-FORM.overall: 501 > 500 字" in text_of(found)


def test_cells_of_the_form_are_filled_by_figures_of_exactly_their_metric() -> None:
    declared = """
figures:
  productivity-change: {value: 12.5, unit: "%"}
  defect-rate: {value: 3, unit: "%"}
  defect-rate-before: {value: 5, unit: "%"}
  nc-ratio: {value: 60, unit: "%"}
"""
    found = {c.id: (c.value, c.grade) for c in cells_of(assessed("CQ18-WS", declared))}
    assert found == {
        "CQ18-WS-FORM.productivity-change": ("12.50 %", "D"),
        "CQ18-WS-FORM.defect-before": ("5 %", "D"),
        "CQ18-WS-FORM.defect-after": ("3 %", "D"),
    }, "the form has no cell for NC / production equipment"


def test_current_effects_of_the_factory_form_are_filled_where_there_is_a_figure() -> None:
    declared = "figures: {oee-change: {value: 4, unit: '%'}, staff-change: {value: 9, unit: '%'}}"
    found = {c.id: c.value for c in cells_of(assessed("MIIT21-FACTORY", declared))}
    assert found == {"MIIT21-FACTORY-FORM.effect-8": "9 %", "MIIT21-FACTORY-FORM.effect-9": "4 %"}
    text = text_of(assessed("MIIT21-FACTORY", declared))
    assert (
        "effect-9 设备综合利用率提升（%） [设备综合效率 OEE 变化]：4 %，等级 D（算法为本项目规则）"
        in text
    )


def test_figure_that_no_claim_states_says_so_where_it_decides() -> None:
    library = builtin_library()
    rate = Figure(Fraction(4, 5), origin=Origin.MEASURED, grade=GRADED)
    source = FigureSource(
        {},
        Periods(None, None),
        "ev/x/y/1",
        simulated=False,
        text=Bilingual("源", "source"),
        registry={"key-equipment-networked": rate},
    )
    found = assess_scheme(library, library.schemes["CD-SF"], on=ON, source=source)
    row = line(found, "CD-SF-A2")
    assert (row.word.zh, row.figure, row.grade) == ("达到", "80 %", "B")
    assert any("不是声明" in remark.zh for remark in row.remarks)


def test_bounds_stand_beside_the_value_and_a_threshold_between_them_decides_nothing() -> None:
    library = builtin_library()
    rate = Figure(
        Fraction(4, 5), low=Fraction(13, 20), unbounded=True, grade=GRADED, claim="some-claim"
    )
    source = FigureSource(
        {},
        Periods(None, None),
        "ev/x/y/1",
        simulated=False,
        text=Bilingual("源", "source"),
        registry={"key-equipment-networked": rate},
    )
    found = assess_scheme(library, library.schemes["CD-SF"], on=ON, source=source)
    row = line(found, "CD-SF-A2")  # at least 70 %
    assert (row.word.zh, row.figure) == ("无法判定", "80 % [65, ∞]")
    assert any("最小值与最大值" in remark.zh for remark in row.remarks)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.000008154277", "0.000008154 tce/件"),  # four digits of a small number
        ("0.5", "0.5000 tce/件"),
        ("0", "0 tce/件"),
        ("12.5", "12.50 tce/件"),
    ],
)
def test_small_number_with_a_unit_shows_four_digits(value: str, text: str) -> None:
    assert value_text(Fraction(value), "unit-energy") == text


def test_state_of_the_document_is_told_for_the_date() -> None:
    assert "已过期" in text_of(assessed("CQ18-WS"))
    assert "征求意见稿" in text_of(assessed("CD-WS"))
    assert as_json(assessed("CQ18-WS"), "en")["force"]["state"] == "expired"


def test_json_holds_exact_values_and_every_row() -> None:
    found = as_json(assessed("CQ18-WS", "figures: {upload-rate: {value: 1/3, unit: '%'}}"), "zh")
    row = next(r for r in found["rows"] if r["id"] == "CQ18-WS-3b")
    assert (row["value"], row["answer"], row["origin"]) == ("1/300", "fail", "declared")
    assert len(found["rows"]) == 11
    assert found["verdict"] == "fail"
    assert found["tally"]["failed"] == {"declared": 1}
