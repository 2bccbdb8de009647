"""The result of a case as a page of text: findings, figures, published figures beside ours, what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from agent.calc.figure_lines import FigurePrinter
from agent.calc.lines import WIDTH, table, wrapped
from agent.calc.machine_lines import (
    counter_lines,
    local_time,
    piece_lines,
    slot_lines,
    time_lines,
)
from agent.calc.texts import AGREEMENTS, NEEDS, REACHED, SECTIONS, WEIGHTS
from config.calc.reading import LoadedCase
from kpi.calc.case import CaseResult
from kpi.calc.equipment import EquipmentResult
from kpi.calc.expected import Judged
from kpi.calc.figure import unit_text
from kpi.calc.findings import CaseFinding
from kpi.calc.needs import Need
from kpi.calc.points import PointResult
from kpi.comparison.page import comparison_lines

_HEADLINES: Final = frozenset(
    {
        "iso22400/availability",
        "iso22400/effectiveness",
        "iso22400/quality-factor",
        "iso22400/oee",
        "ours/teep",
        "tpm/availability",
        "tpm/performance",
        "tpm/quality",
        "tpm/oee",
        "semi_e10/oee",
        "vdi3423/technical-availability",
    }
)
"""Figures of a single machine that stands beside a group."""


def page_lines(
    loaded: LoadedCase, result: CaseResult, language: str, *, full: bool = False
) -> list[str]:
    """Return the page of a case, no line wider than 100 columns.

    full: whether every machine of a group gets all its figures, not only the headlines.
    """
    thresholds = {j.figure.name: j.threshold for j in reversed(result.judged)}
    printer = FigurePrinter(language, thresholds)
    return [line.rstrip() for line in _Page(loaded, result, printer, full).lines()]


@dataclass(frozen=True, slots=True)
class _Page:
    loaded: LoadedCase
    result: CaseResult
    printer: FigurePrinter
    full: bool

    def lines(self) -> Iterator[str]:
        """Yield the page line by line."""
        r, local = self.result, local_time(self.loaded.case.zone)
        yield from self._head()
        found = (*self.loaded.findings, *r.findings)
        yield from self._section("findings", self._findings(found))
        if r.equipment is not None:
            machines = r.equipment.sums.machines
            yield from self._section("times", time_lines(machines))
            yield from self._section("pieces", piece_lines(machines, self.printer))
        for counter in r.steps:
            name = " ".join(filter(None, (counter.machine, counter.counter.name)))
            yield from self._section("steps", counter_lines(counter, self.printer, local), name)
        if r.equipment is not None:
            yield from self._equipment(r.equipment)
        yield from self._section("given", self.printer.lines(r.given))
        if r.ratios is not None:
            yield from self._section("ratios", self.printer.lines(r.ratios.figures))
        if r.points is not None:
            yield from self._section("points", self._points(r.points))
        if r.energy is not None:
            yield from self._section("energy", self.printer.lines(r.energy.figures))
        if r.loops is not None:
            yield from self._section("loops", self.printer.lines(r.loops.figures))
        yield from self._section("periods", self._periods())
        yield from self._section("compared", self._compared())
        yield from self._section("judged", self._judged())
        yield from self._section("missing", self._missing())
        yield from self._section("sources", self._sources())

    def _section(self, section: str, lines: Iterable[str], detail: str = "") -> Iterator[str]:
        """Yield a section with its title, nothing if it is empty."""
        inside = list(lines)
        if not inside:
            return
        title = SECTIONS[section].of(self.printer.language)
        yield ""
        yield from wrapped(f"{title} · {detail}" if detail else title)
        yield "-" * WIDTH
        yield from inside

    def _head(self) -> Iterator[str]:
        case, say = self.loaded.case, self.printer.say
        yield from wrapped(say(case.title.zh, case.title.en) if case.title else self.loaded.name)
        if case.source is None:
            return
        parts = filter(None, (case.source.author, case.source.title, case.source.address))
        yield from wrapped(say("来源：", "Source: ") + say("，", ", ").join(parts), "  ", "    ")
        if case.source.read:
            yield from wrapped(say("读到：", "Read: ") + case.source.read, "  ", "    ")

    def _findings(self, findings: Iterable[CaseFinding]) -> Iterator[str]:
        say = self.printer.say
        for f in sorted(findings, key=lambda f: f.place.line or 10**9):
            where = f"{self.loaded.name}:{f.place.line}:{f.place.column} " if f.place.line else ""
            hint = say(f.hint_zh, f.hint_en)
            weight = WEIGHTS[f.weight].of(self.printer.language)
            whole = f"{weight} {where}[{f.name}] {say(f.zh, f.en)}"
            yield from wrapped(whole + (f" ({hint})" if hint else ""), "  ", "    ")

    def _equipment(self, found: EquipmentResult) -> Iterator[str]:
        for one in found.machines:
            shown = one.figures
            if found.group is not None and not self.full:
                shown = tuple(f for f in shown if f.id in _HEADLINES)
            yield from self._section("figures", self.printer.lines(shown), one.machine)
        if found.group is not None:
            name = self.printer.say("全部设备", "all machines")
            yield from self._section("figures", self.printer.lines(found.group.figures), name)

    def _points(self, found: PointResult) -> Iterator[str]:
        yield from self.printer.lines(found.figures)
        yield from slot_lines(found, self.printer, local_time(self.loaded.case.zone))

    def _periods(self) -> Iterator[str]:
        found = self.result.periods
        if found is None:
            return
        yield from self.printer.lines(found.figures)
        zh = self.printer.language.startswith("zh")
        for line in comparison_lines(found.comparison, "zh" if zh else "en"):
            yield from wrapped(line, "  ", "    ")

    def _compared(self) -> Iterator[str]:
        say, rows = self.printer.say, self.result.compared
        if not rows:
            return
        head = (say("指标", "figure"), say("公布值", "published"), say("本计算", "ours"), "")
        told = [
            (c.name, c.published, c.ours or "—", AGREEMENTS[c.agreement].of(self.printer.language))
            for c in rows
        ]
        yield from table([head, *told], frozenset({1, 2}))
        for c in rows:
            if note := say(c.note_zh, c.note_en):
                yield from wrapped(f"{c.name}: {note}", "  ", "    ")

    def _judged(self) -> Iterator[str]:
        for j in self.result.judged:
            yield from wrapped(self._judgement(j), "  ", "    ")

    def _judgement(self, j: Judged) -> str:
        limit = unit_text(j.threshold, j.figure.unit)
        shown = self.printer.value(j.figure).partition(" = ")[0]
        if j.figure.bounded:
            shown = f"{shown}; {self.printer.range(j.figure)}"
        word = REACHED[j.word].of(self.printer.language)
        return f"{j.name} {'≥' if j.at_least else '≤'} {limit}: {word} ({shown})"

    def _missing(self) -> Iterator[str]:
        say, found = self.printer.say, self.result.equipment
        lacking = [m for one in found.machines for m in one.missing] if found is not None else []
        if not lacking and not self.result.figures:
            zh = (
                "案例中没有可计算的内容。可写：time 或 events + calendar，products，counts 或 readings，"
                "devices，points，energy，loops，periods，orders 等。示例：plantproof calc --examples"
            )
            en = (
                "The case holds nothing to compute. Write time or events + calendar, products, counts or "
                "readings, devices, points, energy, loops, periods, orders … "
                "Examples: plantproof calc --examples"
            )
            yield from wrapped(say(zh, en), "  ")
        machines: dict[tuple[frozenset[Need], tuple[str, ...]], list[str]] = {}
        for m in lacking:
            machines.setdefault((m.lacks, m.figures), []).append(m.machine)
        for (lacks, ids), names in machines.items():
            needs = say("；", "; ").join(
                NEEDS[n].of(self.printer.language) for n in NEEDS if n in lacks
            )
            name = f"{', '.join(names)}: " if any(names) else ""
            figures = ", ".join(ids)
            told = say(f"{name}缺 {needs} → {figures}", f"{name}{needs}, for {figures}")
            yield from wrapped(told, "  ", "    ")

    def _sources(self) -> Iterator[str]:
        for source, number in self.printer.sources.items():
            yield from wrapped(f"[{number}] {source}", "  ", "      ")
