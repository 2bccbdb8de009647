"""One figure of a case as lines: value, formula with the numbers put in, range, reason, source by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from rich.cells import cell_len

from agent.calc.lines import WIDTH, padded, wrapped
from kpi.bilingual import Bilingual
from kpi.calc.figure import Figure, operand_texts, unit_text
from model.ratio import Undefined

_NAME: Final = 62
"""Columns of a figure's name."""
_LONG: Final = 40
"""An exact fraction of more characters is not printed; it is in the JSON."""
_DEEP: Final = "      "


@dataclass(slots=True)
class FigurePrinter:
    """Prints figures in a language, numbering their sources as they come."""

    language: str
    thresholds: Mapping[str, Fraction]
    """By the name of a figure: its text then compares with them as the number does (kpi-audit U13)."""
    sources: dict[str, int] = field(default_factory=dict)
    """Number of each source printed so far."""

    def say(self, zh: str, en: str) -> str:
        """Return the text in the language of the page."""
        return Bilingual(zh, en).of(self.language)

    def lines(self, figures: Sequence[Figure]) -> Iterator[str]:
        """Yield the lines of figures."""
        for figure in figures:
            yield from self._figure(figure)

    def value(self, f: Figure) -> str:
        """Return the value, a ratio with its exact fraction."""
        if isinstance(f.value, Undefined):
            return "—"
        exact = str(f.value)
        shown = unit_text(f.value, f.unit, self.thresholds.get(f.name))
        if not f.exact or len(exact) > _LONG or f.unit not in ("1", ""):
            return shown
        return f"{shown} = {exact}"

    def range(self, f: Figure) -> str:
        """Return between what the value is, as far as the case leaves it open."""
        threshold = self.thresholds.get(f.name)
        own = f.value if isinstance(f.value, Fraction) else None
        low = None if f.open_low else f.low if f.low is not None else own
        high = None if f.open_high else f.high if f.high is not None else own
        low_text, high_text = (
            "" if x is None else unit_text(x, f.unit, threshold) for x in (low, high)
        )
        exact = " … ".join("∞" if x is None else str(x) for x in (low, high))
        exact = f" ({exact})" if len(exact) <= 2 * _LONG else ""
        if low is None or high is None:
            text = (
                self.say(f"至多 {high_text}", f"at most {high_text}")
                if high is not None
                else self.say(f"至少 {low_text}，没有上限", f"at least {low_text}, no upper bound")
            )
        else:
            text = self.say(
                f"介于 {low_text} 与 {high_text}", f"between {low_text} and {high_text}"
            )
        why = self.say(f.value.zh, f.value.en) if isinstance(f.value, Undefined) else ""
        return f"{text}{exact}" + (self.say(f"：{why}", f": {why}") if why else "")

    def _figure(self, f: Figure) -> Iterator[str]:
        yield from _headline(f"{f.name}  {self.say(f.zh, f.en)}", self.value(f))
        numbers = [
            f"{o.symbol} {text}"
            for o, text in zip(f.operands, operand_texts(f.operands), strict=True)
        ]
        formula = self.say(f.formula_zh, f.formula_en)
        put_in = self.say("：", ": ") + ", ".join(numbers) if numbers else ""
        number = self.sources.setdefault(f.source, len(self.sources) + 1)
        yield from wrapped(f"{formula}{put_in} [{number}]", _DEEP)
        if f.bounded:
            yield from wrapped(self.range(f), _DEEP)
        elif isinstance(f.value, Undefined):
            yield from wrapped(self.say(f.value.zh, f.value.en), _DEEP)
        for listed in f.lists:
            if listed.ids:
                name = self.say(listed.zh, listed.en)
                yield from wrapped(f"{name}: {', '.join(listed.ids)}", _DEEP, _DEEP + "  ")
        note = self.say(f.note_zh, f.note_en)
        if note:
            yield from wrapped(note, _DEEP)


def _headline(name: str, value: str) -> Iterator[str]:
    """Yield name and value on one line if they fit, else the value at the right of the next."""
    lines = list(wrapped(name, "  ", "    "))
    last = padded(lines[-1] + "  ", _NAME) + value
    if cell_len(last) <= WIDTH:
        yield from (*lines[:-1], last)
    else:
        yield from (*lines, padded(value, WIDTH, right=True))
