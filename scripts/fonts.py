"""Make the fonts of the report and of the board from the Debian package fonts-noto-cjk.

Run `python scripts/fonts.py` after `apt-get install fonts-noto-cjk`, with fonttools and brotli installed. Writes
- reports/fonts/PlantproofSansSC.otf: every character of GBK (GB 18030, two bytes) and the signs;
- reports/fonts/PlantproofStrongSC.otf: GB 2312 and the signs, a family of its own ("Plantproof Strong SC"), so
  that a rare character of a bold line falls back to Regular;
- agent/web/static/fonts/plantproof-sans-sc.woff2: GB 2312, for panels without any Chinese font.
All are subsets of the SC face of Noto Sans CJK (SIL Open Font License 1.1), renamed because a modified version should
not carry the original name.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from fontTools import subset
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.ttLib import TTCollection, TTFont

SOURCE = Path("/usr/share/fonts/opentype/noto")
ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "reports" / "fonts"
WEB = ROOT / "agent" / "web" / "static" / "fonts" / "plantproof-sans-sc.woff2"
FAMILY = "Plantproof Sans SC"
STRONG = "Plantproof Strong SC"
FACE = "Noto Sans CJK SC"
LIMIT_BYTES = 16 * 1024 * 1024

SIGNS = (
    (0x20, 0x7E),  # ASCII
    (0xA0, 0x17F),  # Latin-1 and Latin Extended-A: units, names
    (0x370, 0x3FF),  # Greek
    (0x2000, 0x206F),  # dashes, quotation marks, spaces
    (0x2070, 0x209F),  # superscripts and subscripts
    (0x20A0, 0x20BF),  # currency
    (0x2100, 0x218F),  # letter-like: degree Celsius, number sign; fractions, Roman numerals
    (0x2190, 0x21FF),  # arrows
    (0x2200, 0x22FF),  # mathematics
    (0x2300, 0x23FF),  # technical
    (0x2460, 0x24FF),  # circled numbers
    (0x2500, 0x25FF),  # boxes, blocks, geometric shapes
    (0x2600, 0x27BF),  # signs, check marks
    (0x3000, 0x303F),  # CJK punctuation
    (0x3200, 0x33FF),  # enclosed and squared units
    (0xFE30, 0xFE4F),  # CJK compatibility forms
    (0xFF00, 0xFFEF),  # full-width forms
)


def charset(codec: str) -> set[int]:
    """Return every character that the two-byte `codec` can write."""
    found = set()
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                text = bytes((lead, trail)).decode(codec)
            except UnicodeDecodeError:
                continue
            if len(text) == 1 and not 0xE000 <= ord(text) < 0xF900:
                found.add(ord(text))
    return found


def face(collection: Path, wanted: set[int]) -> TTFont:
    """Return the SC face of a font collection, its character map filled from the other faces where it lacks one.

    The faces share their glyphs, so a borrowed mapping needs no drawing.
    """
    fonts = TTCollection(str(collection), lazy=True).fonts
    chosen = next((f for f in fonts if f["name"].getDebugName(1) == FACE), None)
    if chosen is None:
        raise SystemExit(f"{collection}: no face named {FACE}; install fonts-noto-cjk")
    for other in fonts:
        borrowed = other.getBestCmap()
        for table in chosen["cmap"].tables:
            if table.isUnicode() and table.format in {4, 12}:
                for code in wanted:
                    if code in borrowed and code not in table.cmap:
                        table.cmap[code] = borrowed[code]
    return chosen


def cross() -> list[list[tuple[int, int]]]:
    """Return the outline of U+2717 in a 1000-unit box: two crossed strokes, 96 units wide."""
    arm, half, x, y = 290, 68, 500, 380  # half = stroke width / sqrt 2
    return [
        [
            (x - arm, y + arm - half),
            (x - half, y),
            (x - arm, y - arm + half),
            (x - arm + half, y - arm),
            (x, y - half),
            (x + arm - half, y - arm),
            (x + arm, y - arm + half),
            (x + half, y),
            (x + arm, y + arm - half),
            (x + arm - half, y + arm),
            (x, y + half),
            (x - arm + half, y + arm),
        ]
    ]


def nearly() -> list[list[tuple[int, int]]]:
    """Return the outline of U+2252 in a 1000-unit box: two bars, a dot above left and one below right."""

    def box(x: int, y: int, width: int, height: int) -> list[tuple[int, int]]:
        return [(x, y), (x, y + height), (x + width, y + height), (x + width, y)]

    return [
        box(80, 450, 840, 72),
        box(80, 238, 840, 72),
        box(190, 622, 110, 110),
        box(700, 28, 110, 110),
    ]


DRAWN = {0x2717: cross(), 0x2252: nearly()}
"""Characters that no face of the source has and that we need: drawn here, in place of unused weather signs."""


def draw(font: TTFont) -> None:
    """Put the drawn characters into the glyphs of signs that nobody needs (the last ones of U+2600–26FF)."""
    have = font.getBestCmap()
    spare = [
        code
        for code in sorted(have)
        if 0x2600 <= code <= 0x26FF and code not in {0x2605, 0x2606, 0x2640, 0x2642}
    ]
    glyphs = font.getGlyphSet()
    strings = font["CFF "].cff.topDictIndex[0].CharStrings
    for (code, outline), victim in zip(DRAWN.items(), reversed(spare), strict=False):
        name = have[victim]
        pen = T2CharStringPen(1000, glyphs)
        for contour in outline:
            pen.moveTo(contour[0])
            for point in contour[1:]:
                pen.lineTo(point)
            pen.closePath()
        old = strings[name]
        new = pen.getCharString(private=old.private, globalSubrs=old.globalSubrs)
        old.program, old.bytecode = new.program, None
        font["hmtx"][name] = (1000, min(x for contour in outline for x, _ in contour))
        for table in font["cmap"].tables:
            if table.isUnicode() and table.format in {4, 12}:
                table.cmap.pop(victim, None)
                table.cmap[code] = name


def rename(font: TTFont, family: str, weight: int) -> None:
    """Give the font our family name; copyright and licence stay."""
    names = font["name"]
    copyright_, licence = names.getDebugName(0), names.getDebugName(13)
    postscript = family.replace(" ", "")
    names.names = []
    for number, text in {
        0: copyright_,
        1: family,
        2: "Regular",
        3: f"1.000;PLANTPROOF;{postscript}",
        4: family,
        5: "Version 1.000",
        6: postscript,
        10: "Subset of the SC face of Noto Sans CJK, renamed.",
        13: licence,
        14: "https://openfontlicense.org",
    }.items():
        names.setName(text, number, 3, 1, 0x409)
    cff = font["CFF "].cff
    cff.fontNames = [postscript]
    top = cff.topDictIndex[0]
    top.FamilyName, top.FullName, top.Weight = family, family, "Regular"
    font["OS/2"].usWeightClass = weight


def build(collection: Path, family: str, weight: int, wanted: set[int], target: Path) -> set[int]:
    """Write the renamed subset and return the characters in it."""
    font = face(collection, wanted)
    options = subset.Options()
    options.layout_features = [
        "kern",
        "mark",
        "mkmk",
        "ccmp",
    ]  # the face is SC: no other local forms
    options.name_IDs = ["*"]
    options.name_languages = [0x409]
    options.notdef_outline = True
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "DSIG"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    draw(font)
    rename(font, family, weight)
    font.recalcTimestamp = False  # the same package gives the same bytes
    font["head"].modified = font["head"].created
    if target.suffix == ".woff2":
        font.flavor = "woff2"
    target.parent.mkdir(parents=True, exist_ok=True)
    font.save(target)
    return set(font.getBestCmap())


def main() -> int:
    """Write the fonts and print what is in them; 1 if one lacks a character of its code set or they are too big."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=SOURCE)
    source = parser.parse_args().source
    signs = {c for first, last in SIGNS for c in range(first, last + 1)}
    total = missing = 0
    for style, family, weight, codec, target in (
        ("Regular", FAMILY, 400, "gb18030", TARGET / "PlantproofSansSC.otf"),
        ("Bold", STRONG, 700, "gb2312", TARGET / "PlantproofStrongSC.otf"),
        ("Regular", FAMILY, 400, "gb2312", WEB),
    ):
        core = charset(codec)
        have = build(source / f"NotoSansCJK-{style}.ttc", family, weight, core | signs, target)
        data = target.read_bytes()
        total += len(data) if target.parent == TARGET else 0
        missing += len(core - have)
        print(
            f"{target.name}: {len(have)} characters, {codec} {len(core & have)}/{len(core)}, {len(data)} bytes, "
            f"sha256 {hashlib.sha256(data).hexdigest()}"
        )
        for code in sorted(core - have):
            print(f"  not in the source font: U+{code:04X}")
    print(f"reports/fonts: {total} bytes, limit {LIMIT_BYTES}")
    return 1 if missing or total > LIMIT_BYTES else 0


if __name__ == "__main__":
    sys.exit(main())
