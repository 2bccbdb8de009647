"""The `.frames` container (format-core §8): records of frames, read as a stream and never as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from evidence.grammar import MAX_FRAME_BYTES
from evidence.merkle import HASH_BYTES
from evidence.refusal import Refusal
from evidence.salt import SALT_BYTES

CHUNK_BYTES: Final = 1 << 20

Read = Callable[[int], bytes]
"""Returns up to n bytes, none at the end."""


def frame_record(salt: bytes, frame: bytes) -> bytes:
    """Return the record of a revealed frame: u32be length of the frame ‖ salt ‖ frame."""
    return len(frame).to_bytes(4, "big") + salt + frame


def withheld_record(sub_leaf: bytes) -> bytes:
    """Return the record of a withheld frame: u32be 0 ‖ sub-leaf."""
    return bytes(4) + sub_leaf


class RecordReader:
    """Reads records from a byte stream; holds at most a chunk and one record."""

    __slots__ = ("_buffer", "_position", "_read")

    def __init__(self, read: Read) -> None:
        self._read = read
        self._buffer = b""
        self._position = 0

    def take(self, count: int) -> list[tuple[bool, bytes]]:
        """Return the next `count` records as (revealed, salt ‖ frame or sub-leaf).

        Raises `Refusal` (kind "container") if the stream ends first or a length is impossible.
        """
        records = []
        buffer, position = self._buffer, self._position
        for _ in range(count):
            start = position + 4
            length = int.from_bytes(buffer[position:start], "big")
            end = start + (SALT_BYTES + length if length else HASH_BYTES)
            if end > len(buffer):
                buffer, position = self._refill(buffer, position), 0
                start = 4
                length = int.from_bytes(buffer[:4], "big")
                end = start + (SALT_BYTES + length if length else HASH_BYTES)
            records.append((length > 0, buffer[start:end]))
            position = end
        self._buffer, self._position = buffer, position
        return records

    def _refill(self, buffer: bytes, position: int) -> bytes:
        """Return a buffer that starts at `position` and holds the whole next record."""
        buffer = self._fill(buffer[position:], 4)
        length = int.from_bytes(buffer[:4], "big")
        if length > MAX_FRAME_BYTES:
            raise _bad(f"record of {length} bytes", f"记录长度 {length} 不可能")
        return self._fill(buffer, 4 + (SALT_BYTES + length if length else HASH_BYTES))

    def _fill(self, buffer: bytes, need: int) -> bytes:
        """Return `buffer` with at least `need` bytes."""
        pieces, have = [buffer], len(buffer)
        while have < need:
            chunk = self._read(max(CHUNK_BYTES, need - have))
            if not chunk:
                raise _bad("ends before the last record", "在最后一条记录之前结束")
            pieces.append(chunk)
            have += len(chunk)
        return b"".join(pieces)

    def finish(self) -> None:
        """Refuse bytes after the last expected record."""
        if self._position < len(self._buffer) or self._read(1):
            raise _bad("bytes after the last record", "最后一条记录之后还有数据")


def _bad(en: str, zh: str) -> Refusal:
    return Refusal("container", f"frames file: {en}", f"帧文件：{zh}")
