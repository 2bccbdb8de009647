"""The order rules of the log (format-core §4) as a state machine, and the compact table of blocks it builds."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from evidence.document import ConfigDocument
from evidence.entries import Block, Boot, Config, Entry, Export, Genesis, Off
from evidence.grammar import Origin
from evidence.refusal import Refusal

LoadDocument = Callable[[Config], ConfigDocument]
"""Returns the document a config entry names, checked against its digest and size."""


class BlockTable:
    """All blocks of a log as columns (a year is 525,600 rows): slots ascending, one row a block."""

    __slots__ = (
        "boots",
        "clocks",
        "configs",
        "durations",
        "entry",
        "late",
        "roots",
        "rows",
        "slots",
        "states",
    )

    def __init__(self) -> None:
        self.entry = array("q")
        self.slots = array("q")
        self.configs = array("q")
        self.boots = array("q")
        self.rows = array("q")
        self.late = array("q")
        self.durations = array("q")
        self.clocks = bytearray()
        self.states: list[str] = []
        self.roots = bytearray()

    def __len__(self) -> int:
        return len(self.slots)

    def append(self, index: int, block: Block, state: str) -> None:
        """Add a block whose entry has number `index`."""
        self.entry.append(index)
        self.slots.append(block.slot)
        self.configs.append(block.config)
        self.boots.append(block.boot)
        self.rows.append(block.rows)
        self.late.append(block.late)
        self.durations.append(block.dur_ms)
        self.clocks.append(ord(block.clock))
        self.states.append(state)
        self.roots += block.root

    def root(self, row: int) -> bytes:
        """Return the block root of a row."""
        return bytes(self.roots[32 * row : 32 * row + 32])

    def first_at_or_after(self, slot: int) -> int:
        """Return the first row whose slot is ≥ `slot`."""
        return bisect_left(self.slots, slot)


@dataclass(frozen=True, slots=True)
class OffRun:
    """Slots in which no collection ran."""

    entry: int
    first: int
    last: int
    reason: str


class LogRules:
    """Accepts entries in order and refuses the first that breaks a rule.

    After the last entry it holds what the rest of a verification needs: configurations and boots by entry index, the
    table of blocks, off runs and exports.
    """

    def __init__(self, origin: Origin, vkey: str, load_document: LoadDocument) -> None:
        self._origin = origin
        self._vkey = vkey
        self._load = load_document
        self._count = 0
        self._config = -1
        self._boot = -1
        self._streams = 0
        self._next_slot: int | None = None
        self._mono = -1
        self._interned: dict[str, str] = {}
        self.genesis: Genesis | None = None
        self.blocks = BlockTable()
        self.offs: list[OffRun] = []
        self.boots: dict[int, Boot] = {}
        self.documents: dict[int, ConfigDocument] = {}
        self.exports: dict[int, Export] = {}

    @property
    def count(self) -> int:
        """Return the number of entries accepted."""
        return self._count

    def accept(self, entry: Entry) -> None:
        """Take the next entry; raises `Refusal` naming the rule that it breaks."""
        if isinstance(entry, Block):
            self._accept_block(entry)
        elif self._count == 0 or isinstance(entry, Genesis):
            self._accept_genesis(entry)
        else:
            match entry:
                case Config():
                    document = self._load(entry)
                    self.documents[self._count] = document
                    self._config, self._streams = self._count, len(document.layouts)
                case Boot():
                    self.boots[self._count] = entry
                    self._boot, self._mono = self._count, -1
                case Off():
                    self._cover(entry.slot, entry.slots)
                    last = entry.slot + entry.slots
                    self.offs.append(OffRun(self._count, entry.slot, last, entry.reason))
                case Export():
                    if entry.size > self._count:
                        raise Refusal(
                            "export",
                            f"entry {self._count} exports size {entry.size}, which does not exist yet",
                            f"条目 {self._count} 导出的账本长度 {entry.size} 尚不存在",
                        )
                    self.exports[self._count] = entry
        self._count += 1

    def _accept_genesis(self, entry: Entry) -> None:
        if not isinstance(entry, Genesis) or self._count:
            raise Refusal(
                "genesis", "genesis must be entry 0 and only there", "创世条目必须且只能是第 0 条"
            )
        prev = entry.prev
        if entry.origin != self._origin or entry.vkey != self._vkey:
            raise Refusal(
                "genesis",
                f"genesis names {entry.origin} and another key than the policy",
                f"创世条目写的日志 {entry.origin} 或公钥与策略不符",
            )
        if (prev is None) is not (entry.origin.epoch == 1) or (
            prev is not None
            and (
                prev.origin.prefix != entry.origin.prefix or prev.origin.epoch >= entry.origin.epoch
            )
        ):
            raise Refusal(
                "genesis",
                "prev must name a head of an earlier epoch of this workshop, from epoch 2 on",
                "从第 2 纪元起 prev 必须指向本车间更早纪元的检查点",
            )
        self.genesis = entry

    def _accept_block(self, block: Block) -> None:
        where = self._count
        if where == 0:
            raise Refusal("genesis", "genesis must be entry 0", "创世条目必须是第 0 条")
        if block.config != self._config:
            raise Refusal(
                "block-config",
                f"block {where} names config {block.config}, the latest is {self._config}",
                f"数据块 {where} 引用配置 {block.config}，最新的是 {self._config}",
            )
        if block.boot != self._boot:
            raise Refusal(
                "block-boot",
                f"block {where} names boot {block.boot}, the latest is {self._boot}",
                f"数据块 {where} 引用启动 {block.boot}，最新的是 {self._boot}",
            )
        self._cover(block.slot, 1)
        if block.mono_ms <= self._mono:
            raise Refusal(
                "mono",
                f"block {where}: monotonic clock does not rise within its boot",
                f"数据块 {where}：单调时钟在同一次启动内未递增",
            )
        if len(block.state) != self._streams:
            raise Refusal(
                "state",
                f"block {where} has {len(block.state)} state letters for {self._streams} streams",
                f"数据块 {where} 有 {len(block.state)} 个状态字母，应为 {self._streams}",
            )
        if block.late > block.rows:
            raise Refusal(
                "rows",
                f"block {where} has more late rows than rows",
                f"数据块 {where} 迟到行多于总行数",
            )
        self._mono = block.mono_ms
        state = self._interned.setdefault(block.state, block.state)
        self.blocks.append(where, block, state)

    def _cover(self, slot: int, slots: int) -> None:
        if self._next_slot is not None and slot != self._next_slot:
            word = ("hole", "缺口") if slot > self._next_slot else ("overlap", "重叠")
            raise Refusal(
                "slots",
                f"{word[0]} in the coverage: entry {self._count} starts at slot {slot}, not {self._next_slot}",
                f"时隙覆盖有{word[1]}：条目 {self._count} 从 {slot} 开始，应为 {self._next_slot}",
            )
        self._next_slot = slot + slots
        if len(self._interned) > 65_536:
            self._interned.clear()

    def covered(self, size: int) -> tuple[int, int] | None:
        """Return [first, end) of the slots that the first `size` entries cover, None if they cover none."""
        blocks, offs = self.blocks, self.offs
        firsts = [blocks.slots[0]] if len(blocks) and blocks.entry[0] < size else []
        firsts += [run.first for run in offs[:1] if run.entry < size]
        if not firsts:
            return None
        last_block = bisect_left(blocks.entry, size) - 1
        ends = [blocks.slots[last_block] + 1] if last_block >= 0 else []
        ends += [run.last for run in offs if run.entry < size][-1:]
        return min(firsts), max(ends)
