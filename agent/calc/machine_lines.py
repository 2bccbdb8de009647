"""What machines did, as lines: times, pieces, every reading of a counter, slots of required points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from agent.calc.figure_lines import FigurePrinter
from agent.calc.lines import table, wrapped
from agent.calc.texts import COUNTED, MARKS, OUTCOMES
from kpi.calc.figure import operand_texts, time_text, unit_text
from kpi.calc.points import PointResult
from kpi.calc.steps import CounterSteps, Step
from kpi.calc.sums import MachineSums
from kpi.equipment.indicator import Operand
from model.state import Atom

LocalTime = Callable[[int], str]
"""Unix ms → date and time of day in the zone of the case."""


def local_time(zone: str) -> LocalTime:
    """Return what prints instants in a zone."""
    place = ZoneInfo(zone)

    def text(at_ms: int) -> str:
        moment = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(place)
        rest = at_ms % 1000
        return f"{moment:%m-%d %H:%M:%S}" + (f".{rest:03d}" if rest else "")

    return text


def time_lines(machines: Sequence[MachineSums]) -> Iterator[str]:
    """Yield the time of every machine by atom, and what the case does not divide."""
    for m in machines:
        time = m.machine.time
        atoms = time.atoms if time is not None else m.variants[0].atoms
        parts = [Operand(a.value, Fraction(atoms[a]), "ms") for a in Atom if atoms[a]]
        words = [""] * len(parts)
        for s in time.splits if time is not None else ():
            parts.append(Operand(s.name, Fraction(s.ms), "ms"))
            words.append(f" ({' | '.join(a.value for a in s.atoms)})")
        texts = operand_texts(parts)
        shown = [f"{o.symbol} {t}{w}" for o, t, w in zip(parts, texts, words, strict=True)]
        if shown:
            name = f"{m.machine.id}: " if m.machine.id else ""
            yield from wrapped(name + ", ".join(shown), "  ", "    ")


def piece_lines(machines: Sequence[MachineSums], printer: FigurePrinter) -> Iterator[str]:
    """Yield the pieces of every machine and product."""
    say = printer.say
    rows = [
        (
            m.machine.id,
            r.product,
            *("—" if n is None else str(n) for n in (r.made, r.good, r.scrap, r.rework)),
            _ideal(r.ideal_low, r.ideal_high),
        )
        for m in machines
        for r in m.variants[0].rows
    ]
    if not rows:
        return
    head = (
        say("设备", "machine"),
        say("产品", "product"),
        say("产出", "made"),
        say("合格", "good"),
        say("报废", "scrap"),
        say("返工", "rework"),
        say("理想节拍", "ideal cycle"),
    )
    named = [i for i in range(len(head)) if i > 1 or any(row[i] for row in rows)]
    yield from table(
        [tuple(row[i] for i in named) for row in (head, *rows)],
        frozenset(k for k, i in enumerate(named) if i in (2, 3, 4, 5)),
    )


def counter_lines(found: CounterSteps, printer: FigurePrinter, local: LocalTime) -> Iterator[str]:
    """Yield every reading of a counter with the decision on it."""
    say, rules = printer.say, found.counter.rules
    rate = say("不限", "not limited")
    if rules.limited:
        rate = unit_text(Fraction(rules.pieces, rules.per_ms), "{pieces}/ms")
    counted = COUNTED[found.counter.role].of(printer.language)
    modulus = str(rules.modulus) if rules.modulus else say("无", "none")
    told = say(
        f"{counted}；模 {modulus}，初值 {rules.first}，最大速率 {rate}",
        f"{counted}; modulus {modulus}, first {rules.first}, highest rate {rate}",
    )
    yield from wrapped(told, "  ")
    head = (
        say("时刻", "instant"),
        say("读数", "reading"),
        say("比较基准", "level"),
        say("记入", "booked"),
        say("判定", "decision"),
    )
    rows = [_step(s, printer, local) for s in found.steps]
    yield from table([head, *rows], frozenset({1, 2, 3}))
    total = say(
        f"合计 {found.net}（记入 {found.gross}，回调 {found.correction}）",
        f"total {found.net} (booked {found.gross}, corrected {found.correction})",
    )
    yield from wrapped(total, "  ")


def slot_lines(found: PointResult, printer: FigurePrinter, local: LocalTime) -> Iterator[str]:
    """Yield the slots of every required point by outcome, and the longest gap."""
    if not found.slots:
        return
    say = printer.say
    for name, p in sorted(found.slots.items()):
        counted = [
            f"{OUTCOMES[o].of(printer.language)} {p.counts[o]}" for o in OUTCOMES if p.counts[o]
        ]
        told = say(f"{name}：应采 {p.expected}", f"{name}: expected {p.expected}")
        yield from wrapped(say("，", ", ").join((told, *counted)), "  ", "    ")
    gap = found.longest_gap
    if gap is not None:
        name, since, length = (
            f"{gap.asset}/{gap.signal}",
            local(gap.run.start_ms),
            time_text(gap.run.length_ms),
        )
        told = say(
            f"最长缺口：{name} 自 {since} 起 {length}",
            f"longest gap: {name}, {length} from {since}",
        )
        yield from wrapped(told, "  ")


def _step(s: Step, printer: FigurePrinter, local: LocalTime) -> tuple[str, ...]:
    words = [MARKS[m].of(printer.language) for m in s.marks]
    if s.level is None:
        words.append(printer.say("首个读数：只作基准", "first reading: a level only"))
    level = "" if s.level is None else str(s.level)
    decision = printer.say("；", "; ").join(words)
    return local(s.at_ms), str(s.reading), level, str(s.booked), decision


def _ideal(low: Fraction | None, high: Fraction | None) -> str:
    if low is None or high is None:
        return "—"
    return time_text(low) if low == high else f"{time_text(low)} … {time_text(high)}"
