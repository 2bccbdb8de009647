"""`plantproof import` from the template to the list: what a user sees, exit codes, JSON, both languages."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.support.plant_run import folder_of, write_plant
from tests.support.plant_run import invoke as plantproof

PORTS = {"plc-01": 1502}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_plant(tmp_path, PORTS, ["plc-01"], realm="ev")


def fill(path: Path, rows: list[list[object]]) -> None:
    """Fill a template as a user does: below the header, with the example row overwritten."""
    workbook = load_workbook(io.BytesIO(path.read_bytes()))
    sheet = workbook.worksheets[0]
    sheet.delete_rows(2)
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            sheet.cell(number, place).value = value
    workbook.save(path)


def template(tmp_path: Path, table: str) -> Path:
    answer = plantproof("import", "--template", table, "--out", tmp_path, "--json")
    assert answer.code == 0
    return Path(answer.json["data"]["written"][0])


def test_from_the_template_to_the_list(site: Path, tmp_path: Path):
    path = template(tmp_path, "sales")
    assert path.name == "月度销售.xlsx"
    fill(path, [["2024-01", 100.5, "发票.pdf"], ["2024-02", 110, "发票.pdf"]])
    (tmp_path / "发票.pdf").write_bytes(b"%PDF")
    answer = plantproof(
        "import", path, "--plant", site, "--by", "张三", "--original", tmp_path / "发票.pdf"
    )
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("✓ 已导入“月度销售”2 行：第 1 次导入\n")
    assert "原始凭证：发票.pdf" in answer.out
    listed = plantproof("import", "--list", "--plant", site)
    assert "月度销售" in listed.out
    assert "张三" in listed.out
    assert "有效" in listed.out
    verified = plantproof("import", "--verify", "--plant", site)
    assert (verified.code, verified.out) == (0, "✓ 1  原文件与存储的行一致\n")


def test_template_that_exists_is_left_alone(tmp_path: Path):
    path = template(tmp_path, "sales")
    before = path.read_bytes()
    answer = plantproof("import", "--template", "月度销售", "--out", tmp_path)
    assert answer.code == 78
    assert "已存在" in answer.err
    assert path.read_bytes() == before


def test_every_template_in_both_formats(tmp_path: Path):
    for file_format in ("csv", "xlsx"):
        answer = plantproof(
            "import", "--template", "all", "--format", file_format, "--out", tmp_path, "--json"
        )
        assert answer.code == 0
        assert len(answer.json["data"]["written"]) == 21
    assert len(list(tmp_path.iterdir())) == 42


def test_faults_are_shown_at_once_and_nothing_is_taken(site: Path, tmp_path: Path):
    path = template(tmp_path, "sales")
    fill(path, [["2024-01", "1200万元"], ["2024-03", -5], ["合计", 1195]])
    answer = plantproof("import", path, "--plant", site, "--by", "张三")
    assert answer.code == 78
    assert answer.out == ""
    assert (
        "工作表“月度销售” B2（销售额（万元））：错误  数字里带有单位或货币符号：“1200万元”"
        in answer.err
    )
    assert "B3（销售额（万元））：错误  不能为负数：“-5”" in answer.err
    assert "第 4 行：错误  是合计行" in answer.err
    assert answer.err.endswith("共 3 处错误：没有导入任何数据。改正后重新导入。\n")
    assert not list((folder_of(site).records / "imports").iterdir())


def test_faults_as_json_in_english(site: Path, tmp_path: Path):
    path = template(tmp_path, "sales")
    fill(path, [["2024-01", -5]])
    answer = plantproof("import", path, "--plant", site, "--by", "x", "--json", "--lang", "en")
    assert answer.code == 78
    error = answer.json["error"]
    assert error["message"] == "the file has faults, nothing was taken"
    assert [(f["cell"], f["code"], f["severity"], f["seen"]) for f in error["faults"]] == [
        ("B2", "number.negative", "fault", "-5"),
        ("", "file.partly-checked", "warn", ""),
    ]


def test_figures_from_the_records_with_the_numbers_put_in(site: Path, tmp_path: Path):
    head = "批次号,产品,生产日期,生产数量（件）,不良数量（件）\r\n"
    path = tmp_path / "批次.csv"
    path.write_text(head + "1,A,2024-02-01,1000,40\r\n2,A,2025-02-01,1000,30\r\n", encoding="utf-8")
    assert plantproof("import", path, "--plant", site, "--by", "x").code == 0
    periods = ("--after", "2025-01-01..2025-12-31", "--before", "2024-01-01..2024-12-31")
    answer = plantproof("import", "--figures", "--plant", site, *periods)
    assert answer.code == 0
    assert "defect-change  25.00 %  等级 D\n      = 1 − (30 ÷ 1000) ÷ (40 ÷ 1000)\n" in answer.out
    assert "另一读法：百分点之差：1.00 %" in answer.out
    data = plantproof("import", "--figures", "--plant", site, *periods, "--json").json["data"]
    assert next(f for f in data if f["metric"] == "defect-change")["value"] == "1/4"
    overlapping = ("--after", "2024-06-01..2025-12-31", "--before", "2024-01-01..2024-12-31")
    assert plantproof("import", "--figures", "--plant", site, *overlapping).code == 78
    assert plantproof("import", "--figures", "--plant", site).code == 2


def test_many_faults_are_cut_on_the_terminal_and_whole_in_json(site: Path, tmp_path: Path):
    path = tmp_path / "质量批次.csv"
    head = "批次号,产品,生产日期,生产数量（件）,不良数量（件）\r\n"
    path.write_text(
        head + "".join(f"B{n},A,2024-01-01,5,9\r\n" for n in range(150)), encoding="utf-8"
    )
    answer = plantproof("import", path, "--plant", site, "--by", "x", "--lang", "en")
    assert "… 50 more (see --json)" in answer.err
    assert "150 faults: nothing was taken." in answer.err
    everything = plantproof("import", path, "--plant", site, "--by", "x", "--json")
    assert len(everything.json["error"]["faults"]) == 150


def test_replacing_and_withdrawing_keep_the_history(site: Path, tmp_path: Path):
    path = tmp_path / "销售.csv"
    for amount, more in (("100", ()), ("110", ("--replace", "1", "--reason", "漏记一笔"))):
        path.write_text(f"月份,销售额（万元）\r\n2024-01,{amount}\r\n", encoding="gb18030")
        answer = plantproof("import", path, "--plant", site, "--by", "张三", *more)
        assert answer.code == 0, answer.err
    assert "替换第 1 次导入，原因：漏记一笔（旧文件保留）" in answer.out
    gone = plantproof(
        "import", "--withdraw", "2", "--reason", "导错车间", "--by", "李四", "--plant", site
    )
    assert (gone.code, gone.err) == (0, "")
    listed = plantproof("import", "--list", "--plant", site).out
    assert "已被第 2 次导入替换：漏记一笔" in listed
    assert "已撤回（第 3 次）：导错车间" in listed
    data = plantproof("import", "--list", "--plant", site, "--json").json["data"]
    assert [(m["number"], m["in_force"]) for m in data] == [(1, False), (2, False), (3, False)]


def test_check_takes_nothing(site: Path, tmp_path: Path):
    path = tmp_path / "销售.csv"
    path.write_text("月份,销售额（万元）\r\n2024-01,100\r\n", encoding="utf-8")
    answer = plantproof("import", path, "--plant", site, "--check")
    assert answer.code == 0
    assert "仅检查，未导入" in answer.out
    assert not folder_of(site).records.exists()


def test_years_of_the_form_are_checked(site: Path, tmp_path: Path):
    path = tmp_path / "年度.csv"
    path.write_text(
        "年度,销售收入（万元）,利润（万元）,税收（万元）\r\n2022,1,1,1\r\n", encoding="utf-8"
    )
    answer = plantproof("import", path, "--plant", site, "--by", "x", "--years", "2022-2024")
    assert answer.code == 78
    assert "缺少 2023、2024 年" in answer.err
    wrong = plantproof("import", path, "--plant", site, "--by", "x", "--years", "2024-2022")
    assert wrong.code == 78
    assert "2022-2024" in wrong.err


@pytest.mark.parametrize(
    "arguments",
    [(), ("x.csv", "--list"), ("--template", "sales", "--tables")],
    ids=["nothing", "file and list", "template and tables"],
)
def test_one_thing_at_a_time(site: Path, arguments: tuple[str, ...]):
    assert plantproof("import", *arguments, "--plant", site).code == 2


def test_unknown_format_is_a_usage_error(tmp_path: Path):
    assert (
        plantproof("import", "--template", "sales", "--format", "ods", "--out", tmp_path).code == 2
    )


def test_nobody_imports_without_a_name(site: Path, tmp_path: Path):
    path = tmp_path / "销售.csv"
    path.write_text("月份,销售额（万元）\r\n2024-01,100\r\n", encoding="utf-8")
    answer = plantproof("import", path, "--plant", site)
    assert answer.code == 78
    assert "--by" in answer.err


def test_unknown_table_suggests_the_nearest(tmp_path: Path):
    answer = plantproof("import", "--template", "finanse", "--out", tmp_path)
    assert answer.code == 78
    assert "是不是想写 finance ？" in answer.err


def test_changed_folder_is_refused_and_verify_says_so(site: Path, tmp_path: Path):
    path = tmp_path / "销售.csv"
    path.write_text("月份,销售额（万元）\r\n2024-01,100\r\n", encoding="utf-8")
    data = plantproof("import", path, "--plant", site, "--by", "x", "--json").json["data"]
    stored = next((folder_of(site).records / data["file_sha256"]).iterdir())
    stored.write_bytes(stored.read_bytes().replace(b"100", b"900"))
    answer = plantproof("import", "--verify", "--plant", site)
    assert answer.code == 1
    assert answer.out.startswith("✗ 1 ")


def test_simulated_plant_is_marked_everywhere(tmp_path: Path):
    site = write_plant(tmp_path, PORTS, ["plc-01"], realm="sim")
    path = tmp_path / "销售.csv"
    path.write_text("月份,销售额（万元）\r\n2024-01,100\r\n", encoding="utf-8")
    for arguments in ((path, "--check"), (path, "--by", "x"), ("--list",)):
        answer = plantproof("import", *arguments, "--plant", site)
        assert answer.code == 0, answer.err
        assert "模拟数据（simulated）" in answer.out, arguments


def test_tables_are_listed_with_their_purpose():
    answer = plantproof("import", "--tables", "--lang", "en")
    assert answer.code == 0
    assert "operating-cost  operating cost" in answer.out
    data = plantproof("import", "--tables", "--json").json["data"]
    assert len(data) == 21
    cost = next(t for t in data if t["id"] == "operating-cost")
    assert cost["columns"][1] == {
        "field": "working_days",
        "header": "工作日数（天）",
        "kind": "number",
        "unit": "天",
        "required": True,
    }
