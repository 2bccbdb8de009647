"""Debian's Chromium draws a page under Playwright."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from tests.support.servers import chromium_path

pytestmark = [pytest.mark.integration, pytest.mark.browser]


def test_chromium_runs_script_and_returns_text() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            page = browser.new_page()
            page.set_content("<p id=a></p><script>a.textContent = 6 * 7</script>")
            assert page.text_content("#a") == "42"
        finally:
            browser.close()
