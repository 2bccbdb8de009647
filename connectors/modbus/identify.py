"""Read Device Identification (MODBUS Application Protocol V1.1b3, 6.21): who is the device?"""

from __future__ import annotations

from typing import Final

from connectors.modbus.client import Answer, ModbusTcpClient, Outcome

FUNCTION: Final = 0x2B
_MEI_TYPE: Final = 0x0E
_BASIC: Final = 0x01
_VENDOR_NAME: Final = 0x00
SIMULATOR_VENDOR: Final = "plantproof-simulator"


async def read_vendor_name(client: ModbusTcpClient) -> str | None:
    """Return the vendor name, or None if the device does not tell (most do not know this function)."""
    outcome: Outcome = await client.call(FUNCTION, bytes([_MEI_TYPE, _BASIC, _VENDOR_NAME]))
    return parse_vendor_name(outcome.data) if isinstance(outcome, Answer) else None


def parse_vendor_name(data: bytes) -> str | None:
    """Return object 0 (VendorName) of an answer from the MEI type on, or None if it is not there.

    Layout: MEI type, read code, conformity, more follows, next object, number of objects, then id, length, bytes each.
    """
    if len(data) < 6 or data[0] != _MEI_TYPE:
        return None
    position = 6
    for _ in range(data[5]):
        if position + 2 > len(data):
            return None
        number, length = data[position], data[position + 1]
        value = data[position + 2 : position + 2 + length]
        if number == _VENDOR_NAME and len(value) == length:
            return value.decode("utf-8", "replace")
        position += 2 + length
    return None
