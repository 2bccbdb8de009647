"""The column blob of one journal block, version 1 (docs/formats/journal.md): pure bytes to columns and back."""

from __future__ import annotations

import zlib
from itertools import accumulate, pairwise
from struct import Struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.batch import Batch
from model.errors import PermanentError

MAGIC: Final = b"PPJB"
VERSION: Final = 1
_PACK_RAW: Final = 0
_PACK_ZLIB: Final = 1
_HEAD: Final = Struct(
    "<4sBBHIIII"
)  # magic, version, packing, 0, rows, texts, heap bytes, payload bytes unpacked
_CRC: Final = Struct("<I")
_CONST: Final = 0
_RAW: Final = 1
_DELTA: Final = 2
_MAX_RAW: Final = 1 << 30
"""Upper bound of an unpacked block: a damaged length must not take all memory."""

_COLUMNS: Final = (
    ("signal", np.dtype("<i4"), True),
    ("source_ns", np.dtype("<i8"), True),
    ("received_ns", np.dtype("<i8"), True),
    ("value", np.dtype("<i8"), False),
    ("status", np.dtype("<u4"), False),
    ("flags", np.dtype("<u2"), False),
)


class DamagedBlockError(PermanentError):
    """The bytes of a block are not what was written."""

    def __init__(self, why: str) -> None:
        super().__init__(f"damaged block: {why}", f"数据块损坏:{why}")


def _column(data: NDArray[np.generic], dtype: np.dtype[np.generic], *, delta: bool) -> bytes:
    if data.dtype != dtype:
        data = data.astype(dtype)
    first = data[:1]
    if bool((data == first).all()):
        return b"\x00" + first.tobytes()
    if not delta:
        return b"\x01" + data.tobytes()
    # Differences wrap like the integers they come from, so the running sum gives the column back exactly.
    steps = data.copy()
    np.subtract(data[1:], data[:-1], out=steps[1:])
    return b"\x02" + steps.tobytes()


def encode(batch: Batch, *, level: int = 1) -> bytes:
    """Return the blob of `batch` (at least one row): header, packed columns, CRC-32 of all bytes before it.

    level: zlib level, 0 = stored unpacked.
    """
    n = len(batch)
    if n == 0:
        raise ValueError("a block has at least one row")
    parts = [_column(getattr(batch, name), dtype, delta=delta) for name, dtype, delta in _COLUMNS]
    heap = b"".join(batch.texts)
    if batch.texts:
        parts.append(np.array([len(t) for t in batch.texts], dtype="<u4").tobytes())
        parts.append(heap)
    payload = b"".join(parts)
    packed = zlib.compress(payload, level) if level else payload
    packing = _PACK_ZLIB if level else _PACK_RAW
    head = _HEAD.pack(MAGIC, VERSION, packing, 0, n, len(batch.texts), len(heap), len(payload))
    body = head + packed
    return body + _CRC.pack(zlib.crc32(body))


def crc_of(blob: bytes) -> int:
    """Return the CRC-32 that ends `blob`."""
    return int(_CRC.unpack(blob[-4:])[0]) if len(blob) >= _HEAD.size + 4 else 0


def _unpack(packed: memoryview, packing: int, size: int) -> bytes:
    if packing == _PACK_RAW:
        return bytes(packed)
    if packing != _PACK_ZLIB:
        raise DamagedBlockError(f"packing {packing}, known are 0 and 1")
    inflate = zlib.decompressobj()
    try:
        payload = inflate.decompress(packed, size + 1)
    except zlib.error as error:
        raise DamagedBlockError(f"zlib: {error}") from error
    if not inflate.eof or inflate.unused_data:
        raise DamagedBlockError("zlib stream does not end with the block")
    return payload


def _header(blob: bytes) -> tuple[int, int, int, int, int]:
    if len(blob) < _HEAD.size + 4:
        raise DamagedBlockError(f"{len(blob)} bytes, at least {_HEAD.size + 4} wanted")
    if zlib.crc32(memoryview(blob)[:-4]) != crc_of(blob):
        raise DamagedBlockError("CRC-32 differs")
    magic, version, packing, zero, rows, texts, heap, size = _HEAD.unpack_from(blob)
    if magic != MAGIC or zero != 0:
        raise DamagedBlockError(f"magic {magic!r}")
    if version != VERSION:
        raise DamagedBlockError(f"version {version}, this program reads version {VERSION}")
    if rows == 0 or size > _MAX_RAW:
        raise DamagedBlockError(f"{rows} rows, {size} bytes")
    return packing, rows, texts, heap, size


def decode(blob: bytes) -> Batch:
    """Return the batch of a blob. Raises DamagedBlockError if a single bit differs from what `encode` made."""
    packing, rows, texts, heap, size = _header(blob)
    payload = _unpack(memoryview(blob)[_HEAD.size : -4], packing, size)
    if len(payload) != size:
        raise DamagedBlockError(f"{len(payload)} bytes unpacked, header says {size}")
    columns: list[NDArray[Any]] = []
    at = 0
    for _, dtype, _ in _COLUMNS:
        kind = payload[at] if at < size else 255
        count = 1 if kind == _CONST else rows
        end = at + 1 + count * dtype.itemsize
        if kind > _DELTA or end > size:
            raise DamagedBlockError(f"column form {kind} at byte {at}")
        data = np.frombuffer(payload, dtype=dtype, count=count, offset=at + 1)
        if kind == _CONST:
            data = np.repeat(data, rows)
        elif kind == _DELTA:
            data = np.cumsum(data, dtype=dtype)
        else:
            data = data.copy()
        columns.append(data)
        at = end
    if size - at != 4 * texts + heap:
        raise DamagedBlockError(
            f"{size - at} bytes left for {texts} texts and {heap} bytes of heap"
        )
    lengths = np.frombuffer(payload, dtype="<u4", count=texts, offset=at).tolist()
    at += 4 * texts
    if sum(lengths) != heap:
        raise DamagedBlockError("lengths of the texts do not add up to the heap")
    ends = list(accumulate(lengths, initial=at))
    pieces = tuple(payload[a:b] for a, b in pairwise(ends))
    signal, source, received, value, status, flags = columns
    return Batch(signal, source, received, value, status, flags, pieces)
