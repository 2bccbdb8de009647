"""The commands on right and wrong plant files: exit codes, places of faults, both languages, JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.plant_run import invoke as plantproof
from tests.support.plant_run import write_plant

PORTS = {"plc-01": 1502, "meter-01": 1503}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_plant(tmp_path, PORTS, ["plc-01", "meter-01"])


def spoil(site: Path, old: str, new: str) -> tuple[int, int]:
    """Replace a text in the plant file; return line and column where the new one begins, counted from 1."""
    text = site.read_text("utf-8")
    assert text.count(old) == 1, old
    at = text.index(old)
    site.write_text(text.replace(old, new), encoding="utf-8")
    line = text.count("\n", 0, at) + 1
    return line, at - (text.rfind("\n", 0, at) + 1) + 1


def test_check_of_a_right_file_says_what_it_holds(site: Path):
    answer = plantproof("check", site, "--lang", "en")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"{site}: no faults. 2 devices (2 connected), ")


def test_check_of_a_right_file_as_json(site: Path):
    data = plantproof("check", site, "--json").json
    assert data["ok"] is True
    assert data["data"]["devices"] == 2
    assert data["data"]["connected"] == 2
    assert len(data["data"]["document"]) == 64


@pytest.mark.parametrize(
    ("lang", "words"), [("en", ["profile"]), ("zh", ["设备模板"])], ids=["english", "chinese"]
)
def test_unknown_profile_is_shown_with_place_line_and_caret(
    site: Path, lang: str, words: list[str]
):
    line, column = spoil(site, "modbus-generic-plc-demo", "modbus-generic-plc-dem")
    answer = plantproof("check", site, "--lang", lang)
    assert answer.code == 78
    assert answer.out == ""
    assert answer.err.startswith(f"site.yaml:{line}:{column}: ")
    shown = answer.err.splitlines()
    caret = next(i for i, text in enumerate(shown) if text.strip(" |").startswith("^"))
    assert "modbus-generic-plc-dem" in shown[caret - 1]
    assert shown[caret].index("^") == shown[caret - 1].index("modbus-generic-plc-dem")
    # The nearest right name is offered.
    assert "modbus-generic-plc-demo" in answer.err
    for word in words:
        assert word in answer.err


def test_broken_yaml_is_shown_with_its_place(site: Path):
    line, _ = spoil(site, "zone: Asia/Shanghai", "zone: [Asia/Shanghai")
    answer = plantproof("check", site, "--lang", "en")
    assert answer.code == 78
    # The parser stumbles where the next key stands in the open list.
    assert answer.err.startswith(f"site.yaml:{line + 1}:9: error  not valid YAML")
    assert answer.err.splitlines()[2].index("^") == answer.err.splitlines()[1].index("calendar") + 8


def test_every_fault_is_shown_at_once_as_json(site: Path):
    first = spoil(site, "realm: sim", "realm: test")
    second = spoil(site, "ideal_cycle: 20 s", "ideal_cycle: fast")
    third = spoil(site, "smart: true", "clever: true")
    answer = plantproof("check", site, "--json", "--lang", "en")
    assert answer.code == 78
    error = answer.json["error"]
    assert answer.json["ok"] is False
    places = {(fault["line"], fault["column"]) for fault in error["faults"]}
    assert len(error["faults"]) == 3
    assert {line for line, _ in places} == {first[0], second[0], third[0]}
    for fault in error["faults"]:
        assert fault["file"] == "site.yaml"
        assert fault["message"]
    chinese = plantproof("check", site, "--json", "--lang", "zh").json["error"]["faults"]
    assert [f["line"] for f in chinese] == [f["line"] for f in error["faults"]]
    assert all(any("一" <= c <= "鿿" for c in f["message"]) for f in chinese)


@pytest.mark.parametrize("name", ["run", "status", "check"])
def test_every_command_refuses_a_wrong_file_with_78(site: Path, name: str):
    spoil(site, "realm: sim", "realm: test")
    answer = plantproof(name, site, "--lang", "en")
    assert answer.code == 78
    assert answer.err.startswith("site.yaml:6:10: error  site.realm")
    assert not (site.parent / "data").exists(), "nothing was opened"


def test_file_that_does_not_exist_is_named(tmp_path: Path):
    answer = plantproof("check", tmp_path / "none.yaml", "--lang", "en")
    assert answer.code == 78
    assert "none.yaml" in answer.err
    assert "Traceback" not in answer.err


def test_init_writes_a_file_that_check_accepts_and_never_overwrites(tmp_path: Path):
    target = tmp_path / "new"
    assert plantproof("init", target, "--lang", "en").code == 0
    site = target / "site.yaml"
    checked = plantproof("check", site, "--lang", "en")
    assert (checked.code, checked.err) == (0, "")
    before = site.read_bytes()
    again = plantproof("init", target, "--lang", "en")
    assert again.code == 1
    assert "exists and was left alone" in again.err
    assert site.read_bytes() == before


def test_schema_describes_the_plant_file(tmp_path: Path):
    answer = plantproof("schema")
    assert answer.code == 0
    schema = json.loads(answer.out)
    assert schema["type"] == "object"
    assert set(schema["required"]) == {"site", "calendar", "devices"}
    sections = {"site", "calendar", "coefficients", "counter_events", "devices"}
    assert sections | {"storage", "server", "evidence"} == set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert plantproof("init", tmp_path).code == 0
    assert json.loads((tmp_path / "site.schema.json").read_text("utf-8")) == schema


def test_status_before_the_first_run(site: Path):
    answer = plantproof("status", site, "--lang", "en")
    assert answer.code == 1
    assert "has not run yet" in answer.out
    assert plantproof("status", site, "--json").json == {
        "ok": True,
        "data": {"running": False, "status": None},
    }


def test_report_before_the_first_run_says_that_nothing_is_sealed(site: Path):
    answer = plantproof(
        "report", site, "--from", "2026-01-05", "--to", "2026-01-06", "--lang", "en"
    )
    assert answer.code == 1
    assert answer.err.startswith(f"{site.parent / 'data'} holds no log yet: start the agent")


def test_report_with_an_impossible_window(site: Path):
    empty = plantproof("report", site, "--from", "2026-01-06", "--to", "2026-01-05", "--lang", "en")
    assert empty.code == 78
    assert "a start before its end" in empty.err
    wrong = plantproof("report", site, "--from", "yesterday", "--to", "2026-01-05", "--lang", "zh")
    assert wrong.code == 78
    assert "“yesterday”不是日期" in wrong.err


def test_unknown_option_is_a_usage_error(site: Path):
    assert plantproof("check", site, "--nonsense").code == 2


def test_no_key_of_the_plant_file_removes_the_simulated_mark(site: Path):
    """The realm is the only key; with `sim` it cannot be softened, and other keys do not exist."""
    spoil(site, "realm: sim", "realm: sim\n  simulated: false")
    answer = plantproof("check", site, "--lang", "en")
    assert answer.code == 78
    assert "simulated" in answer.err
