"""The configurations of a log, each read once, and the stops that count by all of them."""

from __future__ import annotations

from evidence.document import ConfigDocument
from evidence.recompute.plant import counting_stops, parse_plant
from evidence.recompute.plant_model import Plant, Stop
from evidence.recompute.view import LogView


class Plants:
    """Reads the configuration documents of one log when they are asked for."""

    def __init__(self, view: LogView) -> None:
        self._view = view
        self._plants: dict[bytes, Plant] = {}
        self._stops: frozenset[Stop] | None = None

    def of(self, document: ConfigDocument) -> Plant:
        """Return the typed document: one object for equal documents. Raises `Refusal` as `parse_plant` does."""
        plant = self._plants.get(document.digest)
        if plant is None:
            plant = self._plants[document.digest] = parse_plant(document)
        return plant

    def of_entry(self, config: int) -> Plant:
        """Return the typed document of a config entry."""
        return self.of(self._view.documents[config])

    def counting_stops(self) -> frozenset[Stop]:
        """Return the stops that were registered before they start (config-document.md)."""
        if self._stops is None:
            view = self._view

            def first_block_from(slot: int) -> int | None:
                rows = view.block_range(slot, 2**62)
                return view.blocks.entry[rows.start] if rows else None

            ordered = [(entry, self.of_entry(entry)) for entry in sorted(view.documents)]
            self._stops = counting_stops(ordered, first_block_from)
        return self._stops


def plants_of(view: LogView) -> Plants:
    """Return the configurations of a log, the same object for every claim."""
    found = view.shared.get("plants")
    if not isinstance(found, Plants):
        found = view.shared["plants"] = Plants(view)
    return found
