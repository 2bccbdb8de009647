"""A real Chromium, cut off from everything but loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from tests.support.chromium import FLAGS, WATCH
from tests.support.prompt import PATIENCE_S
from tests.support.servers import chromium_path

PATIENCE_MS = PATIENCE_S * 1000
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A fresh headless Chromium with an empty profile."""
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(
            executable_path=chromium_path(), args=FLAGS, timeout=PATIENCE_MS
        )
        try:
            yield found
        finally:
            await found.close()


@pytest.fixture
async def new_context(browser: Browser) -> Callable[..., Awaitable[BrowserContext]]:
    """Make further windows, as patient as the first one."""

    async def make(**options: Any) -> BrowserContext:
        made = await browser.new_context(**options)
        made.set_default_timeout(PATIENCE_MS)
        return made

    return make


@pytest.fixture
async def context(new_context: Callable[..., Awaitable[BrowserContext]]) -> BrowserContext:
    """A window of 1920 × 1080 that collects violations of the content security policy."""
    made = await new_context(viewport={"width": 1920, "height": 1080}, color_scheme="dark")
    await made.add_init_script(WATCH)
    return made
