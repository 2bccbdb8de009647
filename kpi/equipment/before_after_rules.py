"""Whether both periods of a comparison were counted by the same rules (docs/formats/claims.md §5 `before-after/2`)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace

from kpi.document_types import Calendar, ConfigDocument
from kpi.equipment.cells import COUNT_ROLES
from kpi.workspace import Workspace
from model.signal import Role

Rule = Callable[[ConfigDocument, str], Hashable]


def changed_rules(
    periods: tuple[Workspace, Workspace], assets: Sequence[str], meters: Sequence[str]
) -> Iterator[str]:
    """Yield the names of the rules whose values in force are not one set in both periods.

    assets: whose pieces and times are compared; meters: whose energy is. A configuration without one says nothing.
    """
    before, after = (_documents(work) for work in periods)
    if {_lasting(d.calendar) for d in before} != {_lasting(d.calendar) for d in after}:
        yield "rules.calendar"
    asked: tuple[tuple[str, Iterable[str], Rule], ...] = (
        ("rules.counting", assets, lambda d, name: _counters(d, name, COUNT_ROLES)),
        ("rules.counting", meters, lambda d, name: _counters(d, name, (Role.ENERGY,))),
        ("rules.ideal-cycle", assets, lambda d, name: d.asset[name].products),
        ("rules.state-table", assets, _states),
    )
    for rule, names, value in asked:
        if any(_values(before, n, value) != _values(after, n, value) for n in names):
            yield rule


def _documents(work: Workspace) -> list[ConfigDocument]:
    return list({id(p.document): p.document for p in work.parts}.values())


def _values(documents: Iterable[ConfigDocument], name: str, value: Rule) -> set[Hashable]:
    return {value(d, name) for d in documents if name in d.asset}


def _lasting(calendar: Calendar) -> Calendar:
    """Return the calendar without what changes from week to week; when its first offset began says nothing."""
    offsets = ((0, calendar.offsets[0][1]), *calendar.offsets[1:])
    return replace(calendar, holidays=frozenset(), stops=(), extra=(), offsets=offsets)


def _counters(document: ConfigDocument, name: str, roles: Iterable[Role]) -> Hashable:
    return frozenset(
        (s.name, s.role, s.scale, s.rules) for r in roles for s in document.signals_of(name, r)
    )


def _states(document: ConfigDocument, name: str) -> Hashable:
    """Return how the states of an asset are read: its state signals in order with their tables, and its debounce."""
    asset = document.asset[name]
    found: list[Hashable] = [asset.debounce_ms]
    for s in document.signals_of(name, Role.STATE):
        table = document.table.get(s.table or asset.state_table)
        known = None if table is None else (table.id, table.inputs, table.rows, table.other)
        found.append((s.name, s.hold_ms, known))
    return tuple(found)
