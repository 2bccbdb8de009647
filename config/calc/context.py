"""What the conversion of a case needs everywhere: its lines, its clock, and the findings so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from config.base import milliseconds
from config.calc.moment import WrittenMoment
from config.yaml_document import Path, YamlDocument
from kpi.calc.findings import CaseFinding, Place, Weight
from kpi.document_types import Calendar

NO_HINT = ("", "")


@dataclass(slots=True)
class Context:
    """One case in conversion."""

    document: YamlDocument
    day: int
    """Day of times without a date, in days since 1970-01-01."""
    calendar: Calendar
    """Knows the offsets of the zone; has the shifts of the case, or none."""
    findings: list[CaseFinding] = field(default_factory=list)

    def ms(self, moment: WrittenMoment) -> int:
        """Return the Unix ms of a written instant."""
        return moment.unix_ms(self.day, self.calendar)

    def place(self, path: Path, *, on_key: bool = False) -> Place:
        """Return where the case writes a key or value, or its nearest parent that it writes."""
        fault = self.document.fault(path, "", "", on_key=on_key)
        return Place(fault.line, fault.column, fault.text)

    def stop(
        self, name: str, path: Path, zh: str, en: str, *, hint: tuple[str, str] = NO_HINT
    ) -> None:
        """Add a finding that takes figures away; hint: English, Chinese."""
        self._find(Weight.STOP, name, path, (zh, en, *hint))

    def warn(
        self, name: str, path: Path, zh: str, en: str, *, hint: tuple[str, str] = NO_HINT
    ) -> None:
        """Add a finding that speaks against a figure; hint: English, Chinese."""
        self._find(Weight.WARN, name, path, (zh, en, *hint))

    def note(self, name: str, path: Path, zh: str, en: str) -> None:
        """Add a finding about how something was read."""
        self._find(Weight.NOTE, name, path, (zh, en, *NO_HINT))

    def _find(
        self, weight: Weight, name: str, path: Path, texts: tuple[str, str, str, str]
    ) -> None:
        zh, en, hint_en, hint_zh = texts
        self.findings.append(
            CaseFinding(
                name=name,
                weight=weight,
                zh=zh,
                en=en,
                place=self.place(path),
                hint_en=hint_en,
                hint_zh=hint_zh,
            )
        )


def whole_ms(time: timedelta | None) -> int | None:
    """Return whole milliseconds of a time that may be absent."""
    return None if time is None else milliseconds(time)


def minutes_text(ms: int) -> str:
    """Return a length of time as a person reads it, exactly."""
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if ms and ms % size == 0:
            return f"{ms // size} {unit}"
    return f"{ms} ms"
