"""The board as a browser shows it: live, stale, in two languages and themes, without a word to the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.support.board import ALARM, EV_ORIGIN, early, full
from tests.support.chromium import WATCH, Witness, served

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "build" / "dev" / "axe-core-4.14.1.min.js"
"""Fetched by `scripts/vendor.py --dev`; without it the contrast is computed here."""
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


NewContext = Callable[..., Awaitable[BrowserContext]]


async def violations(page: Page) -> list[str]:
    return await page.evaluate("window.__violations")


async def live(page: Page) -> None:
    await expect(page.locator("body")).to_have_attribute("data-live", "live")


async def test_board_loads_draws_and_asks_nobody_else(context: BrowserContext) -> None:
    witness = Witness()
    async with served() as server:
        page = await context.new_page()
        witness.watch(page)
        await page.goto(server.url)
        await live(page)
        await expect(page.locator('[data-kpi="upload_rate"] [data-f="text"]')).to_have_text("93.62")
        await expect(page.locator(".tile")).to_have_count(9)
        await expect(page.locator(".clause")).to_have_count(11)
        for chart in ("trend", "pareto"):
            box = await page.locator(f"#{chart} canvas").bounding_box()
            assert box is not None
            assert box["width"] > 300
            assert box["height"] > 150
        await page.hover("#trend canvas")  # the tooltip sets style attributes
        await expect(page.locator("#trend")).to_contain_text("%")
        assert await violations(page) == []
    assert witness.hosts == {"127.0.0.1"}
    assert witness.errors == []


async def test_board_fits_a_full_hd_screen_without_scrolling(context: BrowserContext) -> None:
    async with served() as server:
        page = await context.new_page()
        for query in ("", "?lang=en"):
            await page.goto(f"{server.url}/{query}")
            await live(page)
            size = await page.evaluate(
                "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            )
            assert size == [1920, 1080]


async def test_live_values_change_without_reload(context: BrowserContext) -> None:
    async with served() as server:
        page = await context.new_page()
        await page.goto(server.url)
        await live(page)
        await page.evaluate("window.__same = true")
        server.board.publish(full(tick=3))
        await expect(page.locator('[data-kpi="pieces_today"] [data-f="text"]')).to_have_text(
            "7,533"
        )
        await expect(page.locator('[data-dev="cnc-01"] [data-f="good"]')).to_have_text("385 件")
        server.board.publish(replace(full(tick=4), alarms=(ALARM,)))
        await expect(page.locator("#alarms")).to_have_text("冲压机：安全门打开")
        server.board.publish(replace(full(tick=5), devices=full().devices[:4]))
        await expect(page.locator(".tile")).to_have_count(4)
        await expect(page.locator("#alarms")).to_be_hidden()
        assert await page.evaluate("window.__same")


async def test_rate_below_target_turns_red_and_says_so(context: BrowserContext) -> None:
    async with served() as server:
        page = await context.new_page()
        await page.goto(server.url)
        await live(page)
        card = full(tick=1).kpis[0]
        server.board.publish(
            replace(full(tick=1), kpis=(replace(card, value=Fraction(899_999, 10**6)),))
        )
        await expect(page.locator(".kpi")).to_have_count(1)
        await expect(page.locator('[data-kpi="upload_rate"]')).to_have_attribute(
            "data-short", "yes"
        )
        await expect(page.locator('[data-kpi="upload_rate"] [data-f="text"]')).to_have_text(
            "89.9999"
        )
        await expect(page.locator('[data-kpi="upload_rate"] [data-f="note"]')).to_contain_text("差")


async def test_first_seconds_show_dashes_then_fill(context: BrowserContext) -> None:
    witness = Witness()
    async with served(early()) as server:
        page = await context.new_page()
        witness.watch(page)
        await page.goto(server.url)
        await live(page)
        assert await page.locator('.kpi [data-f="text"]').all_text_contents() == ["—"] * 6
        await expect(page.locator("#trend-empty")).to_be_visible()
        await expect(page.locator("#compare-empty")).to_be_visible()
        await expect(page.locator('[data-dev="cnc-01"] [data-f="word"]')).to_have_text("连接中")
        server.board.publish(full(tick=1))
        await expect(page.locator(".pair")).to_have_count(3)
        await expect(page.locator("#trend canvas")).to_be_visible()
        await expect(page.locator("#trend-empty")).to_be_hidden()
    assert witness.errors == []


async def test_language_switch_changes_every_word_and_stays(context: BrowserContext) -> None:
    async with served() as server:
        page = await context.new_page()
        await page.goto(server.url)
        await page.get_by_role("link", name="English").click()
        await live(page)
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await expect(page.locator('[data-dev="press-01"] [data-f="word"]')).to_have_text("Fault")
        await page.goto(f"{server.url}/reports")
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Reports and evidence bundles"
        )


async def test_theme_button_switches_and_stays(context: BrowserContext) -> None:
    async with served() as server:
        page = await context.new_page()
        await page.goto(server.url)
        await live(page)
        dark = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        await page.click("#theme")
        light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark != light
        await page.reload()
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == light
        assert await violations(page) == []


async def test_dead_server_greys_the_board_and_comes_back(context: BrowserContext) -> None:
    async with served() as server:
        page = await context.new_page()
        await page.goto(server.url)
        await live(page)
        await expect(page.locator("#not-now")).to_be_hidden()
        start = asyncio.get_running_loop().time()
        await server.end()
        await expect(page.locator("#not-now")).to_be_visible()
        # A hiccup of a network does not grey the board: that needs some seconds of silence.
        assert asyncio.get_running_loop().time() - start > 2.5
        await expect(page.locator("#not-now")).to_contain_text("不是当前值")
        await expect(page.locator("#live-word")).to_contain_text("秒")
        assert await page.locator("body").get_attribute("data-live") in {"down", "bye"}
        assert (
            await page.evaluate("getComputedStyle(document.querySelector('.columns')).filter")
            == "grayscale(1)"
        )
        server.board.publish(full(tick=9))
        await server.start()
        await live(page)
        await expect(page.locator("#not-now")).to_be_hidden()
        await expect(page.locator('[data-kpi="pieces_today"] [data-f="text"]')).to_have_text(
            "7,539"
        )


async def test_eight_tabs_live_over_one_connection(context: BrowserContext) -> None:
    async with served() as server:
        pages = [await context.new_page() for _ in range(8)]
        for page in pages:
            await page.goto(server.url)
            await live(page)
        server.board.publish(full(tick=7))
        for page in pages:
            await expect(page.locator('[data-kpi="pieces_today"] [data-f="text"]')).to_have_text(
                "7,537"
            )
        assert server.board.waiting == 1
        await pages[0].close()  # the worker lives on in the others
        server.board.publish(full(tick=8))
        for page in pages[1:]:
            await expect(page.locator('[data-kpi="pieces_today"] [data-f="text"]')).to_have_text(
                "7,538"
            )


async def test_board_is_live_without_shared_workers(new_context: NewContext) -> None:
    context = await new_context()
    await context.add_init_script(WATCH + "delete window.SharedWorker;")
    async with served() as server:
        page = await context.new_page()
        await page.goto(server.url)
        await live(page)
        server.board.publish(full(tick=2))
        await expect(page.locator('[data-kpi="pieces_today"] [data-f="text"]')).to_have_text(
            "7,532"
        )
        assert await violations(page) == []


async def test_click_on_a_figure_opens_how_it_was_computed(context: BrowserContext) -> None:
    async with served() as server:
        page = await context.new_page()
        await page.goto(server.url)
        await live(page)
        await page.click('[data-kpi="upload_rate"]')
        dialog = page.locator("#explain")
        await expect(dialog).to_be_visible()
        for part in (
            "4681/5000",
            "upload-rate/1",
            "cnc-01",
            "未计入",
            "2026-11-20 22:41:08",
            "官方文件未给公式",
        ):
            await expect(dialog).to_contain_text(part)
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await page.locator(".clause button").nth(3).click()
        await expect(dialog).to_contain_text("4681/5000")
        await page.click("#explain form button")
        await expect(dialog).to_be_hidden()
        await expect(page.locator(".clause button").first).to_be_disabled()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_board_and_reports_are_accessible(
    new_context: NewContext, theme: str, lang: str, tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(b"x")
    context = await new_context(
        viewport={"width": 1920, "height": 1080}, color_scheme=theme, bypass_csp=True
    )
    async with served(reports=tmp_path) as server:
        page = await context.new_page()
        for path in ("/", "/reports"):
            await page.goto(f"{server.url}{path}?lang={lang}")
            assert await page.evaluate(CONTRAST) == []
            if AXE.is_file():
                await page.add_script_tag(path=AXE)
                found = await page.evaluate(
                    "async (tags) => (await axe.run(document, { runOnly: tags })).violations"
                    ".map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).join(', '))",
                    AXE_TAGS,
                )
                assert found == []


async def test_the_contrast_measure_finds_a_pale_text(browser: Browser) -> None:
    page = await browser.new_page()
    await page.set_content(
        '<body style="background:#fff"><p style="color:#999">pale</p><p>dark</p>'
    )
    (found,) = await page.evaluate(CONTRAST)
    assert "pale" in found
    assert found.endswith("2.85")  # #999 on white by the WCAG formula


@pytest.mark.parametrize("path", ["/", "/reports", "/nowhere"])
async def test_simulated_banner_is_seen_on_every_page(context: BrowserContext, path: str) -> None:
    async with served() as server:
        page = await context.new_page()
        await page.goto(server.url + path)
        banner = page.locator(".simulated")
        await expect(banner).to_be_visible()
        box = await banner.bounding_box()
        assert box is not None
        assert box["width"] == 1920
        server.board.publish(full(EV_ORIGIN, tick=1))
        await page.goto(server.url + path)
        await expect(banner).to_have_count(0)
