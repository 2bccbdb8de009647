"""The PDF: same bytes, right pages, the band that nothing removes, a missing glyph named."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import pytest

from model.errors import PermanentError
from reports.build import build_pdf, checkpoint_qr
from reports.content import content
from reports.model import Attachment, Measured, ReportData
from reports.words import Text
from tests.support.board import EV_ORIGIN, ROOT, SIM_ORIGIN
from tests.support.sample_report import note, sample
from tests.support.servers import require

BAND = "模拟数据SIMULATED—不得用于认定申报"
BAND_WORDS = {"模拟数据", "SIMULATED", "—", "不得用于认定申报"}


def _pages(pdf: bytes, tmp_path: Path) -> list[str]:
    """Return the text of every page without blanks, as pdftotext of poppler reads it."""
    text = _pdftotext(pdf, tmp_path).decode()
    return [re.sub(r"\s", "", page) for page in text.split("\f")[:-1]]


def _pdftotext(pdf: bytes, tmp_path: Path, *options: str) -> bytes:
    tool = require("pdftoppm").with_name("pdftotext")
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    return subprocess.run(
        [tool, "-enc", "UTF-8", *options, path, "-"], capture_output=True, check=True
    ).stdout


@pytest.fixture(scope="module")
def simulated_pdf() -> bytes:
    return build_pdf(sample())


def test_pdf_is_byte_identical_on_a_second_run_and_in_another_process(simulated_pdf: bytes) -> None:
    assert build_pdf(sample()) == simulated_pdf
    code = (
        "import hashlib, sys\n"
        "from reports.build import build_pdf\n"
        "from tests.support.sample_report import sample\n"
        "sys.stdout.write(hashlib.sha256(build_pdf(sample())).hexdigest())\n"
    )
    root = Path(__file__).resolve().parents[3]
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, check=True, text=True
    ).stdout
    assert found == hashlib.sha256(simulated_pdf).hexdigest()


def test_pdf_says_pdfa3b_and_carries_the_data(simulated_pdf: bytes) -> None:
    assert simulated_pdf.startswith(b"%PDF-1.7")
    assert re.search(rb"<pdfaid:part>3</pdfaid:part>", simulated_pdf)
    assert re.search(rb"<pdfaid:conformance>B</pdfaid:conformance>", simulated_pdf)
    assert b"report-data.json" in simulated_pdf


def test_simulated_report_has_the_band_twice_on_every_page(
    simulated_pdf: bytes, tmp_path: Path
) -> None:
    pages = _pages(simulated_pdf, tmp_path)
    assert len(pages) >= 6
    for number, page in enumerate(pages, 1):
        assert page.count(BAND) == 2, f"page {number}"


def test_evidence_report_has_no_band(tmp_path: Path) -> None:
    text = "".join(_pages(build_pdf(sample(EV_ORIGIN)), tmp_path))
    assert "SIMULATED" not in text
    assert EV_ORIGIN in text


def test_band_comes_from_the_origin_alone() -> None:
    assert "simulated" not in {f.name for f in fields(ReportData)}
    for origin in (SIM_ORIGIN, "", "EV/x/y/1", "evil/x/y/1", "demo/x/y/1"):
        data = sample()
        assert replace(data, log=replace(data.log, origin=origin)).simulated, origin
    assert not sample(EV_ORIGIN).simulated


def test_every_page_prints_origin_size_and_page_number(
    simulated_pdf: bytes, tmp_path: Path
) -> None:
    pages = _pages(simulated_pdf, tmp_path)
    for number, page in enumerate(pages, 1):
        assert SIM_ORIGIN in page
        assert "第83,520条" in page
        assert f"第{number}页/共{len(pages)}页" in page


def test_report_prints_root_verdicts_grades_and_what_it_cannot_prove(
    simulated_pdf: bytes, tmp_path: Path
) -> None:
    text = "".join(_pages(simulated_pdf, tmp_path))
    assert ROOT in text
    for part in (
        "达标",
        "未达标",
        "无定论",
        "点值达标",
        "无法判定",
        "未评价",
        "本报告不能证明的事项",
        "839/896",
        "须由企业提交材料",
    ):
        assert part in text, part
    assert "不能证明首次锚定之前账本未被整体重建" in text
    assert "不能证明电表B的倍率与铭牌一致" in text  # added by the data
    assert "次日08:00" in text  # a shift over midnight


def test_report_prints_bounds_of_missing_data_beside_the_value(
    simulated_pdf: bytes, tmp_path: Path
) -> None:
    text = "".join(_pages(simulated_pdf, tmp_path))
    assert "[68.00%,不限]" in text  # a counter without a highest rate
    assert "[2.00%,2.30%]" in text
    assert "[57.00%,59.00%]" in text
    assert "方括号为缺失数据留下的最小值与最大值" in text


def test_report_prints_products_gaps_ratios_carriers_loops_and_imports(
    simulated_pdf: bytes, tmp_path: Path
) -> None:
    text = "".join(_pages(simulated_pdf, tmp_path))
    for part in (
        "壳体-A",
        "90–120s",  # the ideal cycle of pieces whose product is not known
        "漏计上限",
        "不计入分产品OEE的设备：insp-02",
        "关键工序数控化率（按设备）75.00%100.00%3/3",
        "没有登记的生产装备",  # a ratio with nothing below its line says why
        "0.005067kgce/件",
        "隔离1、清零2",
        "gb-t-2589-2020-annex-a",
        "tic-101",
        "运营成本-建设前.xlsx",
    ):
        assert part in text, part


def test_bounds_that_differ_are_never_written_alike() -> None:
    """67.6329 % and 67.6330 % both round to 67.63 %: places are added until they differ."""
    data = sample()
    row = next(r for r in data.kpis if r.algorithm == "oee/2")
    close = Measured(
        value=Fraction(676_329, 10**6), low=Fraction(676_329, 10**6), high=Fraction(676_330, 10**6)
    )
    page = content(replace(data, kpis=[replace(row, after=close)]), "zh-CN")
    assert page["kpis"][0]["after"] == "67.63 %\n[67.6329 %, 67.6330 %]"


def test_hours_of_a_loop_are_written_with_one_place() -> None:
    page = content(sample(), "zh-CN")
    assert page["loops"] == [["furnace-01", "tic-101", "500.0", "465.0", "20.0", "5.0", "41"]]


def test_every_method_says_what_it_does_not_prove() -> None:
    page = content(sample(), "zh-CN")
    assert len(page["methods"]) == 12
    assert all(m["limits"].startswith("不能证明") for m in page["methods"])
    assert all(m["name"] != m["algorithm"] for m in page["methods"])


def test_ratios_of_the_registry_are_printed_with_grade_d_and_as_declared() -> None:
    page = content(sample(), "zh-CN")
    assert {r["grade"] for r in page["ratios"]} == {"D"}
    assert "不能证明台账完整" in page["words"]["ratios.lead"]
    assert "“联网”为台账申报，不是实测" in page["words"]["ratios.lead"]


def test_imported_records_are_said_not_to_be_proven() -> None:
    assert "不证明内容属实" in content(sample(), "zh-CN")["words"]["imports.lead"]


def test_english_report_is_complete(tmp_path: Path) -> None:
    text = "".join(_pages(build_pdf(sample(), "en"), tmp_path))
    assert "Whatthisreportcannotprove" in text
    assert "模拟数据SIMULATED—notforanycertification" in text


def test_missing_glyph_is_an_error_that_names_the_character() -> None:
    with pytest.raises(PermanentError) as caught:
        build_pdf(sample(name="一号𠮷车间"))
    for language in ("zh", "en"):
        assert "𠮷" in caught.value.text(language)
        assert "U+20BB7" in caught.value.text(language)


def test_rare_names_of_gbk_are_printed(tmp_path: Path) -> None:
    assert "喆镕车间" in "".join(_pages(build_pdf(sample(name="喆镕车间")), tmp_path))


def test_text_of_the_data_is_never_markup(tmp_path: Path) -> None:
    evil = '#read("report.typ") $x$ *b* <a> \\ "'
    text = "".join(_pages(build_pdf(sample(name=evil)), tmp_path))
    assert re.sub(r"\s", "", evil) in text


def test_attachment_is_embedded_byte_for_byte(tmp_path: Path) -> None:
    tool = require("pdftoppm").with_name("pdfdetach")
    body = bytes(range(256)) * 5
    item = Attachment(
        name="statement.dsse.json",
        media_type="application/json",
        content=body,
        description=Text("声明", "statement"),
    )
    path = tmp_path / "report.pdf"
    path.write_bytes(build_pdf(sample(attachments=(item,))))
    subprocess.run([tool, "-saveall", "-o", tmp_path, path], check=True, capture_output=True)
    assert (tmp_path / "statement.dsse.json").read_bytes() == body
    assert b'"simulated": true' in (tmp_path / "report-data.json").read_bytes()


@pytest.mark.parametrize("name", ["../x.json", "report-data.json", "a b.json", ""])
def test_attachment_with_an_unusable_name_is_refused(name: str) -> None:
    item = Attachment(
        name=name, media_type="application/json", content=b"{}", description=Text("x", "x")
    )
    with pytest.raises(PermanentError, match="attachment"):
        build_pdf(sample(attachments=(item,)))


def test_report_without_baseline_gaps_or_devices_is_still_built(tmp_path: Path) -> None:
    data = replace(
        sample(),
        before=None,
        daily=(),
        gaps=(),
        devices=(),
        findings=(),
        config_changes=(),
        gantt_ms=(0, 0),
    )
    text = "".join(_pages(build_pdf(data), tmp_path))
    assert "无（未做前后对比）" in text
    assert "改造后时期没有数据缺口" in text


def test_qr_holds_body_and_first_signature_line_only() -> None:
    base = note(SIM_ORIGIN, 7, ROOT)
    assert checkpoint_qr(base) == checkpoint_qr(base + "— witness AAAA\n")
    assert checkpoint_qr(base) != checkpoint_qr(note(SIM_ORIGIN, 8, ROOT))


def test_content_orders_gaps_by_time_and_says_how_many_are_left_out() -> None:
    data = sample()
    many = replace(data, gaps=tuple(data.gaps) * 3)
    found = content(many, "en")
    gaps = found["gaps"]
    assert isinstance(gaps, list)
    assert len(gaps) == 30
    assert [row[2] for row in gaps] == sorted(row[2] for row in gaps)
    assert (
        found["gaps_more"]
        == f"{len(data.gaps) * 3 - 30} shorter gaps are not listed; see the bundle."
    )
    assert content(data, "en")["gaps_more"] == ""
    cut = replace(many, gaps_total=100)
    assert content(cut, "en")["gaps_more"] == "70 shorter gaps are not listed; see the bundle."


def test_no_line_runs_over_the_edge_of_the_page(tmp_path: Path) -> None:
    """Long fractions, hashes and names stay inside the type area (A4 is 595 pt wide, margins are 19 mm)."""
    data = sample()
    long = Fraction(10**59 + 1, 10**58 + 3)
    rows = [
        replace(row, before=Measured(value=long), after=Measured(value=long)) for row in data.kpis
    ]
    found = _pdftotext(build_pdf(replace(data, kpis=rows)), tmp_path, "-bbox").decode()
    words = re.findall(r'<word xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)"[^>]*>([^<]*)', found)
    assert len(words) > 500
    margin = (
        19 / 25.4 * 72 - 6
    )  # closing Chinese punctuation may hang into the margin by half a character
    over = [
        text for left, right, text in words if float(left) < margin or float(right) > 595.3 - margin
    ]
    assert {text for text in over if text not in BAND_WORDS} == set()


def test_copied_hashes_carry_no_invisible_characters(simulated_pdf: bytes, tmp_path: Path) -> None:
    text = _pdftotext(simulated_pdf, tmp_path).decode()
    assert re.findall("[\u200b-\u200f\u2060\ufeff\u00ad]", text) == []
