"""Non-routine events (kpi.md D.4): a register that adjusts nothing, and the suspicion that something is missing in it.

The suspicion is a change-point test on the weekly influences of one period: the largest |CUSUM| over σ·√W against the
5 % point of the Kolmogorov limit, σ from differences of neighbouring weeks so that the shift itself does not hide it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Final

from kpi.comparison.drift import FEWEST_WEEKS
from kpi.comparison.weekly import WeeklyInfluences
from kpi.findings import Finding, note, percent, warn

_LIMIT: Final = Fraction(1358, 1000)
"""95 % point of sup |Brownian bridge| (Kolmogorov). False alarms by simulation: docs/statistics.md."""
NEAR_DAYS: Final = 7
"""An event explains a change point at most so many days away, the precision of weekly sums."""


class EventCause(StrEnum):
    """Closed list of what an event can be."""

    STAFFING = "staffing"
    SHIFT_MODEL = "shift_model"
    NEW_MACHINE = "new_machine"
    METER_RATIO = "meter_ratio"
    PRODUCT_MIX = "product_mix"
    DEFINITION = "definition"
    """A rule of counting, cycle, inspection or calendar."""
    ORDERS = "orders"
    OTHER = "other"


class EventMethod(StrEnum):
    """How the effect was estimated."""

    ENGINEERING = "engineering"
    LOGGING = "logging"
    SUB_METER = "sub_meter"
    MODEL = "model"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class NonRoutineEvent:
    """One entry of the register; its effect is printed, never taken into the figure."""

    first: date
    last: date
    cause: EventCause
    metric: str
    """Metric id, `*` = all."""
    description: str
    approved_by: str
    registered_before: bool
    """Whether it was entered before it began."""
    effect: Fraction | None = None
    """Estimated relative effect on the metric; None = not estimated."""
    method: EventMethod = EventMethod.NONE
    evidence_sha256: str = ""

    def concerns(self, metric: str) -> bool:
        """Return whether the event is about a metric."""
        return self.metric in ("*", metric)


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The likeliest place of one step within a period."""

    monday: date
    """Monday of the first week of the new level."""
    shift: Fraction
    """Mean after minus mean before it, as a share of the mean of the period."""
    statistic: Fraction
    """Square of the test statistic; found above 1.358²."""

    @property
    def found(self) -> bool:
        """Return whether the step is too large for chance at 5 %."""
        return self.statistic > _LIMIT**2


def change_point(weekly: WeeklyInfluences) -> ChangePoint | None:
    """Return where |CUSUM| of the weekly influences is largest; None = fewer than eight weeks or no variation."""
    w, y = weekly.weeks, weekly.sums
    if w < FEWEST_WEEKS or weekly.unit <= 0:
        return None
    differences = sum((b - a) ** 2 for a, b in pairwise(y))
    if not differences:
        return None
    mean = weekly.mean
    cusum = list(accumulate(v - mean for v in y))[:-1]
    k = max(range(w - 1), key=lambda i: (abs(cusum[i]), -i))
    variance = Fraction(differences, 2 * (w - 1))
    after = Fraction(sum(y[k + 1 :]), w - 1 - k)
    before = Fraction(sum(y[: k + 1]), k + 1)
    return ChangePoint(
        monday=weekly.mondays[k + 1],
        shift=(after - before) / weekly.unit,
        statistic=cusum[k] ** 2 / (variance * w),
    )


def register_findings(events: Iterable[NonRoutineEvent], metric: str) -> list[Finding]:
    """Return one finding for every entry of the register that concerns the metric."""
    found = []
    for event in events:
        if not event.concerns(metric):
            continue
        effect = "未估计" if event.effect is None else f"估计影响 {percent(event.effect)}"
        estimate = (
            "not estimated"
            if event.effect is None
            else f"estimated effect {percent(event.effect)} by {event.method.value}"
        )
        zh = (
            f"{event.first} 至 {event.last} 登记了非常规事件（{event.cause.value}）：{event.description}；"
            f"{effect}，数值未作调整。"
        )
        en = (
            f"Non-routine event from {event.first} to {event.last} ({event.cause.value}): {event.description}; "
            f"{estimate}; the figures are not adjusted."
        )
        if event.registered_before:
            found.append(note("nonroutine.registered", zh, en, first=event.first, last=event.last))
        else:
            found.append(
                warn(
                    "nonroutine.registered-late",
                    zh + "该事件为事后登记。",
                    en + " It was entered afterwards.",
                    lowers_grade=True,
                    first=event.first,
                    last=event.last,
                )
            )
    return found


def step_findings(
    side: str, point: ChangePoint | None, events: Iterable[NonRoutineEvent], metric: str
) -> list[Finding]:
    """Return the finding of a step within a period: explained by an entry near it, or a flaw of the evidence.

    side: "before" or "after".
    """
    if point is None or not point.found:
        return []
    near = timedelta(days=NEAR_DAYS)
    explained = any(
        e.concerns(metric) and e.first - near <= point.monday <= e.last + near for e in events
    )
    period = {"before": ("基期", "baseline"), "after": ("报告期", "reporting period")}[side]
    zh = f"{period[0]}内自 {point.monday} 所在周起水平变化约 {percent(point.shift)}"
    en = f"Within the {period[1]} the level changes by about {percent(point.shift)} from the week of {point.monday}"
    if explained:
        return [
            note(
                f"nonroutine.step-{side}",
                zh + "，登记簿中有对应事件。",
                en + "; the register has an event for it.",
                monday=point.monday,
                shift=point.shift,
            )
        ]
    return [
        warn(
            f"nonroutine.step-{side}",
            zh + "，登记簿中没有对应事件。",
            en + "; the register has no event for it.",
            lowers_grade=True,
            monday=point.monday,
            shift=point.shift,
        )
    ]
