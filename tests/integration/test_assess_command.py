"""`plantproof schemes` and `plantproof assess` over a sealed log and its bundle: figures, exit codes, faults."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from tests.support.forger import read_members, write_members
from tests.support.mini_history import AFTER, BEFORE, MiniHistory, mini_history
from tests.support.plant_run import Answer
from tests.support.plant_run import invoke as plantproof


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> MiniHistory:
    return mini_history(tmp_path_factory.mktemp("history"))


def instant(slot: int) -> str:
    return datetime.fromtimestamp(slot * 60, UTC).isoformat()


def over_plant(history: MiniHistory, *more: object) -> Answer:
    return plantproof(
        "assess", history.folder / "site.yaml",
        "--from", instant(AFTER.first), "--to", instant(AFTER.last),
        "--before-from", instant(BEFORE.first), "--before-to", instant(BEFORE.last), *more,
    )  # fmt: skip


def rows_of(answer: Answer) -> dict[str, dict[str, object]]:
    return {r["id"]: r for r in answer.json["data"]["rows"]}


def test_figures_of_a_bundle_are_its_claims(history: MiniHistory):
    answer = plantproof("assess", "--scheme", "CQ18-WS", "--bundle", history.bundle, "--json")
    assert answer.code == 0
    claims = json.loads(read_members(history.bundle)["kpi/claims.json"])["claims"]
    stated = {c["id"]: Fraction(int(c["num"]), int(c["den"])) for c in claims if c["den"] != "0"}
    rows = rows_of(answer)
    for name, metric in (("CQ18-WS-2", "nc-ratio"), ("CQ18-WS-3b", "upload-rate")):
        assert Fraction(str(rows[name]["value"])) == stated[metric]
        assert rows[name]["figure"] == metric


def test_the_log_of_a_plant_gives_the_figures_of_the_bundle_over_the_same_windows(
    history: MiniHistory,
):
    by_log = over_plant(history, "--scheme", "CQ18-WS", "--json")
    by_bundle = plantproof("assess", "--scheme", "CQ18-WS", "--bundle", history.bundle, "--json")
    assert by_log.code == by_bundle.code == 0
    assert rows_of(by_log) == rows_of(by_bundle)
    assert by_log.json["data"]["source"] != by_bundle.json["data"]["source"]


def test_assessing_writes_nothing(history: MiniHistory):
    def state() -> dict[str, int]:
        return {str(p): p.stat().st_mtime_ns for p in history.folder.rglob("*") if p.is_file()}

    before = state()
    assert over_plant(history, "--scheme", "CD-SF").code == 0
    assert state() == before


@pytest.mark.parametrize("language", ["zh", "en"])
def test_simulated_log_is_said_to_be_simulated_on_every_output(history: MiniHistory, language: str):
    text = over_plant(history, "--scheme", "CQ18-WS", "--lang", language).out
    lines = text.splitlines()
    assert lines[0].startswith("■ 模拟数据")
    assert lines[-1] == lines[0]
    assert over_plant(history, "--scheme", "CQ18-WS", "--json").json["data"]["simulated"] is True


def test_imported_record_stands_in_its_row_with_its_grade_and_never_above_c(tmp_path: Path):
    own = mini_history(tmp_path / "plant")
    table = tmp_path / "成熟度.csv"
    table.write_text(
        "等级,评估方式,评估机构,证书编号,评估日期,有效期至,原始凭证\n三级,第三方评估,某评估机构,CMMM-1,2026-06-30,,证书.pdf\n",
        encoding="utf-8-sig",
    )
    (tmp_path / "证书.pdf").write_bytes(b"%PDF")
    taken = plantproof(
        "import",
        table,
        "--plant",
        own.folder / "site.yaml",
        "--by",
        "张三",
        "--original",
        tmp_path / "证书.pdf",
    )
    assert (taken.code, taken.err) == (0, "")
    row = rows_of(over_plant(own, "--scheme", "MIIT21-FACTORY", "--json"))["MIIT21-E3a"]
    assert (row["value"], row["answer"], row["origin"]) == ("3/1", "pass", "imported")
    assert str(row["grade"]).startswith("C")


def test_exit_code_is_1_when_the_answer_is_not_met(history: MiniHistory, tmp_path: Path):
    facts = tmp_path / "facts.yaml"
    facts.write_text("figures: {operating-cost-change: {value: 14.9, unit: '%'}}", encoding="utf-8")
    answer = plantproof(
        "assess", "--scheme", "CQ18-WS", "--bundle", history.bundle, "--facts", facts, "--json"
    )
    assert answer.code == 1
    assert answer.json["data"]["verdict"] == "fail"
    assert rows_of(answer)["CQ18-WS-6a"]["grade"] == "D"


def test_declared_figure_beside_a_measured_one_is_told_and_does_not_count(
    history: MiniHistory, tmp_path: Path
):
    facts = tmp_path / "facts.yaml"
    facts.write_text("figures: {nc-ratio: {value: 1, unit: '%'}}", encoding="utf-8")
    answer = plantproof(
        "assess", "--scheme", "CQ18-WS", "--bundle", history.bundle, "--facts", facts, "--json"
    )
    assert rows_of(answer)["CQ18-WS-2"]["answer"] == "pass"
    (told,) = answer.json["data"]["contradictions"]
    assert "nc-ratio" in told
    assert "申报值 1.00 %" in told


def test_facts_alone_can_be_assessed(tmp_path: Path):
    facts = tmp_path / "facts.yaml"
    facts.write_text("facts: {titles: [lighthouse]}", encoding="utf-8")
    answer = plantproof("assess", "--scheme", "cd-sf", "--facts", facts, "--lang", "en")
    assert answer.code == 0
    assert "lighthouse factory" in answer.out
    assert "SIMULATED" not in answer.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--scheme", "CQ18-WS"],
        ["--scheme", "CQ18-W", "--facts", "x.yaml"],
        ["site.yaml", "--scheme", "CQ18-WS"],
        ["site.yaml", "--scheme", "CQ18-WS", "--bundle", "x.zip"],
        ["--scheme", "CQ18-WS", "--bundle", "x.zip", "--from", "2026-01-01"],
        ["--bundle", "x.zip"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str]):
    assert plantproof("assess", *arguments).code == 2


def test_unknown_scheme_names_the_nearest_one(history: MiniHistory):
    answer = plantproof("assess", "--scheme", "CQ18-WW", "--bundle", history.bundle)
    assert answer.code == 2
    assert "CQ18-WS" in answer.err


def test_wrong_facts_file_is_78_with_every_fault(history: MiniHistory, tmp_path: Path):
    facts = tmp_path / "facts.yaml"
    facts.write_text("facts:\n  mod: [discrete]\n  employees: many\n", encoding="utf-8")
    answer = plantproof(
        "assess", "--scheme", "CQ18-SF", "--bundle", history.bundle, "--facts", facts, "--json"
    )
    assert answer.code == 78
    faults = answer.json["error"]["faults"]
    assert [(f["line"], f["column"]) for f in faults] == [(2, 3), (3, 14)]


def test_wrong_scheme_file_of_a_user_is_78_with_line_column_and_hint(tmp_path: Path):
    (tmp_path / "mine.yaml").write_text(
        "kind: document\nid: MINE\ntitle: {zh: 甲, en: a}\nissuer: {zh: 乙, en: b}\nseed: 'x:1'\ntrem: {kind: draft}\n",
        encoding="utf-8",
    )
    answer = plantproof("schemes", "--schemes", tmp_path, "--lang", "en")
    assert answer.code == 78
    assert "mine.yaml:6:1: error  trem: unknown key" in answer.err
    assert "did you mean term ?" in answer.err
    assert "term is missing" in answer.err


def test_bundle_whose_claims_were_changed_is_refused(history: MiniHistory, tmp_path: Path):
    members = read_members(history.bundle)
    members["kpi/claims.json"] = members["kpi/claims.json"].replace(b'"num":"', b'"num":"1', 1)
    forged = write_members(tmp_path / "forged.zip", members)
    answer = plantproof("assess", "--scheme", "CQ18-WS", "--bundle", forged, "--lang", "en")
    assert answer.code == 78
    assert "was changed" in answer.err


def test_file_that_is_no_bundle_is_78(tmp_path: Path):
    (tmp_path / "x.zip").write_bytes(b"no zip")
    answer = plantproof("assess", "--scheme", "CQ18-WS", "--bundle", tmp_path / "x.zip")
    assert answer.code == 78
    assert "不是可读取的证据包" in answer.err


def test_period_that_the_log_does_not_cover_says_so(history: MiniHistory):
    answer = plantproof(
        "assess", history.folder / "site.yaml", "--scheme", "CQ18-WS",
        "--from", instant(AFTER.first), "--to", instant(AFTER.last + 10_000),
    )  # fmt: skip
    assert answer.code == 1
    assert "账本已封存到" in answer.err
    assert answer.out == ""


def test_schemes_are_listed_with_their_state(tmp_path: Path):
    listed = plantproof("schemes", "--on", "2019-01-01", "--json").json["data"]
    state = {s["id"]: s["force"]["state"] for s in listed}
    assert state == {
        "CD-SF": "draft", "CD-WS": "draft", "CQ-RETRO": "not said", "CQ18-SF": "in force", "CQ18-WS": "in force",
        "MIIT21-FACTORY": "not said", "MIIT21-SCENE": "not said", "SX18": "round over",
    }  # fmt: skip


def test_one_scheme_is_shown_with_every_clause():
    answer = plantproof("schemes", "CD-WS", "--json")
    assert len(answer.json["data"]["rows"]) == 40
    shown = plantproof("schemes", "cd-ws", "--lang", "en")
    assert shown.code == 0
    assert "five of six effects" in " ".join(shown.out.split())


def test_coverage_is_451_statements():
    assert len(plantproof("schemes", "--coverage", "--json").json["data"]) == 451
    assert "451" in plantproof("schemes", "--coverage").out


def test_metrics_are_listed():
    names = {m["id"] for m in plantproof("schemes", "--metrics", "--json").json["data"]}
    assert {"upload-rate", "sales-growth-change-points"} <= names
    assert "upload-rate" in plantproof("schemes", "--metrics").out
