"""Per device: points in the journal against points read back from the store."""

from __future__ import annotations

from dataclasses import dataclass

from storage.journal import Journal
from storage.points import journal_points
from storage.store import SampleStore


@dataclass(frozen=True, slots=True)
class DeviceCount:
    """Points of one device in the window, as the journal still holds them and as the store gives them back."""

    device: str
    journal: int
    stored: int

    @property
    def equal(self) -> bool:
        """Return whether nothing is missing and nothing is double."""
        return self.journal == self.stored


def reconcile(
    journal: Journal, store: SampleStore, start_ns: int, end_ns: int
) -> list[DeviceCount]:
    """Return both counts of every device over [start_ns, end_ns), by device id.

    Waiting, quarantined and evicted points make a difference; blocks that were evicted after delivery are no longer
    in the journal, so ask for a window that it still holds.
    """
    ours = journal_points(journal, start_ns, end_ns)
    theirs = store.count_by_device(start_ns, end_ns)
    return [DeviceCount(d, ours.get(d, 0), theirs.get(d, 0)) for d in sorted({*ours, *theirs})]
