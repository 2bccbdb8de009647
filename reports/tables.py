"""The tables on devices and gaps, every number already written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from model.state import Atom
from reports.figures import DASH, digits
from reports.model import DeviceRow, Gap
from reports.words import Unit
from reports.writer import Writer

Json = dict[str, object]
Rows = list[list[str]]

_GAPS_LISTED: Final = 30
_MISSED: Final = "missed_"


def registry(writer: Writer, device: DeviceRow) -> list[str]:
    """Return the row of one device in the table of the registry."""
    t = writer.texts.t
    cycle = device.ideal_cycle_ms
    return [
        device.id,
        writer.say(device.name),
        writer.say(device.kind),
        t("yes") if device.production else t("no"),
        t("yes") if device.nc else t("no"),
        t("devices.connected") if device.connected else t("devices.not_connected"),
        DASH
        if cycle is None
        else t("seconds", s=digits(cycle / 1000, 0 if (cycle / 1000).denominator == 1 else 2)),
        device.state_table or DASH,
    ]


def atoms(writer: Writer) -> Json:
    """Return hours per atom; atoms that no device has are left out of the columns, the sum is always there."""
    rows = [d for d in writer.data.devices if d.atoms]
    used = [atom for atom in Atom if any(d.atoms.get(atom) for d in rows)]
    return {
        "columns": [writer.texts.t(f"atom.{atom.value}") for atom in used],
        "rows": [
            [
                d.id,
                *(digits(Fraction(d.atoms.get(atom, 0), 3_600_000), 1) for atom in used),
                digits(Fraction(sum(d.atoms.values()), 3_600_000), 1),
            ]
            for d in rows
        ],
    }


def slots(writer: Writer) -> Rows:
    """Return slot outcomes of every device with required points."""
    rows = []
    for device in writer.data.devices:
        if not device.outcomes:
            continue
        count: Mapping[str, int] = device.outcomes
        missed = sum(n for name, n in count.items() if name.startswith(_MISSED))
        gap = device.longest_gap
        rows.append(
            [
                device.id,
                *(
                    digits(Fraction(n), 0)
                    for n in (
                        sum(count.values()),
                        count.get("on_time", 0),
                        count.get("held_alive", 0),
                        count.get("late", 0),
                        count.get("bad_quality", 0),
                        missed,
                    )
                ),
                writer.amount(device.upload_rate, Unit.PERCENT, 2),
                DASH if gap is None else _length(writer, gap),
            ]
        )
    return rows


def counts(writer: Writer) -> Rows:
    """Return output, energy and counter events of every connected device."""

    def number(value: int | None) -> str:
        return DASH if value is None else digits(Fraction(value), 0)

    return [
        [
            d.id,
            number(d.good),
            number(d.scrap),
            number(d.total),
            writer.amount(d.oee, Unit.PERCENT, 2),
            DASH if d.energy_wh is None else digits(Fraction(d.energy_wh, 1000), 3),
            *(number(n) for n in (d.resets, d.quarantined, d.lost, d.ambiguous)),
        ]
        for d in writer.data.devices
        if d.connected
    ]


def _length(writer: Writer, gap: Gap) -> str:
    return writer.texts.t("minutes", m=digits(Fraction(gap.last_ms - gap.first_ms, 60_000), 0))


def _listed(writer: Writer) -> Sequence[Gap]:
    longest = sorted(
        writer.data.gaps, key=lambda g: (g.first_ms - g.last_ms, g.first_ms, g.device, g.signal)
    )
    return sorted(longest[:_GAPS_LISTED], key=lambda g: (g.first_ms, g.device, g.signal))


def gaps(writer: Writer) -> Rows:
    """Return the longest gaps in order of time."""
    return [
        [
            gap.device,
            gap.signal,
            writer.minute(gap.first_ms),
            writer.minute(gap.last_ms),
            _length(writer, gap),
            writer.say(gap.cause),
        ]
        for gap in _listed(writer)
    ]


def more(writer: Writer) -> str:
    """Return how many gaps are not listed, or nothing."""
    data = writer.data
    total = max(len(data.gaps), data.gaps_total or 0)
    rest = total - min(len(data.gaps), _GAPS_LISTED)
    return writer.texts.t("gaps.more", count=rest) if rest > 0 else ""
