"""`plantproof plan`: the table, the answer, files of daily values with every fault at its line."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.daily_values_file import read_daily_values
from config.faults import ConfigFaultsError
from kpi.comparison.interval import Day
from model.errors import ConfigError
from tests.support.plant_run import invoke as plantproof

MONDAY = date(2026, 3, 2)


def data(*arguments: object) -> Any:
    answer = plantproof("plan", "--json", *arguments)
    assert answer.code == 0, answer.err
    assert answer.json["ok"] is True
    return answer.json["data"]


def test_plan_of_kpi_audit_e18_as_json() -> None:
    found = data("--noise", "13", "--rho", "0.3", "--days-per-week", "7", "--threshold", "10")
    assert found["noise"] == {
        "day": "0.130000",
        "rho": "0.300000",
        "days_per_week": 7,
        "source": "given",
        "estimated": False,
    }
    assert [(t["sense"], t["threshold"]) for t in found["tables"]] == [
        ("increase", "1/10"),
        ("reduction", "1/10"),
    ]
    rows = {r["weeks"]: r for r in found["tables"][0]["rows"]}
    assert list(rows) == [4, 8, 13, 26, 52]
    # 13 weeks are 91 days; E18 has h .047 and 15.3 % at 90
    assert rows[13]["days"] == 91
    assert float(rows[13]["half_width"]) == pytest.approx(0.047, abs=0.001)
    assert float(rows[13]["observed"]) == pytest.approx(0.153, abs=0.002)
    assert found["tables"][0]["advice"]["weeks"] == 13


def test_plan_default_thresholds_are_eight_ten_and_fifteen_percent() -> None:
    found = data()
    assert [t["threshold"] for t in found["tables"]] == ["2/25", "1/10", "3/20"] * 2
    assert "assumed" in found["noise"]["source"]


def test_plan_text_in_both_languages_gives_the_answer() -> None:
    english = plantproof("plan", "--lang", "en", "--threshold", "10")
    assert english.code == 0
    assert "gain of 10.0 %: measure 13 weeks before and 13 after" in english.out
    assert "a plant whose true change is that size proves it half of the time" in english.out
    chinese = plantproof("plan", "--lang", "zh", "--threshold", "10")
    assert "提高 10.0 %：建设前后各测 13 周" in chinese.out
    assert "假设值，不是本车间的测量" in chinese.out


def test_plan_expected_gain_sets_the_length() -> None:
    found = data("--threshold", "10", "--expected", "15", "--days-per-week", "7")
    advice = found["tables"][0]["advice"]
    assert advice["enough"] is True
    assert advice["weeks"] > 13
    assert float(advice["true_80"]) <= 0.15
    hopeless = plantproof("plan", "--lang", "en", "--threshold", "10", "--expected", "10.5")
    assert "two years each are not enough" in hopeless.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--noise", "abc"), "--noise abc"),
        (("--noise", "0"), "above 0"),
        (("--rho", "0.95"), "0 to 0.9"),
        (("--threshold", "120"), "0 to 99"),
        (("--expected", "5"), "cannot prove 8.0 %"),
        (("--expected", "12", "--threshold", "15"), "cannot prove 15.0 %"),
        (("--plant", "site.yaml"), "--from, --to"),
        (
            ("--plant", "site.yaml", "--from", "a", "--to", "b", "--metric", "speed"),
            "oee, availability",
        ),
        (("--values", "absent.csv"), "cannot be read"),
    ],
)
def test_plan_wrong_options_say_what_is_wrong(arguments: tuple[str, ...], words: str) -> None:
    answer = plantproof("plan", "--lang", "en", *arguments)
    assert answer.code == 78
    assert words in answer.err


def test_plan_days_per_week_outside_one_to_seven_is_a_usage_error() -> None:
    assert plantproof("plan", "--days-per-week", "8").code == 2


def values(path: Path, rows: list[str], encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join(rows).encode(encoding))
    return path


def steady(count: int) -> list[str]:
    """Return rows of a six-day plant, ratio about 0.6 with 10 % of noise."""
    rng = random.Random(2)
    days = [MONDAY + timedelta(days=i) for i in range(count)]
    return [f"{d},{0.6 * (1 + rng.gauss(0, 0.1)):.4f},1.5" for d in days if d.isoweekday() != 7]


@pytest.mark.parametrize(
    ("header", "encoding"),
    [("date,n,d", "utf-8"), ("日期,分子,分母", "utf-8-sig"), ("日期,分子,分母", "gb18030")],
)
def test_plan_estimates_the_noise_of_a_file(tmp_path: Path, header: str, encoding: str) -> None:
    file = values(tmp_path / "days.csv", [header, *steady(140)], encoding)
    found = data("--values", file, "--threshold", "10")
    assert found["noise"]["estimated"] is True
    assert found["noise"]["days_per_week"] == 6
    assert float(found["noise"]["day"]) == pytest.approx(0.1, rel=0.15)


def test_plan_given_noise_wins_over_the_file(tmp_path: Path) -> None:
    file = values(tmp_path / "days.csv", ["date,n,d", *steady(140)])
    found = data("--values", file, "--noise", "20")
    assert found["noise"]["day"] == "0.200000"
    assert "partly given" in found["noise"]["source"]


def test_plan_file_with_too_few_days_is_refused(tmp_path: Path) -> None:
    file = values(tmp_path / "days.csv", ["date,n,d", *steady(20)])
    answer = plantproof("plan", "--lang", "en", "--values", file)
    assert answer.code == 78
    assert "at least 20" in answer.err


def test_daily_values_are_exact_integers_of_one_scale(tmp_path: Path) -> None:
    file = values(
        tmp_path / "d.csv", ["date,n,d", "2026-03-03,1.25,2", "2026/03/02,3,0.5", "", " , , "]
    )
    assert read_daily_values(file) == [
        (date(2026, 3, 2), Day(300, 50)),
        (date(2026, 3, 3), Day(125, 200)),
    ]


def test_daily_values_of_one_figure_have_denominator_one(tmp_path: Path) -> None:
    file = values(tmp_path / "d.csv", ["日期,数值", "2026-03-02,61.5"])
    assert read_daily_values(file) == [(date(2026, 3, 2), Day(615, 10))]


def test_daily_values_from_json(tmp_path: Path) -> None:
    file = tmp_path / "d.json"
    file.write_text(
        json.dumps([{"date": "2026-03-02", "n": 5, "d": 10}, {"date": "2026-03-03", "value": 0.5}]),
        encoding="utf-8",
    )
    assert read_daily_values(file) == [
        (date(2026, 3, 2), Day(50, 100)),
        (date(2026, 3, 3), Day(5, 10)),
    ]


def test_daily_values_every_fault_of_the_file_at_once(tmp_path: Path) -> None:
    file = values(
        tmp_path / "d.csv",
        [
            "date,n,d",
            "2026-03-02,1,2",
            "2026-13-02,1,2",
            "2026-03-04,-1,2",
            "2026-03-05,,2",
            "2026-03-02,3,4",
            "2026-03-06,1e3,2",
        ],
    )
    with pytest.raises(ConfigFaultsError) as caught:
        read_daily_values(file)
    assert [f.line for f in caught.value.faults] == [3, 4, 5, 6, 7]
    assert "no date" in caught.value.faults[0].en
    assert "stands twice" in caught.value.faults[3].en
    assert all(f.zh for f in caught.value.faults)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("d.csv", b"day,n,d\n2026-03-02,1,2", "header"),
        ("d.csv", b"", "header"),
        ("d.csv", b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
        ("d.json", b"{", "no JSON"),
        ("d.json", b'{"date": 1}', "a list of objects"),
    ],
)
def test_daily_values_file_of_another_kind_is_refused(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        read_daily_values(file)
