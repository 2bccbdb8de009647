"""A PublishResponse with every built-in type that the decoder knows, as bytes; made once, never at run time."""

from __future__ import annotations

import base64
from typing import Final

CANNED: Final = base64.b64decode(
    "AQA9AxKYp3SUe9wBCQAAAAAAAAAAAAAAAAAAAAcAAAACAAAAAwAAAAQAAAABBAAAABKYp3SUe9wBAQAAAAEAKwMB"
    "hwIAABoAAAAAAAAABwsAAAAAAAD4PwAAAAASmKd0lHvcAQEAAAAHCwAAAAAAANC/AAAAABKYp3SUe9wBAgAAAAcL"
    "AAAAAAAA8H8AAAAAEpindJR73AEDAAAABwoAAAA/AAAAABKYp3SUe9wBBAAAAAcC+wAAAAASmKd0lHvcAQUAAAAH"
    "A8gAAAAAEpindJR73AEGAAAABwQAgAAAAAASmKd0lHvcAQcAAAAHBf//AAAAABKYp3SUe9wBCAAAAAcGAAAAgAAA"
    "AAASmKd0lHvcAQkAAAAHB/////8AAAAAEpindJR73AEKAAAABwgAAAAAAAAAgAAAAAASmKd0lHvcAQsAAAAHCf//"
    "////////AAAAABKYp3SUe9wBDAAAAAcBAQAAAAASmKd0lHvcAQ0AAAAHDAwAAADkuLvovbQgTzEyMzQAAAAAEpin"
    "dJR73AEOAAAABwwAAAAAAAAAABKYp3SUe9wBDwAAAAcM/////wAAAAASmKd0lHvcARAAAAAHFQMFAAAAemgtQ04G"
    "AAAA6L+Q6KGMAAAAABKYp3SUe9wBEQAAAAeLAwAAAAAAAAAAAPA/AAAAAAAAAEAAAAAAAAAIQAAAAAASmKd0lHvc"
    "ARIAAAAHhQMAAAAHAAgACQAAAAAAEpindJR73AETAAAABw0SmKd0lHvcAQAAAAASmKd0lHvcARQAAAAHDwIAAAAA"
    "/wAAAAASmKd0lHvcARUAAAAHCwAAAAAAAAhAAACQQBKYp3SUe9wBFgAAAAcHBAAAAIAEAAASmKd0lHvcARcAAAAH"
    "AAAANYASmKd0lHvcARgAAAADCwAAAAAAABRAAAAAABkAAAALBgYAAAAAAAAAEpindJR73AEAAAAAAAAAAAAAAAA="
)
"""Subscription 7, sequence 4, items 0 to 25: all number types, texts, arrays, bad and overflow status."""
CANNED_ELEMENTS: Final = (
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    2,
    0,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
    -1,
)
"""Wanted array element of each item, -1 = the value itself."""
