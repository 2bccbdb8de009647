"""Import of records: all or nothing, provenance, replacement, figures with their imports, attachments, re-reading."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from fractions import Fraction as F
from pathlib import Path

import pytest

from agent.clock import ReplayClock
from agent.records import attachments, figures_from_records, load_records, verify_records
from agent.records_import import (
    ImportRequest,
    Site,
    check_records,
    import_records,
    named_files,
    read_file,
    withdraw,
)
from config.records.catalogue import tables
from config.records.findings import RecordFaultsError
from config.records.template_csv import example_row
from evidence.grammar import is_member_name
from kpi.grades import Letter
from kpi.records.periods import Dates, RecordPeriods
from model.errors import ConfigError, VerificationError
from storage.records import RecordsFolder, in_force
from storage.records_manifest import parse_manifest
from tests.support.records import PERIODS, ZONE, csv_of, required_headers, xlsx_of

SITE = Site("ev/91500000TEST000017/ws1", ZONE)
NOW = ReplayClock(1_795_140_000_000_000_000)  # 2026-11-20T02:00Z
COST = [*required_headers("operating-cost"), "直接材料（万元）", "原始凭证"]


def cost(year: int, amount: str, evidence: str = "凭证.pdf") -> bytes:
    rows = [(f"{year}-0{n}", "20", amount, evidence) for n in (1, 2, 3)]
    return csv_of("operating-cost", rows, headers=COST)


def request(data: bytes, table: str = "operating-cost", **more: object) -> ImportRequest:
    fields = {"name": "成本.csv", "by": "张三", "originals": {"凭证.pdf": b"%PDF original"}, **more}
    return ImportRequest(table=tables()[table], data=data, **fields)


@pytest.fixture
def folder(tmp_path: Path) -> RecordsFolder:
    return RecordsFolder(tmp_path / "records")


def test_import_keeps_the_file_byte_for_byte_with_its_provenance(folder):
    data = cost(2024, "100")
    manifest = import_records(folder, request(data), SITE, NOW)
    assert manifest.file is not None
    assert (manifest.file.name, manifest.file.sha256) == (
        "成本.csv",
        hashlib.sha256(data).hexdigest(),
    )
    assert folder.get(manifest.file.sha256) == data
    assert (manifest.number, manifest.by, manifest.t_ms) == (1, "张三", 1_795_140_000_000)
    assert (manifest.table, manifest.template, manifest.rows) == ("operating-cost", 1, 3)
    assert manifest.form == {
        "delimiter": "comma",
        "encoding": "utf-8",
        "format": "csv",
        "numbers": "text",
        "zone": "Asia/Shanghai",
    }
    original = manifest.originals[0]
    assert (original.name, folder.get(original.sha256)) == ("凭证.pdf", b"%PDF original")
    assert folder.manifests() == (manifest,)


def test_form_of_a_workbook_says_how_numbers_were_read(folder):
    data = xlsx_of([required_headers("sales"), ["2024-01", 0.1]])
    manifest = import_records(folder, request(data, "sales", originals={}), SITE, NOW)
    assert manifest.form["numbers"] == "shortest-decimal-of-double"
    assert manifest.form["sheet"] == "Sheet1"


def test_faulty_file_leaves_nothing_behind(folder):
    with pytest.raises(RecordFaultsError):
        import_records(folder, request(cost(2024, "-1")), SITE, NOW)
    assert folder.manifests() == ()
    assert sorted(p.name for p in folder.root.iterdir()) == ["imports", "lock"]


def test_check_takes_nothing(folder):
    read = check_records(folder, request(cost(2024, "100")), SITE, NOW)
    assert len(read.rows) == 3
    assert not folder.root.exists()


def test_warnings_are_kept_with_the_import(folder):
    manifest = import_records(folder, request(cost(2024, "１００")), SITE, NOW)
    assert [(f.code, f.cell, f.seen) for f in manifest.findings] == [
        ("number.full-width", f"C{n}", "１００") for n in (2, 3, 4)
    ]


def test_same_months_again_are_refused_unless_they_replace(folder):
    first = import_records(folder, request(cost(2024, "100")), SITE, NOW)
    with pytest.raises(RecordFaultsError) as caught:
        import_records(folder, request(cost(2024, "90")), SITE, NOW)
    assert {f.problem.code for f in caught.value.faults} == {"row.already-imported"}
    second = import_records(
        folder, request(cost(2024, "90"), replaces="1", reason="原表漏记"), SITE, NOW
    )
    assert second.replaces is not None
    assert (second.replaces.sha256, second.replaces.reason) == (first.sha256, "原表漏记")
    assert in_force(folder.manifests()) == (second,)
    assert first.file is not None
    assert folder.get(first.file.sha256) == cost(2024, "100")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"by": " "}, "--by"),
        ({"by": "x" * 101}, "--by"),
        ({"replaces": "1"}, "--reason"),
        ({"replaces": "7", "reason": "x"}, "there is no import 7"),
        ({"reason": "x" * 501}, "--reason"),
    ],
)
def test_wrong_request_is_refused(folder, more, words):
    import_records(folder, request(cost(2023, "1")), SITE, NOW)
    with pytest.raises(ConfigError, match=words):
        import_records(folder, request(cost(2024, "100"), **more), SITE, NOW)


def test_import_of_another_table_does_not_replace(folder):
    import_records(folder, request(cost(2024, "100")), SITE, NOW)
    data = csv_of("sales", [("2024-01", "1")])
    with pytest.raises(ConfigError, match="is of table operating-cost"):
        import_records(
            folder, request(data, "sales", replaces="1", reason="x", originals={}), SITE, NOW
        )


def test_withdrawn_import_gives_no_rows_and_stays_on_disk(folder):
    first = import_records(folder, request(cost(2024, "100")), SITE, NOW)
    gone = withdraw(folder, "1", by="李四", reason="导错表", site=SITE, clock=NOW)
    assert (gone.number, gone.withdrawal) == (2, True)
    assert load_records(folder).operating_cost == ()
    assert first.file is not None
    assert folder.get(first.file.sha256)
    with pytest.raises(ConfigError, match="not in force"):
        withdraw(folder, "1", by="李四", reason="x", site=SITE, clock=NOW)
    again = import_records(folder, request(cost(2024, "100")), SITE, NOW)
    assert again.number == 3


def test_folder_of_another_plant_is_refused(folder):
    import_records(folder, request(cost(2024, "100")), SITE, NOW)
    with pytest.raises(ConfigError, match="the folder holds imports of"):
        import_records(folder, request(cost(2025, "1")), Site("sim/X/ws1", ZONE), NOW)


def test_figures_rest_on_named_imports_and_their_originals(folder):
    first = import_records(folder, request(cost(2024, "100")), SITE, NOW)
    second = import_records(folder, request(cost(2025, "80")), SITE, NOW)
    figure = figures_from_records(folder.root, PERIODS)["operating-cost-change"]
    # 300 / 60 = 5, 240 / 60 = 4: 1 − 4/5.
    assert figure.value == F(1, 5)
    assert figure.grade is Letter.C
    assert figure.imports == tuple(sorted((first.sha256, second.sha256)))
    assert not figure.simulated


def test_row_without_original_lowers_the_grade(folder):
    import_records(folder, request(cost(2024, "100")), SITE, NOW)
    import_records(folder, request(cost(2025, "80", evidence=""), originals={}), SITE, NOW)
    figure = figures_from_records(folder.root, PERIODS)["operating-cost-change"]
    assert figure.grade is Letter.D
    assert "6 行中 3 行" in figure.reason.zh


def test_figures_of_a_simulated_plant_say_so(folder):
    import_records(folder, request(cost(2025, "80")), Site("sim/X/ws1", ZONE), NOW)
    assert figures_from_records(folder.root, PERIODS)["operating-cost"].simulated


def test_no_import_no_figure(folder):
    assert figures_from_records(folder.root, PERIODS) == {}


def test_figures_over_every_table_at_once(folder):
    """The examples of all templates, imported together, give figures and raise nothing."""
    for table in tables().values():
        cells = example_row(table)
        cells[0] = cells[0].removeprefix("#示例").strip()
        data = csv_of(
            table.id,
            [[f'"{c}"' if "," in c else c for c in cells]],
            headers=[c.header for c in table.every_column],
        )
        import_records(
            folder, request(data, table.id, originals={"凭证文件名.pdf": b"x"}), SITE, NOW
        )
    periods = RecordPeriods(
        after=Dates(date(2024, 1, 1), date(2024, 12, 31)),
        before=Dates(date(2023, 1, 1), date(2023, 12, 31)),
    )
    found = figures_from_records(folder.root, periods)
    assert len(folder.manifests()) == len(tables())
    assert found["defect-rate"].value == F(4, 300)
    assert found["smart-equipment"].value == 1
    assert found["maturity-level"].value == 2
    assert found["done-investment"].value == F("37.60005")
    assert found["rd-tool-rate"].value == 1
    assert {f.grade for f in found.values() if f.rows} == {Letter.C}


def test_attachments_are_members_of_a_bundle_with_their_digests(folder):
    first = import_records(folder, request(cost(2024, "100")), SITE, NOW)
    members = attachments(folder, [first.sha256])
    assert all(is_member_name(name) for name in members)
    assert parse_manifest(members["records/000001.json"]) == first
    files = {name: data for name, data in members.items() if name.startswith("records/files/")}
    assert {name.rpartition("/")[2] for name in files} == {
        hashlib.sha256(data).hexdigest() for data in files.values()
    }
    assert first.file is not None
    assert f"records/files/{first.file.sha256}" in files
    assert len(files) == 3  # file, rows, one original


def test_attachment_of_an_unknown_import_is_refused(folder):
    with pytest.raises(VerificationError):
        attachments(folder, ["0" * 64])


def test_reading_again_gives_the_stored_rows(folder):
    import_records(folder, request(cost(2024, "100")), SITE, NOW)
    finance = csv_of("finance", [(str(y), "1", "1", "1") for y in (2022, 2023)])
    import_records(folder, request(finance, "finance", originals={}, years=(2022, 2023)), SITE, NOW)
    import_records(folder, request(cost(2024, "99"), replaces="1", reason="x"), SITE, NOW)
    withdraw(folder, "2", by="a", reason="b", site=SITE, clock=NOW)
    assert [c.error for c in verify_records(folder)] == [None] * 4


@pytest.mark.parametrize("what", ["file", "original", "rows"])
def test_any_changed_file_is_noticed(folder, what):
    manifest = import_records(folder, request(cost(2024, "100")), SITE, NOW)
    assert manifest.file is not None
    digest = {
        "file": manifest.file.sha256,
        "original": manifest.originals[0].sha256,
        "rows": manifest.rows_sha256,
    }[what]
    path = next(folder.path_of(digest).iterdir())
    path.write_bytes(path.read_bytes() + b" ")
    checked = verify_records(folder)
    assert isinstance(checked[0].error, VerificationError)
    with pytest.raises(VerificationError):
        load_records(folder)


def test_stored_rows_of_another_file_are_noticed(folder):
    """Rows and manifest forged together, consistently: only reading the original again shows it."""
    honest = import_records(folder, request(cost(2024, "100")), SITE, NOW)
    other = RecordsFolder(folder.root.with_name("other"))
    forged_rows = import_records(other, request(cost(2024, "50")), SITE, NOW)
    with folder.writing():
        folder.put(other.get(forged_rows.rows_sha256), ".json")
    forged = replace(honest, rows_sha256=forged_rows.rows_sha256)
    (folder.root / "imports" / f"000001.{honest.sha256}.json").unlink()
    (folder.root / "imports" / f"000001.{forged.sha256}.json").write_bytes(forged.encode())
    assert load_records(folder).operating_cost[0].row.material == 50
    error = verify_records(folder)[0].error
    assert error is not None
    assert "no longer gives the stored rows" in error.en


def test_reading_again_uses_the_zone_of_the_import(folder):
    # 13:20 in Shanghai: read in another zone it would be another instant.
    row = ("*", "2024-03-05 13:20", "2024-03-05 15:05", "UPS")
    import_records(folder, request(csv_of("outages", [row]), "outages", originals={}), SITE, NOW)
    assert load_records(folder).outages[0].row.start_ms == 1_709_616_000_000
    assert verify_records(folder)[0].error is None


def test_import_of_a_table_version_that_is_not_known_is_refused(folder):
    manifest = import_records(folder, request(cost(2024, "100")), SITE, NOW)
    future = replace(manifest, template=9)
    (folder.root / "imports" / f"000001.{manifest.sha256}.json").unlink()
    (folder.root / "imports" / f"000001.{future.sha256}.json").write_bytes(future.encode())
    with pytest.raises(VerificationError, match="operating-cost/9"):
        load_records(folder)


def test_two_originals_of_one_name_are_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    paths = [tmp_path / "a" / "x.pdf", tmp_path / "b" / "x.pdf"]
    for path in paths:
        path.write_bytes(b"x")
    with pytest.raises(ConfigError, match="two files are called"):
        named_files(paths)


def test_original_name_is_compared_in_composed_form(tmp_path):
    path = tmp_path / "Re\u0301sume\u0301.pdf"
    path.write_bytes(b"x")
    assert list(named_files([path])) == ["R\u00e9sum\u00e9.pdf"]


@pytest.mark.parametrize("name", ["a;b.pdf", "a；b.pdf", "甲、乙.pdf"])
def test_original_that_no_row_could_name_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ConfigError, match="rename"):
        named_files([tmp_path / name])


def test_file_that_is_absent_or_too_large_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_file(tmp_path / "none.csv")
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(ConfigError, match="larger than 64 MiB"):
        read_file(large)
