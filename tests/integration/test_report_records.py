"""Imported records travel with a report: attached, checked and listed by the verifier, assessed from the bundle."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.records.catalogue import tables
from tests.support.forger import accepted, read_members, refused, with_sums, write_members
from tests.support.mini_history import AFTER, BEFORE, MiniHistory, mini_history
from tests.support.plant_run import Answer
from tests.support.plant_run import invoke as plantproof
from tests.support.records import csv_of
from tests.support.servers import require


def instant(slot: int) -> str:
    return datetime.fromtimestamp(slot * 60, UTC).isoformat()


def periods() -> list[str]:
    return [
        *("--from", instant(AFTER.first), "--to", instant(AFTER.last)),
        *("--before-from", instant(BEFORE.first), "--before-to", instant(BEFORE.last)),
    ]


def imported(history: MiniHistory, table: Path, *more: object) -> Answer:
    answer = plantproof(
        "import", table, "--plant", history.folder / "site.yaml", "--by", "张三", *more
    )
    assert (answer.code, answer.err) == (0, "")
    return answer


def report(history: MiniHistory, out: Path, *more: object) -> Path:
    answer = plantproof(
        "report", history.folder / "site.yaml", *periods(), "--out", out, "--json", *more
    )
    assert (answer.code, answer.err) == (0, "")
    return Path(answer.json["data"]["bundle"])


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> MiniHistory:
    """A plant with two imports: investments, replaced once; and a certificate that no cell of the scheme asks for."""
    folder = tmp_path_factory.mktemp("history")
    made = mini_history(folder / "plant")
    invoice = folder / "发票.pdf"
    invoice.write_bytes(b"%PDF invoice")
    for name, amount in (("first", "1000000"), ("second", "1200000")):
        table = folder / f"{name}.csv"
        table.write_bytes(investment(amount))
        replaces = () if name == "first" else ("--replace", "1", "--reason", "漏记一笔")
        imported(made, table, "--original", invoice, *replaces)
    certificate = folder / "成熟度.csv"
    certificate.write_text(
        "等级,评估方式,评估机构,证书编号,评估日期,有效期至\n三级,第三方评估,某评估机构,CMMM-1,2026-06-30,\n",
        encoding="utf-8-sig",
    )
    imported(made, certificate)
    return made


def investment(yuan: str) -> bytes:
    """Return a table with one investment that is done and invoiced."""
    row = [
        "1",
        "焊接机器人",
        "设备",
        yuan,
        yuan,
        "某公司",
        "12345678",
        "2026-05-01",
        "发票.pdf",
        "",
    ]
    headers = [c.header for c in tables()["investments"].every_column]
    return csv_of("investments", [row], headers=headers)


@pytest.fixture(scope="module")
def bundle(history: MiniHistory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(history, tmp_path_factory.mktemp("out"))


def test_bundle_holds_the_chain_and_the_files_that_the_scheme_rests_on(
    history: MiniHistory, bundle: Path
):
    members = read_members(bundle)
    chain = sorted(n for n in members if n.startswith("records/") and n.endswith(".json"))
    assert chain == [f"records/{n:06d}.json" for n in (1, 2, 3)]
    second = json.loads(members["records/000002.json"])
    wanted = {
        second["file"]["sha256"],
        second["rows_sha256"],
        *(f["sha256"] for f in second["originals"]),
    }
    files = {n.rpartition("/")[2] for n in members if n.startswith("records/files/")}
    assert files == wanted, "not the one that was replaced, not the certificate"
    assert members[f"records/files/{second['originals'][0]['sha256']}"] == b"%PDF invoice"
    stated = {s for s in members["SHA256SUMS"].decode().split() if s.startswith("records/")}
    assert stated == {n for n in members if n.startswith("records/")}


def test_verifier_accepts_the_bundle_and_lists_the_import_as_not_proven(
    history: MiniHistory, bundle: Path
):
    policy = (bundle.parent / "policy-self-check.txt").read_bytes()
    found = {f.code: f.zh for f in accepted(read_members(bundle), policy).findings}
    assert (
        "第 2 次导入 investments（second.csv，导入者自报 张三，1 行，凭证 1 份）"
        in (found["imported-record"])
    )
    assert "本账本不能证明其内容" in found["imported-record"]
    assert (
        "另有 2 次导入只有清单、未附文件，其中 1 次已被替换或撤回" in found["import-without-files"]
    )


def test_invoice_that_was_exchanged_in_the_bundle_is_refused(bundle: Path):
    members = read_members(bundle)
    policy = (bundle.parent / "policy-self-check.txt").read_bytes()
    name = next(n for n, d in members.items() if d == b"%PDF invoice")
    forged = with_sums({**members, name: b"%PDF another"})
    assert refused(forged, policy) == ("INVALID", 6, "subject")


def test_assessing_the_bundle_gives_the_cells_of_the_plant(history: MiniHistory, bundle: Path):
    by_bundle = plantproof("assess", "--scheme", "CQ18-WS", "--bundle", bundle, "--json")
    by_plant = plantproof(
        "assess", history.folder / "site.yaml", *periods(), "--scheme", "CQ18-WS", "--json"
    )
    assert (by_bundle.code, by_plant.code) == (0, 0)
    cells = {c["id"]: c["value"] for c in by_bundle.json["data"]["cells"]}
    assert cells == {c["id"]: c["value"] for c in by_plant.json["data"]["cells"]}
    assert cells["CQ18-WS-FORM.done-investment"] == "120 万元"
    assert by_bundle.json["data"]["rows"] == by_plant.json["data"]["rows"]


def test_record_that_was_changed_in_the_bundle_is_not_assessed(bundle: Path, tmp_path: Path):
    members = read_members(bundle)
    rows = next(n for n, d in members.items() if b'"table":"investments"' in d and "files" in n)
    changed = write_members(
        tmp_path / "changed.zip", {**members, rows: members[rows].replace(b"1200000", b"9000000")}
    )
    answer = plantproof("assess", "--scheme", "CQ18-WS", "--bundle", changed, "--json")
    assert answer.code != 0
    assert rows in answer.out + answer.err


def test_report_prints_the_imports_it_rests_on(bundle: Path):
    tool = require("pdftoppm").with_name("pdftotext")
    done = subprocess.run(
        [tool, "-enc", "UTF-8", bundle.with_suffix(".pdf"), "-"], capture_output=True, check=True
    )
    text = "".join(done.stdout.decode().split())
    assert "导入与申报的记录" in text
    assert "second.csv" in text
    assert "first.csv" not in text, "it was replaced"
    assert "不证明内容属实" in text


def test_report_without_records_attaches_none(tmp_path: Path):
    own = mini_history(tmp_path / "plant")
    members = read_members(report(own, tmp_path / "out"))
    assert not [n for n in members if n.startswith("records/")]
