"""One window of the log as all claims over it see it: configurations in force, and the rows of signals (claims.md §0).

Claims over the same window share this object through `LogView.shared`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from evidence.grammar import SLOT_MS
from evidence.recompute.limits import Budget, budget_of
from evidence.recompute.plant_model import Asset, Plant, PlantSignal, Stop
from evidence.recompute.plants import plants_of
from evidence.recompute.view import LogView, Row
from model.flags import RowFlag
from model.signal import SignalType

_E_OR_M: Final = int(RowFlag.NO_VALUE | RowFlag.MISSED)
_I: Final = int(RowFlag.IMPORTED)
_BLOCKS_A_STEP: Final = 16
"""Blocks that are gone through in one step of work."""
_STEPS_A_ROW: Final = 2
"""Steps of work that reading one row of a signal costs."""

Signalled = tuple[Row, PlantSignal]
"""A row with the definition of its signal in the configuration of the block that sealed it."""


class ConfigRun(NamedTuple):
    """A configuration in force over [start, end) in Unix ms."""

    start: int
    end: int
    plant: Plant


class Window:
    """Slots [first, last) of a log with `lead` slots before and `grace` slots after whose sealed rows take part."""

    def __init__(self, view: LogView, first: int, last: int, lead: int, grace: int) -> None:
        self._view = view
        self._plants = plants_of(view)
        self._sealed = (first - lead, last + grace)
        self.budget: Budget = budget_of(view)
        """The work that all claims of the statement may ask for."""
        self.first_slot, self.last_slot = first, last
        self.visible_from = (first - lead) * SLOT_MS
        self.start = first * SLOT_MS
        self.end = last * SLOT_MS
        rows = view.block_range(*self._sealed)
        self.budget.spend(len(rows) // _BLOCKS_A_STEP, "the blocks of a window", "窗口内的区块")
        sealing = sorted(set(view.blocks.configs[rows.start : rows.stop]))
        self.sealing_plants = tuple(dict.fromkeys(map(self._plants.of_entry, sealing)))
        """The different configurations of the blocks whose rows take part, by their config entries."""
        self._sealed_runs = [
            (low, high, self._plants.of(document))
            for low, high, document in view.configs_between(*self._sealed)
        ]
        self.runs = self._config_runs(self.start, self.end)
        self.all_runs = self._config_runs(self.visible_from, self.end)
        """Configurations of the visible time, of which `runs` are those of the window."""
        self._run_starts = [run.start for run in self.all_runs]
        self.plants = tuple(dict.fromkeys(run.plant for run in self.runs))
        """The different configurations of the window, by their first ms in it."""
        self._newest_first = tuple(dict.fromkeys(run.plant for run in reversed(self.runs)))
        self._runs_with: dict[str, list[ConfigRun]] = {}
        self._asset_ids: list[str] | None = None
        self._definitions: dict[str, Mapping[Plant, Mapping[str, PlantSignal]]] = {}

    def _config_runs(self, start: int, end: int) -> tuple[ConfigRun, ...]:
        return tuple(
            ConfigRun(low * SLOT_MS, high * SLOT_MS, self._plants.of(document))
            for low, high, document in self._view.configs_between(start // SLOT_MS, end // SLOT_MS)
        )

    @property
    def counting_stops(self) -> frozenset[Stop]:
        """Return the stops that were registered before they start."""
        return self._plants.counting_stops()

    def plant_at(self, instant: int) -> Plant:
        """Return the configuration in force at an instant of the visible time."""
        return self.all_runs[max(bisect_right(self._run_starts, instant) - 1, 0)].plant

    def plant_of_asset(self, asset: str, instant: int) -> Plant | None:
        """Return the configuration of an asset's day that begins at `instant`.

        The one in force then if it has the asset, else the first later one of the window that has it, else the last
        earlier one.
        """
        having = self._runs_with.get(asset)
        if having is None:
            self.budget.spend(len(self.runs), f"the configurations of {asset}", f"{asset} 的配置")
            having = [run for run in self.runs if asset in run.plant.assets]
            self._runs_with[asset] = having
        if not having:
            return None
        at = bisect_right(having, instant, key=lambda run: run.end)
        return having[min(at, len(having) - 1)].plant

    def last_plant_with(self, asset: str) -> Plant | None:
        """Return the last configuration of the window that has the asset."""
        return next((plant for plant in self._newest_first if asset in plant.assets), None)

    def versions_of(self, asset: str) -> list[Asset]:
        """Return what each different configuration of the window says about the asset, of those that have it."""
        return [plant.assets[asset] for plant in self.plants if asset in plant.assets]

    def asset_ids(self) -> list[str]:
        """Return the ids of all assets of any configuration of the window, in byte order."""
        if self._asset_ids is None:
            self._asset_ids = sorted({asset for plant in self.plants for asset in plant.assets})
        return self._asset_ids

    def runs_within(self, low: int, high: int) -> list[ConfigRun]:
        """Return the parts of the configurations of the window that lie in [low, high)."""
        return list(clipped(self.runs, low, high))

    def rows(self, stream: str, name: str) -> list[Signalled]:
        """Return the visible rows of a signal, in order, without imported ones and duplicates."""
        rows = self._view.rows(stream, name, *self._sealed)
        self.budget.spend(_STEPS_A_ROW * len(rows), f"{stream} {name}", f"信号 {stream} {name}")
        definitions = self.definitions(stream)
        own = [signals[name] for signals in definitions.values() if name in signals]
        # a text and a number are two values, even if the number of the text is that number
        mixed = len({signal.type is SignalType.TEXT for signal in own}) > 1
        low, high = self.visible_from, self.end
        kept: list[Signalled] = []
        seen: set[int | tuple[int, bool]] = set()
        last = None
        begin = end = -1
        signal: PlantSignal | None = None
        for row in rows:
            tau, _, slot, _, value, _, flags = row
            if not low <= tau < high or flags & _I:
                continue
            if tau != last:
                last = tau
                seen.clear()
            if signal is None or not begin <= slot < end:
                begin, end, plant = self._sealed_in(slot)
                signal = definitions[plant][name]
            if not flags & _E_OR_M:
                key = (value, signal.type is SignalType.TEXT) if mixed else value
                if key in seen:
                    continue
                seen.add(key)
            kept.append((row, signal))
        return kept

    def _sealed_in(self, slot: int) -> tuple[int, int, Plant]:
        """Return [start, end) in slots of the run of blocks of one configuration that holds `slot`."""
        at = bisect_right(self._sealed_runs, slot, key=lambda run: run[0]) - 1
        return self._sealed_runs[at]

    def plant_of_block(self, slot: int) -> Plant:
        """Return the configuration of the block of a slot whose rows take part."""
        return self._sealed_in(slot)[2]

    def definitions(self, stream: str) -> Mapping[Plant, Mapping[str, PlantSignal]]:
        """Return the signals of a stream in every configuration that sealed rows."""
        if stream not in self._definitions:
            self._definitions[stream] = {
                plant: plant.signals.get(stream, {}) for plant in self.sealing_plants
            }
        return self._definitions[stream]

    def raw_text(self, row: Row, signal: PlantSignal) -> str | None:
        """Return the raw value as a state table spells it; a float has no spelling."""
        match signal.type:
            case SignalType.TEXT:
                return self._view.columns[signal.stream].texts[row.value].decode()
            case SignalType.FLOAT:
                return None
            case SignalType.UINT:
                return str(row.value & (2**64 - 1))
            case SignalType.INT | SignalType.BOOL:
                return str(row.value)


def clipped(runs: Sequence[ConfigRun], low: int, high: int) -> Iterator[ConfigRun]:
    """Yield the parts of `runs`, which are in order, that lie in [low, high)."""
    first = max(bisect_right(runs, low, key=lambda run: run.start) - 1, 0)
    for run in islice(runs, first, None):
        if run.start >= high:
            break
        start, end = max(run.start, low), min(run.end, high)
        if start < end:
            yield ConfigRun(start, end, run.plant)


def window_of(view: LogView, first: int, last: int, lead: int, grace: int) -> Window:
    """Return the window, the same object for every claim that asks for it."""
    key = ("window", first, last, lead, grace)
    window = view.shared.get(key)
    if not isinstance(window, Window):
        window = view.shared[key] = Window(view, first, last, lead, grace)
    return window
