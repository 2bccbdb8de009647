"""`plantproof-verify`: exit codes, languages, JSON, CSV of one frame."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from evidence import cli
from evidence.render import decimal_of, flag_letters, safe_cell
from evidence.utc import utc_of
from tests.unit.evidence.vectors import FOLDER

BUNDLE, POLICY = str(FOLDER / "bundle"), str(FOLDER / "policy.txt")
ROOT = Path(__file__).parents[3]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(arguments)
    out = capsys.readouterr()
    return code, out.out, out.err


def test_good_bundle_exits_0_and_speaks_chinese_with_the_simulated_mark_first(capsys):
    code, out, err = run(capsys, BUNDLE, "--trust", POLICY)
    assert code == 0
    assert out.startswith("*** 模拟数据")
    assert "parts  counter-delta/1  4/1" in out
    assert "不能证明传感器/互感器接线与倍率正确" in out
    assert err == ""


def test_good_bundle_in_english(capsys):
    code, out, _ = run(capsys, BUNDLE, "--trust", POLICY, "--lang", "en")
    assert code == 0
    assert out.startswith("*** SIMULATED DATA")
    assert "What this cannot prove:" in out
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in out)


def test_good_bundle_as_json(capsys):
    code, out, _ = run(capsys, BUNDLE, "--trust", POLICY, "--json")
    assert code == 0
    report = json.loads(out)
    assert (report["verdict"], report["simulated"], report["size"]) == ("VERIFIED", True, 9)
    assert [(c["id"], c["num"], c["den"]) for c in report["claims"]] == [
        ("parts", "4", "1"),
        ("energy", "62", "1"),
    ]


def test_quiet_prints_nothing(capsys):
    assert run(capsys, BUNDLE, "--trust", POLICY, "--quiet") == (0, "", "")


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("bool-two", "INVALID"),
        ("config-document-missing", "INCOMPLETE"),
        ("unknown-entry-kind", "INCOMPLETE"),
    ],
)
def test_refused_bundle_exits_1_with_its_verdict(capsys, name: str, verdict: str):
    bundle = str(FOLDER / "negative" / name)
    code, out, _ = run(capsys, bundle, "--trust", POLICY)
    assert code == 1
    assert out.startswith(f"{verdict}:")
    code, out, _ = run(capsys, bundle, "--trust", POLICY, "--json")
    assert code == 1
    assert json.loads(out)["verdict"] == verdict


def test_missing_trust_is_a_usage_error():
    with pytest.raises(SystemExit) as caught:
        cli.main([BUNDLE])
    assert caught.value.code == 2


def test_files_that_cannot_be_read_are_usage_errors(capsys, tmp_path: Path):
    assert run(capsys, str(tmp_path / "none.zip"), "--trust", POLICY)[0] == 2
    assert run(capsys, BUNDLE, "--trust", str(tmp_path / "none"))[0] == 2
    bad = tmp_path / "policy"
    bad.write_text("trust everybody\n")
    code, _, err = run(capsys, BUNDLE, "--trust", str(bad))
    assert code == 2
    assert "第 1 行" in err
    assert run(capsys, BUNDLE, "--trust", POLICY, "--dump", "cnc-01.count", "x")[0] == 2


def test_dump_prints_a_frame_as_csv_that_no_spreadsheet_executes(capsys):
    code, out, _ = run(capsys, BUNDLE, "--trust", POLICY, "--dump", "cnc-01.process", "29538720")
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["value"] for row in rows] == ['O1001 轴%,"', "'=1+1", "", ""]
    assert [row["flags"] for row in rows] == ["S", "S", "S", "ES"]
    assert rows[0]["received_utc"] == "2026-03-01T00:00:00.812+00:00"


def test_dump_shows_every_type(capsys):
    _, out, _ = run(capsys, BUNDLE, "--trust", POLICY, "--dump", "meter-01.energy", "29538720")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["type"], row["value"]) for row in rows[:6]] == [
        ("float", "1234.5"),
        ("bool", "1"),
        ("uint", "18446744073709551000"),
        ("float", "-0.0"),
        ("int", "-120"),
        ("float", "5e-324"),
    ]
    _, out, _ = run(capsys, BUNDLE, "--trust", POLICY, "--dump", "robot-01.state", "29538720")
    assert "missed: device" in out


def test_dump_of_an_unknown_stream_exits_1(capsys):
    assert run(capsys, BUNDLE, "--trust", POLICY, "--dump", "nobody.count", "29538720")[0] == 1


def test_interrupt_exits_130(capsys, monkeypatch):
    def interrupted(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "verify_bundle", interrupted)
    assert run(capsys, BUNDLE, "--trust", POLICY)[0] == 130


def test_progress_is_shown_on_a_terminal_only(capsys, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert cli.main([BUNDLE, "--trust", POLICY]) == 0
    assert "1/7" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_program_needs_the_standard_library_and_cryptography_only():
    code = (
        "import sys\nbefore = set(sys.modules)\nimport evidence.cli\n"
        "mine = {'evidence', 'model', 'kpi', 'cryptography', '_cffi_backend', 'cffi'}\n"
        "foreign = {n.split('.')[0] for n in set(sys.modules) - before} - mine - set(sys.stdlib_module_names)\n"
        "print(sorted(n for n in foreign if not n.startswith('_')))\n"
    )
    found = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "＝1"])
def test_safe_cell_puts_an_apostrophe_before_formulas(text: str):
    assert safe_cell(text) == f"'{text}"


def test_safe_cell_spells_out_control_and_bidi_marks():
    assert safe_cell("a\x1b[2J\u202eb") == "a\\u001b[2J\\u202eb"
    assert safe_cell("轴") == "轴"


def test_render_small_parts():

    assert decimal_of(Fraction(-1, 3)) == "-0.333333"
    assert flag_letters(0b1_1000_0001) == "EST"
    assert utc_of(0) == "1970-01-01T00:00:00.000+00:00"
    assert utc_of(10**18) == f"{10**18} ms"
