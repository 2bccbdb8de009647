"""Where the parts of a plant lie on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from config.loader import LoadedPlant


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The data folder of one plant."""

    root: Path

    def journal(self, epoch: int) -> Path:
        """Return the journal database of one epoch: its slot counter never goes back, that of the next may."""
        return self.root / ("journal.sqlite" if epoch == 1 else f"journal-{epoch}.sqlite")

    @property
    def store(self) -> Path:
        """Return the embedded store."""
        return self.root / "store.sqlite"

    def ledger(self, epoch: int) -> Path:
        """Return the folder of one epoch of the log."""
        return self.root / "ledger" / f"epoch-{epoch}"

    def frames(self, epoch: int) -> Path:
        """Return the folder of the frames of one epoch."""
        return self.root / "frames" / f"epoch-{epoch}"

    def statistics(self, epoch: int) -> Path:
        """Return the statistics of one epoch; they can be formed again from ledger and frames."""
        return self.root / "statistics" / f"epoch-{epoch}.sqlite"

    @property
    def control(self) -> Path:
        """Return the folder of requests to the running agent."""
        return self.root / "control"

    @property
    def status(self) -> Path:
        """Return the status file of the running agent."""
        return self.root / "status.json"

    @property
    def slots(self) -> Path:
        """Return the saved state of the slot ledger."""
        return self.root / "slots.json"

    @property
    def intent(self) -> Path:
        """Return the recovery intent."""
        return self.root / "recovery.json"

    @property
    def reports(self) -> Path:
        """Return the folder of issued reports and bundles."""
        return self.root / "reports"

    @property
    def records(self) -> Path:
        """Return the folder of imported records, apart from everything measured."""
        return self.root / "records"

    def last_epoch(self) -> int:
        """Return the highest epoch on disk, 0 if there is none."""
        folder = self.root / "ledger"
        if not folder.is_dir():
            return 0
        numbers = [p.name.removeprefix("epoch-") for p in folder.glob("epoch-*")]
        return max((int(n) for n in numbers if n.isdigit()), default=0)


def data_folder(plant: LoadedPlant) -> DataFolder:
    """Return the data folder of a plant; relative paths are relative to the plant file."""
    return DataFolder((plant.path.parent / plant.config.storage.folder).resolve())


def beside(plant: LoadedPlant, path: str) -> Path:
    """Return a path of the plant file as an absolute path."""
    return (plant.path.parent / path).resolve()
