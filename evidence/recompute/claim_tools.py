"""What the algorithms of docs/formats/claims.md share: parameters, fractions as text, coverage lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction

from evidence.canonical import Json
from evidence.grammar import stream_key
from evidence.recompute.interface import Outcome, bad_parameter, decimal_text
from evidence.recompute.limits import budget_of
from evidence.recompute.view import LogView
from evidence.recompute.window import Window
from evidence.refusal import Refusal
from evidence.statement import Claim


class Parameters:
    """Takes the parameters of a claim one by one; whatever is wrong or left over refuses the claim."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._left = dict(claim.parameters)

    def _take(self, key: str) -> Json:
        if key not in self._left:
            raise bad_parameter(self._claim, f"parameter {key!r} is missing", f"缺少参数 {key!r}")
        return self._left.pop(key)

    def _bad(self, key: str) -> Refusal:
        return bad_parameter(self._claim, f"parameter {key!r}", f"参数 {key!r} 不合法")

    def word(self, key: str, allowed: Collection[str]) -> str:
        """Return a text out of a closed list."""
        value = self._take(key)
        if not isinstance(value, str) or value not in allowed:
            raise self._bad(key)
        return value

    def ids(self, key: str) -> tuple[str, ...]:
        """Return a list of ids in byte order without duplicates, at least one."""
        value = self._take(key)
        if not isinstance(value, list) or not value:
            raise self._bad(key)
        names = [item for item in value if isinstance(item, str)]
        if len(names) != len(value) or names != sorted(set(names)):
            raise self._bad(key)
        return tuple(names)

    def pair(self, key: str, *, low: int, den: int) -> tuple[int, int]:
        """Return two integers, the first at least `low`, the second at least `den`."""
        value = self._take(key)
        match value:
            case [int(first), int(second)] if not (
                isinstance(first, bool) or isinstance(second, bool)
            ):
                if first >= low and second >= den:
                    return first, second
        raise self._bad(key)

    def count(self, key: str) -> int:
        """Return an integer from 0 on."""
        value = self._take(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._bad(key)
        return value

    def objects(self, key: str, *fields: str) -> tuple[tuple[str, ...], ...]:
        """Return a list of objects with exactly these fields, all texts, each as its texts in the order of `fields`."""
        value = self._take(key)
        if not isinstance(value, list):
            raise self._bad(key)
        found = []
        for item in value:
            if not isinstance(item, Mapping) or set(item) != set(fields):
                raise self._bad(key)
            texts = [text for field in fields if isinstance(text := item[field], str)]
            if len(texts) != len(fields):
                raise self._bad(key)
            found.append(tuple(texts))
        return tuple(found)

    def finish(self, unit: str) -> None:
        """Refuse parameters that the algorithm does not have, another unit or a missing detail."""
        for key in sorted(self._left):
            raise self._bad(key)
        if self._claim.unit != unit or self._claim.detail is None:
            raise bad_parameter(
                self._claim,
                f"unit must be {unit!r} and detail must be there",
                f"单位应为 {unit!r} 且须有 detail",
            )


def text_of(value: Fraction | None) -> str:
    """Return "num/den" in lowest terms, "0/0" for a fraction that cannot be formed."""
    if value is None:
        return "0/0"
    return f"{decimal_text(value.numerator)}/{decimal_text(value.denominator)}"


def ratio(numerator: Fraction | int | None, denominator: Fraction | int) -> Fraction | None:
    """Return the exact ratio, None if the numerator is not known or the denominator is 0."""
    if numerator is None or denominator == 0:
        return None
    return Fraction(numerator) / Fraction(denominator)


def outcome(
    value: Fraction | None, reason: str, coverage: Json, detail: Mapping[str, Json]
) -> Outcome:
    """Return the outcome of a ratio; without a value it is undefined for `reason`."""
    if value is None:
        return Outcome(0, 0, coverage, {**detail, "undefined": reason})
    return Outcome(value.numerator, value.denominator, coverage, dict(detail))


def coverage_list(view: LogView, first: int, last: int, streams: Iterable[str]) -> Json:
    """Return minutes of data, gap, off and absence over [first, last) for each stream, in stream order."""
    ordered = sorted(set(streams), key=stream_key)
    off = view.off_minutes(first, last)
    shapes = _shapes(view, first, last)
    without_block = last - first - sum(shapes.values()) - off
    counts = {
        stream: {"absent": without_block, "data": 0, "gap": 0, "off": off} for stream in ordered
    }
    budget_of(view).spend(len(shapes) * len(ordered), "the coverage", "数据覆盖")
    for (config, state), minutes in shapes.items():
        index_of = view.documents[config].index_of
        for stream in ordered:
            index = index_of.get(stream)
            if index is None:
                counts[stream]["absent"] += minutes
            else:
                counts[stream]["data" if state[index] == "D" else "gap"] += minutes
    return [{**counts[stream], "stream": stream} for stream in ordered]


def _shapes(view: LogView, first: int, last: int) -> Counter[tuple[int, str]]:
    """Return how many blocks of [first, last) have each pair of config entry and state letters."""
    key = ("shapes", first, last)
    found = view.shared.get(key)
    if not isinstance(found, Counter):
        rows = view.block_range(first, last)
        budget_of(view).spend(len(rows), "the coverage", "数据覆盖")
        configs, states = view.blocks.configs, view.blocks.states
        found = view.shared[key] = Counter((configs[row], states[row]) for row in rows)
    return found


def present_streams(window: Window, wanted: Iterable[str]) -> list[str]:
    """Return those of `wanted` that some configuration of the window has."""
    present = {stream for plant in window.plants for stream in plant.signals}
    return [stream for stream in wanted if stream in present]


def require_assets(claim: Claim, window: Window, ids: Sequence[str]) -> None:
    """Refuse an id that no configuration of the window has."""
    known = set(window.asset_ids())
    for asset in ids:
        if asset not in known:
            raise bad_parameter(
                claim,
                f"no configuration of the window has asset {asset!r}",
                f"窗口内没有任何配置包含资产 {asset!r}",
            )


def service_meets(service: tuple[int, int | None], start: int, end: int) -> bool:
    """Return whether an in-service interval meets [start, end)."""
    return service[0] < end and (service[1] is None or service[1] > start)


def service_length(service: tuple[int, int | None], start: int, end: int) -> int:
    """Return how many ms of [start, end) lie in an in-service interval."""
    to = end if service[1] is None else min(service[1], end)
    return max(0, to - max(service[0], start))
