"""Difference of two frozen lists in words, with what each change does to every denominator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from kpi.registry.content import MEASURING_CLASSES
from kpi.registry.lists import FrozenList, ListItem, ListKind, Value


class Change(StrEnum):
    """What happened to one line."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Denominator(StrEnum):
    """A count that a list decides and that is the denominator of a ratio."""

    PRODUCTION = "production-equipment"
    ALL_EQUIPMENT = "all-equipment"
    MANUFACTURING = "manufacturing-equipment"
    SMART = "smart-equipment"
    KEY_EQUIPMENT = "key-equipment"
    KEY_PROCESSES = "key-processes"
    POINTS = "required-points"
    PROCESS_POINTS = "process-data-points"
    LOOPS = "control-loops"
    METERS = "energy-registers"

    @property
    def zh(self) -> str:
        """Return the Chinese name with its unit."""
        return _DENOMINATORS[self][0]

    @property
    def en(self) -> str:
        """Return the English name."""
        return _DENOMINATORS[self][1]


_DENOMINATORS: Final = {
    Denominator.PRODUCTION: ("生产装备（台套）", "production equipment (sets)"),
    Denominator.ALL_EQUIPMENT: ("全部设备（台套）", "all equipment (sets)"),
    Denominator.MANUFACTURING: ("制造装备（台套）", "manufacturing equipment (sets)"),
    Denominator.SMART: ("自动化、智能化设备（台套）", "automated or smart equipment (sets)"),
    Denominator.KEY_EQUIPMENT: ("关键设备（台套）", "key equipment (sets)"),
    Denominator.KEY_PROCESSES: ("关键工序（道）", "key processes"),
    Denominator.POINTS: ("必采点（个）", "required points"),
    Denominator.PROCESS_POINTS: ("生产工艺数据点（个）", "points of process data"),
    Denominator.LOOPS: ("自控回路（个）", "control loops"),
    Denominator.METERS: ("能源计量寄存器（个）", "energy registers"),
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, old → new; None = not stated."""

    field: str
    old: Value | None
    new: Value | None

    @property
    def zh(self) -> str:
        """Return the Chinese name of the field."""
        return _FIELDS.get(self.field, self.field)

    def shown(self, value: Value | None, language: str) -> str:
        """Return a value in words; instants as UTC, lengths of time in seconds."""
        chinese = language == "zh"
        if value is None:
            return "未填" if chinese else "not stated"
        if isinstance(value, bool):
            return ("是" if value else "否") if chinese else ("yes" if value else "no")
        if self.field == "in_service" and isinstance(value, tuple):
            start, end = (
                _utc(int(v)) if int(v) else ("不限" if chinese else "open") for v in value
            )
            return f"{start} … {end}"
        if isinstance(value, tuple):
            return ", ".join(str(v) for v in value)
        if self.field.endswith("_ms") and isinstance(value, int) and not value % 1000:
            return f"{value // 1000} s"
        return str(value)


@dataclass(frozen=True, slots=True)
class LineChange:
    """What happened to one line, and the effect of this change alone on each denominator."""

    kind: ListKind
    change: Change
    id: str
    name: str
    fields: tuple[FieldChange, ...]
    """Empty for added and removed lines."""
    effects: Mapping[Denominator, int]
    """New minus old; only those that change."""

    @property
    def zh(self) -> str:
        """Return the change as a Chinese sentence."""
        what = {"added": "新增", "removed": "移除", "changed": "修改"}[self.change]
        parts = [f"{what} {self._who}"]
        parts += [f"{f.zh}：{f.shown(f.old, 'zh')} → {f.shown(f.new, 'zh')}" for f in self.fields]
        parts.append(
            "，".join(f"分母“{d.zh}”{n:+d}" for d, n in self.effects.items()) or "分母不变"
        )
        return f"{self.kind.zh}：{'；'.join(parts)}"

    @property
    def en(self) -> str:
        """Return the change as an English sentence."""
        parts = [f"{self.change.value} {self._who}"]
        parts += [
            f"{f.field}: {f.shown(f.old, 'en')} → {f.shown(f.new, 'en')}" for f in self.fields
        ]
        effects = ", ".join(f"denominator {d.en} {n:+d}" for d, n in self.effects.items())
        parts.append(effects or "no denominator changes")
        return f"{self.kind.en}: {'; '.join(parts)}"

    @property
    def _who(self) -> str:
        return f"{self.id}（{self.name}）" if self.name and self.name != self.id else self.id


@dataclass(frozen=True, slots=True)
class ListDifference:
    """Difference of two lists of one kind."""

    kind: ListKind
    old_sha256: str
    new_sha256: str
    lines: tuple[LineChange, ...]
    """By id in byte order."""
    effects: Mapping[Denominator, int]
    """Sum over the lines; only those that change."""

    @property
    def same(self) -> bool:
        """Return whether nothing changed."""
        return not self.lines


def difference(old: FrozenList, new: FrozenList) -> ListDifference:
    """Return what changed from one list to another of the same kind; raises ValueError for two kinds."""
    if old.kind is not new.kind:
        raise ValueError(f"{old.kind.value} cannot be compared with {new.kind.value}")
    lines = tuple(_changes(old, new))
    total: dict[Denominator, int] = {}
    for line in lines:
        for denominator, n in line.effects.items():
            total[denominator] = total.get(denominator, 0) + n
    return ListDifference(
        old.kind, old.sha256, new.sha256, lines, {d: n for d, n in total.items() if n}
    )


def sizes(kind: ListKind, item: ListItem | None) -> dict[Denominator, int]:
    """Return how much a line adds to each denominator that its list decides; nothing for None."""
    if item is None:
        return {}
    f = item.fields
    match kind:
        case ListKind.ASSETS:
            return _asset_sizes(f)
        case ListKind.KEY_PROCESSES:
            return {Denominator.KEY_PROCESSES: 1}
        case ListKind.REQUIRED_POINTS:
            return {Denominator.POINTS: 1, Denominator.PROCESS_POINTS: int(bool(f["process_data"]))}
        case ListKind.CONTROL_LOOPS:
            return {Denominator.LOOPS: 1}
        case ListKind.ENERGY_METERS:
            return {Denominator.METERS: 1}
        case ListKind.KEY_EQUIPMENT:
            return {Denominator.KEY_EQUIPMENT: _sets(f)}


def _asset_sizes(f: Mapping[str, Value]) -> dict[Denominator, int]:
    """Return what an asset adds; key equipment is counted once, by its own list."""
    count = _sets(f)
    flags = {
        Denominator.PRODUCTION: "production",
        Denominator.MANUFACTURING: "manufacturing",
        Denominator.SMART: "smart",
    }
    found = {d: count for d, name in flags.items() if f.get(name) is True}
    machine = f.get("class") not in MEASURING_CLASSES
    return {Denominator.ALL_EQUIPMENT: count if machine else 0, **found}


def _sets(f: Mapping[str, Value]) -> int:
    sets = f["counts_as"]
    return sets if isinstance(sets, int) else 0


def _changes(old: FrozenList, new: FrozenList) -> Iterator[LineChange]:
    for name in sorted(old.by_id.keys() | new.by_id.keys(), key=str.encode):
        before, after = old.by_id.get(name), new.by_id.get(name)
        if before == after:
            continue
        known = after or before
        title = known.fields.get("name", "") if known is not None else ""
        fields: tuple[FieldChange, ...] = ()
        change = Change.ADDED if before is None else Change.REMOVED
        if before is not None and after is not None:
            change = Change.CHANGED
            keys = sorted(before.fields.keys() | after.fields.keys())
            fields = tuple(
                FieldChange(k, before.fields.get(k), after.fields.get(k))
                for k in keys
                if before.fields.get(k) != after.fields.get(k)
            )
        yield LineChange(
            old.kind, change, name, str(title), fields, _effects(old.kind, before, after)
        )


def _effects(
    kind: ListKind, before: ListItem | None, after: ListItem | None
) -> dict[Denominator, int]:
    a, b = sizes(kind, before), sizes(kind, after)
    found = {d: b.get(d, 0) - a.get(d, 0) for d in Denominator if d in a or d in b}
    return {d: n for d, n in found.items() if n}


def _utc(ms: int) -> str:
    """Return an instant as UTC to the minute, with seconds where there are any."""
    at = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at.second else f"{at:%Y-%m-%dT%H:%MZ}"


_FIELDS: Final = {
    "acquisition": "采集方式",
    "carrier": "能源品种",
    "class": "类别",
    "control": "控制方式",
    "counts_as": "折算台套数",
    "current_ratio": "电流互感器变比",
    "deadband": "死区",
    "deadline_ms": "上传时限",
    "digital": "数字化",
    "flow": "方向",
    "gateway": "网关",
    "identity": "设备标识",
    "in_service": "在役期",
    "key": "关键",
    "key_reason": "列为关键的理由",
    "manufacturing": "制造装备",
    "measures": "计量对象",
    "name": "名称",
    "nc": "数控",
    "nc_reason": "列为数控的理由",
    "networked": "联网（申报）",
    "normally_automatic": "正常为自动",
    "process_data": "生产工艺数据",
    "processes": "所属工序",
    "production": "生产装备",
    "reason": "理由",
    "share": "分摊比例",
    "share_rule": "分摊规则",
    "slot_ms": "采集时隙",
    "smart": "自动化、智能化",
    "span": "输出量程",
    "unit": "单位/装置",
    "voltage_ratio": "电压互感器变比",
}
