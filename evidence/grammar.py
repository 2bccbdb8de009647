"""Names, numbers and limits of the format (format-core §1), as values and predicates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from evidence.refusal import Refusal
from model.signal import CLASS_RANK, DEVICE_ID, SIGNAL_NAME, SignalClass

SLOT_MS: Final = 60_000
MAX_INTEGER: Final = 2**53 - 1
"""Largest magnitude of an integer in any JSON of the format."""
MAX_ENTRY_BYTES: Final = 65_535
MAX_FRAME_BYTES: Final = 2**24
MAX_TEXT_BYTES: Final = 1024
MAX_SIGNALS: Final = 65_536
MAX_FILES: Final = 20_000
MAX_SIGNATURES: Final = 16
TIME_LIMIT_MS: Final = 9_214_646_400_000
"""2262-01-01T00:00Z: times of rows lie in [0, this)."""
NO_SOURCE_TIME: Final = -(2**63)

HEX64: Final = re.compile(r"[0-9a-f]{64}")
HEX32: Final = re.compile(r"[0-9a-f]{32}")
DECIMAL_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]*")
"""`INT`: the only spelling of an integer, also inside a string (num, den)."""

REASONS: Final = ("agent_down", "clock_step")
CLOCKS: Final = ("S", "R", "U")

_ORIGIN = re.compile(r"(ev|sim)/([0-9A-Z]{1,32})/([a-z0-9-]{1,32})/([1-9][0-9]{0,5})")
_MEMBER_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Origin:
    """The name of a log: realm / enterprise code / workshop / epoch."""

    realm: str
    enterprise: str
    workshop: str
    epoch: int

    def __str__(self) -> str:  # type: ignore[explicit-override]
        return f"{self.prefix}/{self.epoch}"

    @property
    def prefix(self) -> str:
        """Return the part that stays when an epoch ends."""
        return f"{self.realm}/{self.enterprise}/{self.workshop}"

    @property
    def simulated(self) -> bool:
        """Return whether the log holds simulated data, for ever."""
        return self.realm == "sim"


def parse_origin(text: str) -> Origin:
    """Return the origin that `text` spells; raises `Refusal` (kind "origin") for any other text."""
    match = _ORIGIN.fullmatch(text)
    if match is None:
        raise Refusal(
            "origin",
            f"origin {text!r} does not follow (ev|sim)/CODE/workshop/epoch",
            f"日志名 {text!r} 不符合 (ev|sim)/企业代码/车间/纪元 的写法",
        )
    return Origin(match[1], match[2], match[3], int(match[4]))


def stream_key(stream: str) -> tuple[int, str]:
    """Return (class rank, device id), the order of streams; raises `Refusal` (kind "document") for a bad id."""
    device, dot, name = stream.rpartition(".")
    try:
        rank = CLASS_RANK[SignalClass(name)]
    except ValueError:
        rank = -1
    if not dot or rank < 0 or DEVICE_ID.fullmatch(device) is None:
        raise Refusal(
            "document",
            f"stream id {stream!r} is not device.class",
            f"数据流名 {stream!r} 不是“设备.类别”",
        )
    return rank, device


def is_signal_name(name: str) -> bool:
    """Return whether `name` follows the grammar of signal names."""
    return SIGNAL_NAME.fullmatch(name) is not None


def is_member_name(name: str) -> bool:
    """Return whether `name` may be the name of a file in a bundle (at most 4 parts, no dot first)."""
    parts = name.split("/")
    return len(parts) <= 4 and all(_MEMBER_PART.fullmatch(part) for part in parts)
