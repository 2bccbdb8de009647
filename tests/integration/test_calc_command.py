"""`plantproof calc` and `plantproof schema --calc`, as a process of its own and in every kind of answer."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.cells import cell_len

from config.calc.examples import example_bytes, example_names
from tests.support.plant_run import invoke, plantproof

GOOD = "time: {tpm: {loading: 460 min, downtime: 70 min}}\n"


def write(folder: Path, text: str, name: str = "case.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_case_from_a_process_prints_its_page(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    answer = plantproof("calc", path, "--lang", "en")
    assert (answer.code, answer.err) == (0, "")
    # (460 − 70)/460
    assert "84.8 % = 39/46" in answer.out
    assert max(cell_len(line) for line in answer.out.splitlines()) <= 100


def test_case_from_a_process_prints_json(tmp_path: Path) -> None:
    answer = plantproof("calc", write(tmp_path, GOOD), "--json")
    assert answer.code == 0
    data = json.loads(answer.out)
    assert data["ok"] is True
    values = {f["name"]: f["value"] for f in data["data"]["figures"]}
    assert values["tpm/availability"] == "39/46"


def test_output_survives_a_console_without_chinese(tmp_path: Path) -> None:
    # A redirected output is UTF-8 whatever the locale says.
    answer = plantproof("calc", write(tmp_path, GOOD), "--lang", "zh", LC_ALL="C", LANG="C")
    assert answer.code == 0
    assert "时间开动率" in answer.out


def test_same_case_gives_the_same_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, example_bytes("workshop").decode())
    assert plantproof("calc", path, "--json").out == plantproof("calc", path, "--json").out


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (GOOD, 0),
        (GOOD + "expect: [{figure: tpm/availability, value: 84.8 %}]\n", 0),
        (GOOD + "expect: [{figure: tpm/availability, value: 84.7 %}]\n", 0),  # cut off
        (GOOD + "expect: [{figure: tpm/availability, value: 90 %}]\n", 1),
        (GOOD + "expect: [{figure: tpm/oee, value: 90 %}]\n", 1),
        (
            GOOD
            + "expect: [{figure: tpm/availability, value: 90 %, note: {zh: 口径, en: other base}}]\n",
            0,
        ),
        (GOOD + "require: [{figure: tpm/availability, at_least: 84 %}]\n", 0),
        (GOOD + "require: [{figure: tpm/availability, at_least: 85 %}]\n", 1),
        (GOOD + "require: [{figure: iso22400/availability, at_least: 50 %}]\n", 1),  # undetermined
        ("events: [{from: '08:00', to: '09:00', state: run}]\n", 1),
        ("tme: {}\n", 78),
        ("time: {tpm: {loading: 460}}\n", 78),
        ("time: [\n", 78),
    ],
)
def test_exit_code(tmp_path: Path, text: str, code: int) -> None:
    assert invoke("calc", write(tmp_path, text)).code == code


def test_faults_of_writing_are_told_with_line_column_and_hint(tmp_path: Path) -> None:
    path = write(tmp_path, "time:\n  tpm: {loadin: 460 min}\n")
    shown = invoke("calc", path, "--lang", "en")
    assert shown.code == 78
    assert "case.yaml:2:9" in shown.err
    assert "loading" in shown.err
    assert "^" in shown.err
    error = json.loads(invoke("calc", path, "--lang", "zh", "--json").out)["error"]
    assert error["faults"][0]["line"] == 2
    assert error["faults"][0]["column"] == 9
    assert "loading" in error["faults"][0]["hint"]


def test_file_that_is_not_there(tmp_path: Path) -> None:
    answer = invoke("calc", tmp_path / "none.yaml", "--lang", "zh")
    assert answer.code == 78
    assert "无法读取" in answer.err


@pytest.mark.parametrize(
    "arguments", [(), ("x.yaml", "--examples"), ("--examples", "--example", "mtbf")]
)
def test_one_thing_at_a_time(arguments: tuple[str, ...]) -> None:
    assert invoke("calc", *arguments).code == 2


def test_cases_are_listed_with_their_titles() -> None:
    answer = invoke("calc", "--examples", "--lang", "en")
    assert answer.code == 0
    for name in example_names():
        assert f"{name}  " in answer.out
    listed = invoke("calc", "--examples", "--json").json["data"]
    assert [e["name"] for e in listed] == list(example_names())
    assert all(e["title"]["zh"] for e in listed)


def test_case_is_written_as_it_ships_and_can_be_computed(tmp_path: Path) -> None:
    answer = invoke("calc", "--example", "mtbf", "--to", tmp_path, "--lang", "en")
    assert answer.code == 0
    written = tmp_path / "mtbf.yaml"
    assert written.read_bytes() == example_bytes("mtbf")
    assert str(written) in answer.out
    assert invoke("calc", written).code == 0


def test_all_cases_are_written_into_a_new_folder(tmp_path: Path) -> None:
    assert invoke("calc", "--example", "all", "--to", tmp_path / "cases").code == 0
    assert sorted(p.stem for p in (tmp_path / "cases").iterdir()) == list(example_names())


def test_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    mine = write(tmp_path, "mine", "mtbf.yaml")
    answer = invoke("calc", "--example", "all", "--to", tmp_path)
    assert answer.code == 1
    assert mine.read_text(encoding="utf-8") == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["mtbf.yaml"]


def test_case_that_does_not_ship_has_a_hint() -> None:
    answer = invoke("calc", "--example", "mtfb", "--lang", "en")
    assert answer.code == 78
    assert "mtbf" in answer.err


def test_schema_of_a_case() -> None:
    answer = invoke("schema", "--calc")
    assert answer.code == 0
    assert {"time", "events", "expect", "periods"} <= set(answer.json["properties"])
    assert answer.json["additionalProperties"] is False


def test_one_schema_at_a_time() -> None:
    assert invoke("schema", "--calc", "--schemes").code == 2


PIECES = [
    "0 min",
    "9999999 h",
    -1,
    10**30,
    "08:00",
    "1601-01-01T00:00",
    "",
    None,
    [],
    {},
    "1/0",
    True,
]


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [at, *(p for key, item in inner for p in paths(item, (*at, key)))]


def damaged(name: str, random_: random.Random) -> str:
    """Return a case of which something was removed, repeated or replaced."""
    value = yaml.safe_load(example_bytes(name))
    path = random_.choice(paths(value)[1:])
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    kind = random_.random()
    if kind < 0.3:
        del parent[path[-1]]
    elif kind < 0.6 and isinstance(parent, list):
        parent.append(deepcopy(parent[path[-1]]))
    else:
        parent[path[-1]] = deepcopy(random_.choice(PIECES))
    return yaml.safe_dump(value, allow_unicode=True)


@pytest.mark.parametrize("name", example_names())
def test_damaged_case_ends_in_an_answer_or_in_faults_with_their_place(
    name: str, tmp_path: Path
) -> None:
    """`invoke` raises whatever the program did not foresee."""
    random_ = random.Random(name)
    for i in range(15):
        path = write(tmp_path, damaged(name, random_), f"{i}.yaml")
        answer = invoke("calc", path, "--lang", "en")
        assert answer.code in (0, 1, 78)
        if answer.code == 78:
            assert f"{i}.yaml:" in answer.err
        else:
            assert max(cell_len(line) for line in answer.out.splitlines()) <= 100
