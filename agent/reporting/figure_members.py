"""What a figure counts, one by one: assets, meters, loops, and whether each takes part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from agent.reporting.figure_detail import details
from agent.reporting.figures import Figure
from agent.web.state import Member
from reports.words import Text


@dataclass(frozen=True, slots=True)
class _Line:
    """One member by its id. zh, en: what is said of it; empty = nothing."""

    id: str
    zh: str = ""
    en: str = ""
    included: bool = True


def members_of(figure: Figure, names: Mapping[str, str]) -> tuple[Member, ...]:
    """Return what a figure counts, in the order of its claim. names: asset id → name."""
    lines = _MEMBERS.get(figure.request.algorithm, _none)(figure)
    return tuple(
        Member(
            id=line.id,
            name=Text(names.get(line.id, line.id), names.get(line.id, line.id)),
            included=line.included,
            detail=Text(line.zh, line.en or line.zh) if line.zh else None,
        )
        for line in lines
    )


def _none(_figure: Figure) -> Iterator[_Line]:
    return iter(())


def _nc_ratio(figure: Figure) -> Iterator[_Line]:
    nc = set(map(str, details(figure, "nc")))
    for name in map(str, details(figure, "registered")):
        yield _Line(name, "数控", "NC") if name in nc else _Line(name, "非数控", "not NC")


def _networked(figure: Figure) -> Iterator[_Line]:
    observed = set(map(str, details(figure, "observed")))
    declared = set(map(str, details(figure, "declared")))
    for name in map(str, details(figure, "registered")):
        yield _Line(
            name,
            ("实测联网" if name in observed else "未达实测口径")
            + ("，申报联网" if name in declared else "，未申报联网"),
            ("observed" if name in observed else "not observed")
            + (", declared" if name in declared else ", not declared"),
        )


def _upload_rate(figure: Figure) -> Iterator[_Line]:
    for row in details(figure, "assets"):
        yield _Line(str(row["asset"]), str(row["rate"]), included=row["rate"] != "0/0")


def _left_out(figure: Figure) -> Iterator[_Line]:
    for name in details(figure, "left_out"):
        yield _Line(str(name), included=False)


def _oee(figure: Figure) -> Iterator[_Line]:
    for row in details(figure, "assets"):
        good, pbt = row.get("good", "—"), row["pbt"]
        yield _Line(
            str(row["asset"]), f"合格 {good} 件，PBT {pbt} ms", f"{good} good, PBT {pbt} ms"
        )
    yield from _left_out(figure)


def _oee_by_product(figure: Figure) -> Iterator[_Line]:
    for row in details(figure, "assets"):
        zh = f"理想时间 {row.get('ideal_good', '—')} ms，PBT {row['pbt']} ms"
        en = f"ideal time {row.get('ideal_good', '—')} ms, PBT {row['pbt']} ms"
        yield _Line(str(row["asset"]), zh, en)
    yield from _left_out(figure)


def _defect_rate(figure: Figure) -> Iterator[_Line]:
    for row in details(figure, "assets"):
        made, good = row.get("made", "—"), row.get("good", "—")
        yield _Line(
            str(row["asset"]),
            f"产出 {made} 件，一次合格 {good} 件",
            f"{made} made, {good} good at the first pass",
        )


def _registry_ratio(figure: Figure) -> Iterator[_Line]:
    above = list(map(str, details(figure, "numerator")))
    below = list(map(str, details(figure, "denominator")))
    for name in below:
        if name in above:
            yield _Line(name, "计入分子和分母", "above and below the line")
        else:
            yield _Line(name, "只计入分母", "below the line only")
    for name in above:
        if name not in below:
            yield _Line(name, "只计入分子", "above the line only")


def _unit_energy(figure: Figure) -> Iterator[_Line]:
    for row in details(figure, "meters"):
        yield _Line(str(row["meter"]), f"{row['carrier']} {row.get('quantity', '—')}")


def _automatic_control(figure: Figure) -> Iterator[_Line]:
    for row in details(figure, "loops"):
        automatic, running = row["automatic_ms"], row["running_ms"]
        yield _Line(
            f"{row['asset']}/{row['id']}",
            f"自动 {automatic} / 运行 {running} ms",
            f"automatic {automatic} of {running} ms running",
        )


def _energy_per_piece(figure: Figure) -> Iterator[_Line]:
    for row in details(figure, "wh"):
        yield _Line(str(row["meter"]), f"{row.get('wh', '—')} Wh")


_MEMBERS: Final[Mapping[str, Callable[[Figure], Iterator[_Line]]]] = {
    "nc-ratio/1": _nc_ratio,
    "networked/1": _networked,
    "upload-rate/1": _upload_rate,
    "oee-iso22400/1": _oee,
    "oee/2": _oee_by_product,
    "defect-rate/1": _defect_rate,
    "registry-ratio/1": _registry_ratio,
    "unit-energy/1": _unit_energy,
    "automatic-control/1": _automatic_control,
    "energy-per-piece/1": _energy_per_piece,
    "energy-per-piece/2": _energy_per_piece,
}
"""By algorithm; any other lists nothing."""
