"""The result of a case as text: each figure with formula, numbers put in, exact fraction, bounds and source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from agent.calc_lines import WIDTH, padded, table, wrapped
from agent.calc_texts import (
    AGREEMENTS,
    COUNTED,
    MARKS,
    NEEDS,
    OUTCOMES,
    REACHED,
    SECTIONS,
    WEIGHTS,
    Words,
    of,
)
from config.calc_reading import LoadedCase
from kpi.calc.case import CaseResult
from kpi.calc.equipment import EquipmentFigures
from kpi.calc.figure import Figure, operand_text, unit_text
from kpi.calc.findings import CaseFinding
from kpi.calc.points import PointResult
from kpi.calc.steps import CounterSteps, Step
from kpi.calc.sums import MachineSums
from kpi.comparison_page import comparison_lines
from kpi.equipment.indicator import Operand
from model.ratio import Undefined
from model.state import Atom

_NAME = 62
"""Columns of a figure's name."""
_LONG = 40
"""An exact fraction longer than this is not printed; it is in the JSON."""


@dataclass(slots=True)
class Page:
    """A page in the making."""

    loaded: LoadedCase
    result: CaseResult
    language: str
    full: bool = False
    """Whether every machine of a group gets all its figures."""
    _sources: dict[str, int] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield the page line by line, none wider than WIDTH columns but a single long word."""
        yield from self._head()
        yield from self._findings()
        yield from self._equipment()
        yield from self._steps()
        result = self.result
        yield from self._section("given", result.given)
        if result.ratios is not None:
            yield from self._section("ratios", result.ratios.figures)
        if result.points is not None:
            yield from self._section("points", result.points.figures)
            yield from self._slots(result.points)
        if result.energy is not None:
            yield from self._section("energy", result.energy.figures)
        if result.loops is not None:
            yield from self._section("loops", result.loops.figures)
        yield from self._periods()
        yield from self._compared()
        yield from self._judged()
        yield from self._missing()
        yield from self._source_list()

    def _say(self, words: Words) -> str:
        return of(words, self.language)

    def _title(self, section: str, detail: str = "") -> Iterator[str]:
        yield ""
        title = self._say(SECTIONS[section]) + (f" · {detail}" if detail else "")
        yield title
        yield "-" * WIDTH

    def _head(self) -> Iterator[str]:
        case = self.loaded.case
        title = self._say((case.title.zh, case.title.en)) if case.title else self.loaded.name
        yield from wrapped(title)
        if case.source is not None:
            named = "，" if self.language == "zh" else ", "
            parts = [p for p in (case.source.author, case.source.title, case.source.address) if p]
            yield from wrapped(self._say(("来源：", "Source: ")) + named.join(parts), "  ", "    ")
            if case.source.read:
                read = self._say(("读到：", "Read: ")) + case.source.read
                yield from wrapped(read, "  ", "    ")

    def _findings(self) -> Iterator[str]:
        found = [*self.loaded.findings, *self.result.findings]
        if not found:
            return
        yield from self._title("findings")
        for finding in sorted(found, key=lambda f: f.place.line or 10**9):
            yield from self._finding(finding)

    def _finding(self, found: CaseFinding) -> Iterator[str]:
        where = (
            f"{self.loaded.name}:{found.place.line}:{found.place.column} "
            if found.place.line
            else ""
        )
        text = self._say((found.zh, found.en))
        hint = self._say((found.hint_zh, found.hint_en))
        whole = f"{self._say(WEIGHTS[found.weight])} {where}[{found.name}] {text}"
        yield from wrapped(whole + (f" ({hint})" if hint else ""), "  ", "    ")

    def _equipment(self) -> Iterator[str]:
        found = self.result.equipment
        if found is None:
            return
        yield from self._times(found.sums.machines)
        yield from self._pieces(found.sums.machines)
        for one in found.machines:
            shown = one.figures
            if found.group is not None and not self.full:
                shown = tuple(f for f in shown if f.id in _HEADLINES)
            yield from self._schools(one.machine, shown)
        if found.group is not None:
            yield from self._schools(self._say(("全部设备", "all machines")), found.group.figures)

    def _schools(self, machine: str, figures: Sequence[Figure]) -> Iterator[str]:
        if not figures:
            return
        yield from self._title("figures", machine)
        for figure in figures:
            yield from self._figure(figure)

    def _section(self, section: str, figures: Sequence[Figure]) -> Iterator[str]:
        if not figures:
            return
        yield from self._title(section)
        for figure in figures:
            yield from self._figure(figure)

    def _figure(self, f: Figure) -> Iterator[str]:
        head = f"{f.name}  {self._say((f.zh, f.en))}"
        yield from _headline(head, self._value(f))
        formula = self._say((f.formula_zh, f.formula_en))
        numbers = ", ".join(_put_in(o) for o in f.operands)
        number = self._sources.setdefault(f.source, len(self._sources) + 1)
        yield from wrapped(
            f"{formula}{'：' if self.language == 'zh' else ': '}{numbers}  [{number}]"
            if numbers
            else f"{formula}  [{number}]",
            "      ",
        )
        if isinstance(f.value, Undefined) and not f.bounded:
            yield from wrapped(self._say((f.value.zh, f.value.en)), "      ")
        if f.bounded:
            yield from wrapped(self._range(f), "      ")
        for listed in f.lists:
            if listed.ids:
                name = self._say((listed.zh, listed.en))
                yield from wrapped(f"{name}: {', '.join(listed.ids)}", "      ", "        ")
        note = self._say((f.note_zh, f.note_en))
        if note:
            yield from wrapped(note, "      ")

    def _value(self, f: Figure) -> str:
        if isinstance(f.value, Undefined):
            return "—"
        exact = str(f.value)
        shown = unit_text(f.value, f.unit, self._threshold(f))
        if not f.exact or len(exact) > _LONG or f.unit not in ("1", ""):
            return shown
        return f"{shown} = {exact}"

    def _threshold(self, f: Figure) -> Fraction | None:
        """Return the first threshold that the case has for a figure, so that text and verdict agree (U13)."""
        return next((j.threshold for j in self.result.judged if j.figure.name == f.name), None)

    def _range(self, f: Figure) -> str:
        low, high = (
            None if x is None else unit_text(x, f.unit, self._threshold(f)) for x in (f.low, f.high)
        )
        if isinstance(f.value, Fraction):
            own = unit_text(f.value, f.unit)
            low = low if low is not None or f.open_low else own
            high = high if high is not None or f.open_high else own
        exact = " … ".join("∞" if x is None else str(x) for x in (f.low, f.high))
        if low is None or high is None:
            if high is not None:
                return self._say((f"至多 {high}（{exact}）", f"at most {high} ({exact})"))
            text = self._say((f"至少 {low}，没有上限", f"at least {low}, not bounded above"))
            return f"{text} ({exact})"
        why = self._undecided(f)
        between = self._say(
            (f"介于 {low} 与 {high}（{exact}）", f"between {low} and {high} ({exact})")
        )
        return f"{between}{why}"

    def _undecided(self, f: Figure) -> str:
        if not isinstance(f.value, Undefined):
            return ""
        return self._say((f"：{f.value.zh}", f": {f.value.en}"))

    def _times(self, machines: Sequence[MachineSums]) -> Iterator[str]:
        timed = [m for m in machines if m.machine.time is not None or m.machine.spans]
        if not timed:
            return
        yield from self._title("times")
        for m in timed:
            atoms = m.machine.time.atoms if m.machine.time is not None else m.variants[0].atoms
            parts = [f"{a.value} {_time(atoms[a])}" for a in Atom if atoms[a]]
            if m.machine.time is not None:
                parts += [
                    f"{s.name} {_time(s.ms)} ({' | '.join(a.value for a in s.atoms)})"
                    for s in m.machine.time.splits
                ]
            name = f"{m.machine.id}: " if m.machine.id else ""
            yield from wrapped(name + ", ".join(parts), "  ", "    ")

    def _pieces(self, machines: Sequence[MachineSums]) -> Iterator[str]:
        rows = [
            (
                m.machine.id,
                r.product,
                *(_count(n) for n in (r.made, r.good, r.scrap, r.rework)),
                _ideal(r.ideal_low, r.ideal_high),
            )
            for m in machines
            for r in m.variants[0].rows
        ]
        if not rows:
            return
        yield from self._title("pieces")
        head = (
            self._say(("设备", "machine")),
            self._say(("产品", "product")),
            self._say(("产出", "made")),
            self._say(("合格", "good")),
            self._say(("报废", "scrap")),
            self._say(("返工", "rework")),
            self._say(("理想节拍", "ideal cycle")),
        )
        yield from table([head, *rows], frozenset({2, 3, 4, 5}))

    def _steps(self) -> Iterator[str]:
        for counter in self.result.steps:
            name = f"{counter.machine} " if counter.machine else ""
            yield from self._title("steps", f"{name}{counter.counter.name}")
            yield from self._counter(counter)

    def _counter(self, found: CounterSteps) -> Iterator[str]:
        rules = found.counter.rules
        rate = (
            self._say(("不限", "not limited"))
            if not rules.limited
            else unit_text(Fraction(rules.pieces, rules.per_ms), "{pieces}/ms")
        )
        yield from wrapped(
            self._say(
                (
                    f"{COUNTED[found.counter.role][0]}；模 {rules.modulus or '无'}，初值 {rules.first}，最大速率 {rate}",
                    f"{COUNTED[found.counter.role][1]}; modulus {rules.modulus or 'none'}, first {rules.first}, "
                    f"highest rate {rate}",
                )
            ),
            "  ",
        )
        head = (
            self._say(("时刻", "instant")),
            self._say(("读数", "reading")),
            self._say(("比较基准", "level")),
            self._say(("记入", "booked")),
            self._say(("判定", "decision")),
        )
        yield from table([head, *(self._step(s) for s in found.steps)], frozenset({1, 2, 3}))
        yield from wrapped(
            self._say(
                (
                    f"合计 {found.net}（记入 {found.gross}，回调 {found.correction}）",
                    f"total {found.net} (booked {found.gross}, corrected {found.correction})",
                )
            ),
            "  ",
        )

    def _step(self, s: Step) -> tuple[str, str, str, str, str]:
        words = [self._say(MARKS[m]) for m in s.marks]
        if s.level is None:
            words.append(self._say(("首个读数：只作基准", "first reading: a level only")))
        if not s.accepted and s.level is not None and not s.marks and s.reading == s.level:
            words.append("")
        return (
            self._local(s.at_ms),
            str(s.reading),
            "" if s.level is None else str(s.level),
            str(s.booked),
            self._say(("；", "; ")).join(w for w in words if w),
        )

    def _local(self, at_ms: int) -> str:
        moment = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(
            ZoneInfo(self.loaded.case.zone)
        )
        rest = at_ms % 1000
        return f"{moment:%m-%d %H:%M:%S}" + (f".{rest:03d}" if rest else "")

    def _slots(self, found: PointResult) -> Iterator[str]:
        if not found.slots:
            return
        yield ""
        used = [o for o in OUTCOMES if any(p.counts[o] for p in found.slots.values())]
        head = (
            self._say(("必采点", "point")),
            self._say(("应采", "expected")),
            *(self._say(OUTCOMES[o]) for o in used),
        )
        rows = [
            (name, str(p.expected), *(str(p.counts[o]) for o in used))
            for name, p in sorted(found.slots.items())
        ]
        yield from table([head, *rows], frozenset(range(1, len(head))))
        if found.longest_gap is not None:
            gap = found.longest_gap
            yield from wrapped(
                self._say(
                    (
                        f"最长缺口：{gap.asset}/{gap.signal} 自 {self._local(gap.run.start_ms)} 起 "
                        f"{_time(gap.run.length_ms)}",
                        f"longest gap: {gap.asset}/{gap.signal}, {_time(gap.run.length_ms)} from "
                        f"{self._local(gap.run.start_ms)}",
                    )
                ),
                "  ",
            )

    def _periods(self) -> Iterator[str]:
        found = self.result.periods
        if found is None:
            return
        yield from self._section("periods", found.figures)
        yield ""
        for line in comparison_lines(found.comparison, "zh" if self.language == "zh" else "en"):
            yield from wrapped(line, "  ", "    ")

    def _compared(self) -> Iterator[str]:
        if not self.result.compared:
            return
        yield from self._title("compared")
        head = (
            self._say(("指标", "figure")),
            self._say(("公布值", "published")),
            self._say(("本计算", "ours")),
            "",
        )
        rows = [
            (c.name, c.published, c.ours or "—", self._say(AGREEMENTS[c.agreement]))
            for c in self.result.compared
        ]
        yield from table([head, *rows], frozenset({1, 2}))
        for c in self.result.compared:
            note = self._say((c.note_zh, c.note_en))
            if note:
                yield from wrapped(f"{c.name}: {note}", "  ", "    ")

    def _judged(self) -> Iterator[str]:
        if not self.result.judged:
            return
        yield from self._title("judged")
        for j in self.result.judged:
            sign = "≥" if j.at_least else "≤"
            limit = unit_text(j.threshold, j.figure.unit)
            shown = self._value(j.figure).partition(" = ")[0]
            if j.figure.bounded:
                shown = f"{shown}; {self._range(j.figure)}"
            yield from wrapped(
                f"{j.name} {sign} {limit}: {self._say(REACHED[j.word])} ({shown})", "  ", "    "
            )

    def _missing(self) -> Iterator[str]:
        found = self.result.equipment
        parts: list[EquipmentFigures] = [] if found is None else list(found.machines)
        lacking = [m for p in parts for m in p.missing]
        if not lacking and self.result.figures:
            return
        yield from self._title("missing")
        if not self.result.figures and not lacking:
            yield from wrapped(
                self._say(
                    (
                        "案例中没有可计算的内容。可写：time 或 events + calendar，products，counts 或 readings，devices，"
                        "points，energy，loops，periods，orders 等。示例：plantproof calc --examples",
                        "The case holds nothing to compute. Write time or events + calendar, products, counts or readings, "
                        "devices, points, energy, loops, periods, orders … Examples: plantproof calc --examples",
                    )
                ),
                "  ",
            )
        for m in lacking:
            needs = self._say(("；", "; ")).join(self._say(NEEDS[n]) for n in NEEDS if n in m.lacks)
            name = f"{m.machine}: " if m.machine else ""
            yield from wrapped(
                self._say(
                    (
                        f"{name}缺 {needs} → {', '.join(m.figures)}",
                        f"{name}{needs}, for {', '.join(m.figures)}",
                    )
                ),
                "  ",
                "    ",
            )

    def _source_list(self) -> Iterator[str]:
        if not self._sources:
            return
        yield from self._title("sources")
        for source, number in self._sources.items():
            yield from wrapped(f"[{number}] {source}", "  ", "      ")


_HEADLINES = frozenset(
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


def _headline(name: str, value: str) -> Iterator[str]:
    """Yield name and value on one line if they fit, else on two."""
    lines = list(wrapped(name, "  ", "    "))
    yield from lines[:-1]
    last = padded(lines[-1], _NAME)
    if len(last) + len(value) <= WIDTH and last.endswith(" "):
        yield f"{last}{value}"
        return
    yield lines[-1]
    yield padded(value, WIDTH, right=True) if len(value) < WIDTH else value


def _put_in(operand: Operand) -> str:
    return f"{operand.symbol} {operand_text(operand)}"


def _time(ms: int) -> str:
    return operand_text(Operand("", Fraction(ms), "ms"))


def _count(pieces: int | None) -> str:
    return "—" if pieces is None else str(pieces)


def _ideal(low: Fraction | None, high: Fraction | None) -> str:
    if low is None or high is None:
        return "—"
    texts = [operand_text(Operand("", x, "ms")) for x in (low, high)]
    return texts[0] if low == high else f"{texts[0]} … {texts[1]}"


def page_lines(
    loaded: LoadedCase, result: CaseResult, language: str, *, full: bool = False
) -> list[str]:
    """Return the page of a case."""
    return [line.rstrip() for line in Page(loaded, result, language, full).lines()]
