"""Pages, headers, languages and downloads through the test client."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from agent.web.app import create_app
from agent.web.guard import CONTENT_SECURITY_POLICY
from agent.web.view import view
from tests.support.board import EV_ORIGIN, FakeBoard, early, full
from tests.support.pages import PageClient

ZH_BAND = "模拟数据 SIMULATED — 不得用于认定申报"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "cq18.pdf").write_bytes(b"%PDF-1.7 x")
    (reports / "cq18.zip").write_bytes(b"PK" + b"x" * 3000)
    (reports / "notes.py").write_text("secret")
    (reports / ".hidden.pdf").write_bytes(b"x")
    (tmp_path / "outside.pdf").write_bytes(b"outside")
    (reports / "link.pdf").symlink_to(tmp_path / "outside.pdf")
    os.utime(reports / "cq18.pdf", (1_795_185_668, 1_795_185_668))
    os.utime(reports / "cq18.zip", (1_795_185_600, 1_795_185_600))
    return reports


@pytest.fixture
def client(folder: Path) -> PageClient:
    return PageClient(create_app(FakeBoard(full()), reports=folder))


def _boot(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="boot">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_board_page_is_rendered_with_the_state_in_it(client: PageClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert '<html lang="zh-CN"' in page.text
    for part in (
        "一号车间 · 设备联网看板",
        "93.62",
        "五轴加工中心",
        "数控装备占生产装备总数的 50 % 以上",
        "未联网",
    ):
        assert part in page.text
    boot = _boot(page.text)
    assert boot["lang"] == "zh-CN"
    assert boot["board"] == view(full())


def test_board_page_of_the_first_seconds_shows_dashes(tmp_path: Path) -> None:
    client = PageClient(create_app(FakeBoard(early())))
    page = client.get("/").text
    assert (
        page.count('<b data-f="text">—</b>') == 6 + 2
    )  # six cards and the two markups for new ones
    assert "93.62" not in page


@pytest.mark.parametrize("path", ["/", "/reports", "/nowhere", "/?lang=en", "/reports?lang=en"])
def test_simulated_banner_is_on_every_page_and_only_the_origin_removes_it(path: str) -> None:
    simulated = PageClient(create_app(FakeBoard(full()))).get(path).text
    assert 'class="simulated"' in simulated
    assert "模拟数据 SIMULATED" in simulated
    real = PageClient(create_app(FakeBoard(full(EV_ORIGIN)))).get(path).text
    assert 'class="simulated"' not in real


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/reports",
        "/nowhere",
        "/api/board",
        "/api/kpi/none",
        "/healthz",
        "/static/board.css",
        "/static/js/board.js",
    ],
)
def test_every_answer_carries_the_guard_headers(client: PageClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "set-cookie" not in headers


def test_policy_allows_no_inline_script_or_style_and_no_other_host() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert not re.search(r"https?:|\*|unsafe-eval", CONTENT_SECURITY_POLICY)


@pytest.mark.parametrize("path", ["/", "/reports", "/?lang=en"])
def test_pages_have_no_inline_script_or_style(client: PageClient, path: str) -> None:
    page = client.get(path).text
    assert re.findall(r"<style|\sstyle=|\son\w+=", page) == []
    for attributes in re.findall(r"<script([^>]*)>", page):
        assert "src=" in attributes or 'type="application/json"' in attributes


def test_state_with_markup_is_escaped(tmp_path: Path) -> None:
    board = full()
    evil = '</script><script>alert(1)</script>"'
    client = PageClient(create_app(FakeBoard(replace(board, site=replace(board.site, name=evil)))))
    page = client.get("/").text
    assert "<script>alert" not in page
    assert _boot(page)["board"]["site"]["name"] == evil


def test_language_comes_from_the_query_then_the_cookie_then_the_default(client: PageClient) -> None:
    assert '<html lang="zh-CN"' in client.get("/", headers={"accept-language": "en"}).text
    english = client.get("/?lang=en")
    assert '<html lang="en"' in english.text
    assert "lang=en" in english.headers["set-cookie"]
    assert "samesite=strict" in english.headers["set-cookie"].lower()
    assert '<html lang="en"' in client.get("/").text  # the client keeps the cookie
    assert '<html lang="zh-CN"' in client.get("/?lang=zh-CN").text
    assert '<html lang="zh-CN"' in client.get("/?lang=<script>").text


def test_default_language_can_be_english() -> None:
    client = PageClient(create_app(FakeBoard(full()), language="en"))
    assert '<html lang="en"' in client.get("/").text


@pytest.mark.parametrize(
    ("cookie", "attribute"),
    [("light", 'data-theme="light"'), ("dark", 'data-theme="dark"'), ("x", "")],
)
def test_theme_cookie_sets_the_theme(client: PageClient, cookie: str, attribute: str) -> None:
    client.cookies.set("theme", cookie)
    first = client.get("/").text.split("<head>")[0]
    assert attribute in first
    assert attribute or "data-theme" not in first


def test_foreign_host_names_are_refused(client: PageClient) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"host": "localhost:8080"}).status_code == 200
    named = PageClient(create_app(FakeBoard(full()), hosts=["board.plant"]))
    assert named.get("/", headers={"host": "board.plant"}).status_code == 200
    assert named.get("/").status_code == 400


def test_interactive_documentation_is_off(client: PageClient) -> None:
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


def test_no_route_changes_anything(folder: Path) -> None:
    app = create_app(FakeBoard(full()), reports=folder)
    assert {m for route in app.routes if isinstance(route, APIRoute) for m in route.methods} == {
        "GET"
    }


def test_api_board_is_the_view(client: PageClient) -> None:
    answer = client.get("/api/board")
    assert answer.json() == view(full())
    assert answer.headers["cache-control"] == "no-store"


def test_api_kpi_explains_or_says_404(client: PageClient) -> None:
    assert client.get("/api/kpi/upload_rate").json()["algorithm"] == "upload-rate/1"
    missing = client.get("/api/kpi/nothing")
    assert missing.status_code == 404
    assert missing.json() == {"error": {"code": 404}}


def test_healthz_tells_the_sequence(client: PageClient) -> None:
    assert client.get("/healthz").json() == {"ok": True, "seq": 1, "simulated": True}


def test_reports_are_listed_newest_first_with_site_time(client: PageClient) -> None:
    page = client.get("/reports").text
    names = re.findall(r'<th scope="row" class="mono">([^<]+)', page)
    assert names == ["cq18.pdf", "cq18.zip"]
    assert "2026-11-20 22:41" in page
    assert "3 KiB" in page


def test_reports_page_without_folder_says_so() -> None:
    client = PageClient(create_app(FakeBoard(full())))
    assert "还没有报告" in client.get("/reports").text
    assert client.get("/reports/cq18.pdf").status_code == 404


def test_download_is_an_attachment(client: PageClient) -> None:
    answer = client.get("/reports/cq18.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="cq18.zip"'
    assert len(answer.content) == 3002


@pytest.mark.parametrize(
    "name",
    [
        "notes.py",
        ".hidden.pdf",
        "link.pdf",
        "..%2foutside.pdf",
        "%2e%2e/outside.pdf",
        "missing.pdf",
        "cq18.pdf%00",
    ],
)
def test_download_of_anything_else_is_404(client: PageClient, name: str) -> None:
    assert client.get(f"/reports/{name}").status_code == 404


def test_vendored_files_are_cached_for_ever_and_own_files_are_checked_each_time(
    client: PageClient,
) -> None:
    assert "immutable" in client.get("/static/vendor/echarts-6.1.0.min.js").headers["cache-control"]
    assert client.get("/static/js/board.js").headers["cache-control"] == "no-cache"
