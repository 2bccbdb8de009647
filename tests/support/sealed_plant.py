"""A `PlantLog` as sealed minutes on disk: real frames in a real archive, and the index of its entries."""

from __future__ import annotations

import hashlib
from pathlib import Path

from agent.log_window import LogIndex
from evidence.document import parse_document as parse_layouts
from evidence.frame import FrameRow, write_frame
from kpi.document import ConfigDocument, parse_document
from model.flags import RowFlag
from storage.frame_archive import FrameArchive
from tests.support.kpi_plant import PlantLog, RowSpec, canonical


class SealedPlant:
    """Seals the blocks of a log one after the other, so that a test can stop anywhere."""

    def __init__(self, log: PlantLog, folder: Path, *, level: int = 0) -> None:
        self.log = log
        self.archive = FrameArchive(folder / "frames", level=level)
        self.index = LogIndex()
        self.documents: dict[str, ConfigDocument] = {}
        self._entries = iter(log.entries)
        self._layouts = [parse_layouts(canonical(d)) for k, d in log.entries if k == "config"]
        self._raw = [d for k, d in log.entries if k == "config"]

    def seal(self, to_slot: int) -> None:
        """Seal every block before a slot, with the configuration and off entries that precede it."""
        for kind, value in self._entries:
            if kind == "config":
                self._config(value)
            elif kind == "off":
                self.index.off.append(value)
            else:
                self._block(value)
                if value + 1 >= to_slot:
                    return

    def close(self) -> None:
        self.archive.close()

    def _config(self, value: dict[str, object]) -> None:
        index, data = self.index, canonical(value)
        digest = hashlib.sha256(data).hexdigest()
        document = parse_document(data)
        self.documents[digest] = document
        index.documents.append(document)
        index.digests.append(digest)
        index.after_slot.append(index.slots[-1] if index.slots else None)
        index.from_slot.append(None)
        index.entry_index.append(len(index.documents))
        index.t_ms.append(0)

    def _block(self, slot: int) -> None:
        index = self.index
        number = len(index.documents) - 1
        if index.from_slot[number] is None:
            index.from_slot[number] = slot
        layouts = self._layouts[number]
        frames, letters = [], ""
        for k, (_, rows) in enumerate(self.log.frame_rows(slot, self._raw[number]).items()):
            layout = layouts.layouts[k]
            specs = [_row(layout.types[n], n, r) for n, r in rows]
            frames.append(write_frame(layout, slot, specs))
            letters += "D" if any(not r.flags & RowFlag.MISSED for _, r in rows) else "G"
        self.archive.append(slot, [bytes(16)] * len(frames), frames)
        index.slots.append(slot)
        index.states.append(letters)
        index.config_of.append(number)


def _row(kind: str, number: int, r: RowSpec) -> FrameRow:
    value = r.value
    if isinstance(value, str):
        value = value.encode()  # type: ignore[assignment]
    elif value is not None and kind == "float" and not r.flags & RowFlag.MISSED:
        value = float(value)
    return FrameRow(r.received_ms, r.source_ms, number, value, r.status, r.flags)  # type: ignore[arg-type]
