"""The fonts of the project hold every character of GBK and the signs that reports use, under a name of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import typst
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[3]
FONTS = ROOT / "reports" / "fonts"
LIMIT_BYTES = 16 * 1024 * 1024
SIGNS = "✓✗●○■□▲△→←↑↓≥≤≠±×÷·…—–‘’“”«»°℃℉µμΩΣ∑√∞²³¹‰№①⑩￥€，。、；：？！（）【】《》％＋－＝喆镕"


def _gbk() -> set[int]:
    """Return the two-byte characters of GBK as Python's own codec knows them."""
    found = set()
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                found.add(ord(bytes((lead, trail)).decode("gbk")))
            except (UnicodeDecodeError, TypeError):
                continue
    return found


def test_regular_font_holds_gbk_ascii_and_signs() -> None:
    gbk = _gbk()
    assert (
        len(gbk) == 21_791
    )  # GBK 1.0 as the WHATWG and Python define it; GBK/GB 18030 forms add the rest
    with TTFont(FONTS / "PlantproofSansSC.otf", lazy=True) as font:
        have = set(font.getBestCmap())
    assert gbk - have == set()
    assert set(range(0x20, 0x7F)) - have == set()
    assert {ord(c) for c in SIGNS} - have == set()
    two_byte = {
        ord(bytes((a, b)).decode("gb18030"))
        for a in range(0x81, 0xA1)
        for b in range(0x40, 0xFF)
        if b != 0x7F
    }
    assert two_byte - have == set()


def test_drawn_signs_have_an_outline() -> None:
    with TTFont(FONTS / "PlantproofSansSC.otf") as font:
        glyphs, names = font.getGlyphSet(), font.getBestCmap()
        for code in (0x2717, 0x2252):
            pen = BoundsPen(glyphs)
            glyphs[names[code]].draw(pen)
            assert pen.bounds is not None
            assert pen.bounds[2] - pen.bounds[0] > 400


def test_fonts_fit_their_budget_and_carry_the_licence() -> None:
    assert sum(path.stat().st_size for path in FONTS.glob("*.otf")) <= LIMIT_BYTES
    text = (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in text
    assert "Adobe" in text


@pytest.mark.parametrize("name", ["PlantproofSansSC.otf", "PlantproofStrongSC.otf"])
def test_font_names_do_not_use_the_original_name(name: str) -> None:
    with TTFont(FONTS / name, lazy=True) as font:
        names = {n.nameID: n.toUnicode() for n in font["name"].names}
    for number in (1, 3, 4, 6):
        assert "Noto" not in names[number]
        assert "Source" not in names[number]
    assert names[1].startswith("Plantproof ")
    assert "SIL Open Font License" in names[13]


def test_web_font_is_a_small_woff2_beside_its_licence() -> None:
    folder = ROOT / "agent" / "web" / "static" / "fonts"
    data = (folder / "plantproof-sans-sc.woff2").read_bytes()
    assert data[:4] == b"wOF2"
    assert len(data) < 2 * 1024 * 1024
    assert (folder / "OFL.txt").read_bytes() == (FONTS / "OFL.txt").read_bytes()


def test_typesetter_sees_two_families_of_the_project() -> None:
    found = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )
    assert sorted(found.families()) == ["Plantproof Sans SC", "Plantproof Strong SC"]
