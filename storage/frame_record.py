"""One record of the archive that is written in pieces, so that the memory does not grow with the rows of the slot."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import Struct
from typing import Final

from evidence.container import frame_record
from storage.durable import refused

MAGIC: Final = b"PPAR"
VERSION: Final = 1
RAW: Final = 0
ZLIB: Final = 1
HEAD: Final = Struct(
    "<4sBBHqIII"
)  # magic, version, packing, 0, slot, streams, packed bytes, CRC of the packed bytes
CRC: Final = Struct("<I")
HEADER_BYTES: Final = HEAD.size + CRC.size


def header(slot: int, packing: int, streams: int, length: int, crc: int) -> bytes:
    """Return the header of a record (docs/formats/archive.md). length, crc: of the packed payload."""
    return _with_crc(HEAD.pack(MAGIC, VERSION, packing, 0, slot, streams, length, crc))


def _with_crc(head: bytes) -> bytes:
    return head + CRC.pack(zlib.crc32(head))


UNFINISHED: Final = _with_crc(HEAD.pack(b"PPAW", VERSION, 0, 0, 0, 0, 0, 0))
"""Header of a record that is still being written: always the last one of a file, and cut off when that is opened."""


class RecordWriter:
    """Writes the frames of one slot behind the last record of a day file; nothing of it counts before `finish`."""

    def __init__(
        self,
        path: Path,
        at: int,
        *,
        slot: int,
        level: int,
        finished: Callable[[RecordWriter], None],
    ) -> None:
        """Begin at offset `at`, the end of the last record. level: of zlib, 0 = stored unpacked.

        finished: called once the record is on the disk. Raises TransientError if the disk refuses.
        """
        self._path = path
        self._slot = slot
        self._finished = finished
        self._packer = zlib.compressobj(level) if level else None
        self.at = at
        self.packing = ZLIB if level else RAW
        self.streams = 0
        self.length = 0
        """Bytes of the packed payload so far."""
        self.crc = 0
        try:
            self._file = path.open("r+b", buffering=0)
            self._file.seek(at)
            self._write(UNFINISHED)
        except OSError as error:
            raise refused(path, error) from error

    @property
    def slot(self) -> int:
        """Return the slot of the record."""
        return self._slot

    def add(self, salt: bytes, frame: bytes) -> None:
        """Append the frame of the next stream. Raises TransientError if the disk refuses: then call `abandon`."""
        record = frame_record(salt, frame)
        self._put(record if self._packer is None else self._packer.compress(record))
        self.streams += 1

    def finish(self) -> None:
        """Make it a record: payload, then header, each on the disk. Raises TransientError if the disk refuses."""
        if self._packer is not None:
            self._put(self._packer.flush())
        head = header(self._slot, self.packing, self.streams, self.length, self.crc)
        try:
            # A header before its payload would be damage after a power cut, not an unfinished record.
            os.fsync(self._file.fileno())
            self._file.seek(self.at)
            self._write(head)
            os.fsync(self._file.fileno())
        except OSError as error:
            raise refused(self._path, error) from error
        self._file.close()
        self._finished(self)

    def abandon(self) -> None:
        """Take everything back. Raises TransientError if the disk refuses; opening the archive again cuts it then."""
        try:
            self._file.truncate(self.at)
        except (OSError, ValueError) as error:
            raise refused(self._path, OSError(str(error))) from error
        finally:
            self._file.close()

    def _put(self, data: bytes) -> None:
        try:
            self._write(data)
        except OSError as error:
            raise refused(self._path, error) from error
        self.length += len(data)
        self.crc = zlib.crc32(data, self.crc)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            # A raw file may take a part of a large buffer.
            left = left[self._file.write(left) :]
