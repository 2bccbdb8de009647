"""Make the fonts of the report from the Debian package fonts-noto-cjk.

Run `python scripts/fonts.py` after `apt-get install fonts-noto-cjk`. Writes two files into reports/fonts/:
Plantproof Sans SC Regular with every character of GBK (21 886) and the signs below, and Plantproof Sans SC Bold with
GB 2312. They are subsets of the SC faces of Noto Sans CJK (SIL Open Font License 1.1), renamed because a modified
version must not carry the original name.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

SOURCE = Path("/usr/share/fonts/opentype/noto")
TARGET = Path(__file__).resolve().parent.parent / "reports" / "fonts"
FAMILY = "Plantproof Sans SC"
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


def face(collection: Path) -> TTFont:
    """Return the SC face of a font collection."""
    for font in TTCollection(str(collection), lazy=True).fonts:
        if font["name"].getDebugName(1) == FACE:
            return font
    raise SystemExit(f"{collection}: no face named {FACE}; install fonts-noto-cjk")


def build(collection: Path, style: str, wanted: set[int]) -> tuple[bytes, set[int]]:
    """Return the renamed subset and the characters in it."""
    font = face(collection)
    options = subset.Options()
    options.layout_features = ["kern", "locl", "mark", "mkmk", "ccmp"]
    options.name_IDs = ["*"]
    options.name_languages = [0x409]
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "DSIG"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    names = font["name"]
    licence = names.getDebugName(13)
    copyright_ = names.getDebugName(0)
    names.names = []
    bold = style == "Bold"
    for number, text in {
        0: copyright_,
        1: FAMILY,
        2: style,
        3: f"1.0;PLANTPROOF;PlantproofSansSC-{style}",
        4: f"{FAMILY} {style}",
        5: "Version 1.000",
        6: f"PlantproofSansSC-{style}",
        10: "Subset of the SC face of Noto Sans CJK, renamed.",
        13: licence,
        14: "https://openfontlicense.org",
    }.items():
        names.setName(text, number, 3, 1, 0x409)
    cff = font["CFF "].cff
    cff.fontNames = [f"PlantproofSansSC-{style}"]
    top = cff.topDictIndex[0]
    top.FamilyName, top.FullName, top.Weight = FAMILY, f"{FAMILY} {style}", style
    font["head"].modified = font["head"].created
    font["OS/2"].usWeightClass = 700 if bold else 400
    target = TARGET / f"PlantproofSansSC-{style}.otf"
    font.recalcTimestamp = False
    font.save(target, reorderTables=True)
    return target.read_bytes(), set(font.getBestCmap())


def main() -> int:
    """Write both fonts and print what is in them; 1 if they lack a wanted character of the code set or are too big."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, default=SOURCE)
    source = parser.parse_args().source
    TARGET.mkdir(parents=True, exist_ok=True)
    signs = {c for first, last in SIGNS for c in range(first, last + 1)}
    total = 0
    for style, codec in (("Regular", "gbk"), ("Bold", "gb2312")):
        core = charset(codec)
        data, have = build(source / f"NotoSansCJK-{style}.ttc", style, core | signs)
        missing = sorted(core - have)
        total += len(data)
        print(
            f"{style}: {len(have)} characters, {codec} {len(core & have)}/{len(core)}, {len(data)} bytes, "
            f"sha256 {hashlib.sha256(data).hexdigest()}"
        )
        if missing:
            print("  not in the source font: " + " ".join(f"U+{c:04X}" for c in missing))
    print(f"total {total} bytes, limit {LIMIT_BYTES}")
    return 0 if total <= LIMIT_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
