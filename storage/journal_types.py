"""What the journal hands out: blocks, losses, status, and the bound of loss it states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.batch import Batch

LOSS_BOUND_EN: Final = (
    "After kill -9 of the agent: 0 acknowledged samples lost. After a power cut, on a disk that honours flush: "
    "0 acknowledged samples; at most the samples of one flush interval that were not acknowledged yet."
)
LOSS_BOUND_ZH: Final = (
    "采集进程被强制终止后：已确认的数据丢失 0 条。断电后（磁盘遵守刷盘命令时）：已确认的数据丢失 0 条，"
    "最多丢失一个刷盘间隔内尚未确认的数据。"
)


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of the journal. bytes: hard limit of its size. reserve_bytes: free space of the disk it leaves alone."""

    bytes: int = 4 << 30
    reserve_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class BlockInfo:
    """The header columns of a block. first_ns, last_ns: smallest and largest instant of its rows, UTC ns."""

    seq: int
    slot: int
    config: int
    rows: int
    first_ns: int
    last_ns: int
    committed_ns: int
    size: int
    crc: int
    delivered: bool


@dataclass(frozen=True, slots=True)
class JournalBlock:
    """One block: its header, its rows in commit order and the rank of each at its instant (None: all 0)."""

    info: BlockInfo
    batch: Batch
    ranks: NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True)
class Loss:
    """Samples that were collected and are no longer here, or a file that was set aside.

    kind: `file_damaged`, `block_damaged`, `evicted_unsent`, `evicted_unsealed`.
    """

    at_ns: int
    kind: str
    first_seq: int
    last_seq: int
    rows: int
    bytes: int
    detail: str


@dataclass(frozen=True, slots=True)
class JournalStatus:
    """What the board shows of the journal; sizes in bytes, instants in UTC ns (0 = none)."""

    used_bytes: int
    quota_bytes: int
    free_bytes: int
    alarm: bool
    """What waits for delivery fills 80 % of the quota, or the disk has less free space than the reserve."""
    blocks: int
    rows: int
    pending_blocks: int
    pending_rows: int
    pending_bytes: int
    oldest_pending_ns: int
    losses: int
    lost_rows: int
    evicted_rows: int
    """Rows removed after delivery and sealing: no loss."""
