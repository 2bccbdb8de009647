"""Sums of time in the words of a school → atoms: what one word of a school leaves open stays open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from config.base import ConfigModel
from config.calc.context import Context, minutes_text, whole_ms
from config.calc.equipment import TimeCase
from config.yaml_document import Path
from kpi.calc.inputs import Split, TimeInput
from kpi.profiles import Profile, category
from model.state import Atom

_OUTSIDE: Final = frozenset({Atom.RUN_X, Atom.UNK_X})
_NEVER_LEFT: Final = frozenset({"run_x", "unk", "unk_x", "unknown"})
"""Words that are meant only if they are written."""


@dataclass(frozen=True, slots=True)
class _School:
    """Words of a school: which atoms each stands for, and which add up to a total, innermost totals first."""

    leaves: Mapping[str, tuple[Atom, ...]]
    totals: tuple[tuple[str, tuple[str, ...]], ...]
    outside: str
    """Leaf whose presence says that all of the time is given."""
    rest: str = ""
    """Leaf that takes what the outermost total leaves, whatever else is not written; empty = every leaf not written."""


def _of(profile: Profile, *words: str) -> tuple[Atom, ...]:
    """Return the atoms that a school calls one of the words, without time outside the plan."""
    return tuple(a for a in Atom if category(profile, a) in words and a not in _OUTSIDE)


_ATOMS: Final = tuple(a.value for a in Atom)
_BUSY: Final = (
    *("run", "setup", "minor", "fault", "wait", "idle", "idle_fault", "test", "run_x", "unk"),
)
_ISO, _TPM, _E10, _VDI = Profile.ISO22400, Profile.TPM, Profile.SEMI_E10, Profile.VDI3423
_SCHOOLS: Final[Mapping[str, _School]] = {
    "atoms": _School(
        {a.value: (a,) for a in Atom},
        (("planned", _BUSY), ("calendar", _ATOMS)),
        outside="off",
        rest="off",
    ),
    "iso22400": _School(
        {
            **{w: _of(_ISO, w) for w in ("APT", "AUST", "ADET", "ADOT", "PDOT", "outside")},
            "unknown": (Atom.UNK,),
        },
        (
            ("AUPT", ("APT", "AUST")),
            ("AUBT", ("APT", "AUST", "ADET")),
            ("PBT", ("APT", "AUST", "ADET", "ADOT", "unknown")),
            ("POT", ("APT", "AUST", "ADET", "ADOT", "unknown", "PDOT")),
            ("calendar", ("APT", "AUST", "ADET", "ADOT", "unknown", "PDOT", "outside")),
        ),
        outside="outside",
    ),
    "tpm": _School(
        {
            "operating": _of(_TPM, "operating", "operating (performance loss)"),
            "downtime": _of(_TPM, "downtime"),
            "excluded": _of(_TPM, "excluded"),
            "unknown": (Atom.UNK,),
        },
        (
            ("loading", ("operating", "downtime", "unknown")),
            ("calendar", ("operating", "downtime", "unknown", "excluded")),
        ),
        outside="excluded",
    ),
    "semi_e10": _School(
        {
            "productive": _of(_E10, "productive"),
            "standby": _of(_E10, "standby"),
            "engineering": _of(_E10, "engineering"),
            "scheduled_down": _of(_E10, "scheduled down"),
            "unscheduled_down": _of(_E10, "unscheduled down"),
            "non_scheduled": _of(_E10, "non-scheduled"),
            "unknown": (Atom.UNK, Atom.UNK_X),
        },
        (
            ("uptime", ("productive", "standby", "engineering")),
            (
                "total",
                (
                    *("productive", "standby", "engineering", "scheduled_down"),
                    *("unscheduled_down", "non_scheduled", "unknown"),
                ),
            ),
        ),
        outside="non_scheduled",
    ),
    "vdi3423": _School(
        {
            **{w: _of(_VDI, w) for w in ("T_N", "T_O", "T_T", "T_W", "excluded")},
            "unknown": (Atom.UNK,),
        },
        (
            ("T_B", ("T_N", "T_O", "T_T", "T_W", "unknown")),
            ("calendar", ("T_N", "T_O", "T_T", "T_W", "unknown", "excluded")),
        ),
        outside="excluded",
    ),
}


def time_input(case: TimeCase, path: Path, context: Context) -> TimeInput | None:
    """Return the atoms of sums of time, None with a finding where they contradict each other."""
    for name, school in _SCHOOLS.items():
        model = getattr(case, name)
        if isinstance(model, ConfigModel):
            return _read(model, (*path, name), school, context)
    return None


def _read(model: ConfigModel, path: Path, school: _School, context: Context) -> TimeInput | None:
    written = {
        name: ms
        for name in type(model).model_fields
        if (ms := whole_ms(getattr(model, name))) is not None
    }
    reading = _Reading(written, path, school, context)
    last = school.totals[-1][0]
    if not reading.minor_stops() or not all(
        reading.total(name, parts) for name, parts in school.totals if name in written
    ):
        return None
    return _input(reading.splits, whole=last in written or school.outside in written)


class _Reading:
    """The words that are written, and what the totals leave for the others."""

    def __init__(
        self, written: Mapping[str, int], path: Path, school: _School, context: Context
    ) -> None:
        self._written = written
        self._path = path
        self._school = school
        self._context = context
        self._leaves = dict(school.leaves)
        self._given = {k: v for k, v in written.items() if k in school.leaves}
        self._covered = set(self._given)
        self._rests: list[tuple[frozenset[str], int]] = []
        """Leaves that what a total leaves may be, and its ms."""
        self._left: list[Split] = []

    @property
    def splits(self) -> list[Split]:
        """Return all time found, each with the atoms that it may be."""
        return [*(Split(k, v, self._leaves[k]) for k, v in self._given.items()), *self._left]

    def minor_stops(self) -> bool:
        """Take the minor stops out of the operating time of TPM; return whether that adds up."""
        minor = self._written.get("minor_stops")
        if minor is None:
            return True
        self._leaves |= {"operating": (Atom.RUN,), "minor_stops": (Atom.MINOR,)}
        self._given["minor_stops"] = minor
        if "operating" not in self._given:
            return True
        whole = self._given["operating"]
        self._given["operating"] -= minor
        if whole < minor:
            self._context.stop(
                "time.contradiction",
                (*self._path, "minor_stops"),
                f"小停机 {minutes_text(minor)} 大于其所属的稼动时间 {minutes_text(whole)}",
                f"minor stops of {minutes_text(minor)} exceed the operating time of {minutes_text(whole)} "
                "that they are part of",
            )
        return whole >= minor

    def total(self, name: str, parts: Sequence[str]) -> bool:
        """Give what a total leaves to its words that are not written; return whether it adds up."""
        inside = {*parts, "minor_stops"}
        known = sum(v for k, v in self._given.items() if k in inside)
        known += sum(v for of, v in self._rests if of <= inside)
        rest = self._written[name] - known
        free = self._free(name, parts)
        if rest < 0 or (rest and not free):
            self._context.stop(
                "time.contradiction",
                (*self._path, name),
                f"“{name}”为 {minutes_text(self._written[name])}，但其各部分合计 {minutes_text(known)}",
                f"{name} is {minutes_text(self._written[name])}, but its parts add up to {minutes_text(known)}",
            )
            return False
        if rest:
            atoms = tuple(a for a in Atom if any(a in self._leaves[p] for p in free))
            self._left.append(Split(" + ".join(free), rest, atoms))
            self._rests.append((frozenset(free), rest))
        self._covered |= inside
        return True

    def _free(self, name: str, parts: Sequence[str]) -> list[str]:
        free = [p for p in parts if p not in self._covered and p not in _NEVER_LEFT]
        outermost = name == self._school.totals[-1][0]
        return [self._school.rest] if outermost and self._school.rest in free else free


def _input(pieces: Sequence[Split], *, whole: bool) -> TimeInput:
    atoms = dict.fromkeys(Atom, 0)
    splits = []
    for piece in pieces:
        if len(piece.atoms) == 1:
            atoms[piece.atoms[0]] += piece.ms
        elif piece.ms:
            splits.append(piece)
    return TimeInput(atoms, tuple(splits), whole)
