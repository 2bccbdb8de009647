"""What a user writes for a Modbus TCP device."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.base import ConfigModel, Host, Port, PositiveDuration
from connectors.modbus.words import Kind, byte_positions, parse_encoding, sentinel_bits


class Table(StrEnum):
    """The four tables of a Modbus device."""

    HOLDING = "holding"
    INPUT = "input"
    COIL = "coil"
    DISCRETE = "discrete"

    @property
    def of_bits(self) -> bool:
        """Return whether one address is one bit."""
        return self in {Table.COIL, Table.DISCRETE}


class HoleConfig(ConfigModel):
    """A range of addresses that must never be read, because the device answers with an error or stops."""

    table: Table = Table.HOLDING
    """Table."""
    first: Annotated[int, Field(ge=0, le=65536)]
    """First address of the hole, numbered like the addresses of the signals."""
    last: Annotated[int, Field(ge=0, le=65536)]
    """Last address of the hole."""

    @model_validator(mode="after")
    def _ordered(self) -> HoleConfig:
        if self.last < self.first:
            raise ValueError(
                f"hole {self.first}-{self.last}: the last address lies before the first"
            )
        return self


class ModbusConnection(ConfigModel):
    """How to reach one Modbus TCP device or one unit behind a gateway."""

    protocol: Literal["modbus"]
    """Always `modbus`."""
    host: Host
    """Name or address of the device or gateway."""
    port: Port = 502
    """TCP port."""
    unit_id: Annotated[int, Field(ge=0, le=255)] = 1
    """Unit id; most TCP devices take 1 or 255, a gateway needs the number on the serial line."""
    timeout: PositiveDuration = Field(default="1 s", validate_default=True)
    """Longest wait for one answer."""
    connect_timeout: PositiveDuration = Field(default="5 s", validate_default=True)
    """Longest wait for the connection."""
    poll_interval: PositiveDuration = Field(default="1 s", validate_default=True)
    """Period of reading signals that name no period of their own."""
    in_flight: Annotated[int, Field(ge=1, le=16)] = 1
    """Requests on the wire at once; serial gateways need 1."""
    address_base: Literal[0, 1] = 0
    """Number of the first address: 0 = addresses as on the wire, 1 = register numbers that start at 1."""
    max_registers: Annotated[int, Field(ge=1, le=125)] = 125
    """Most registers in one request; 125 is the limit of the protocol, many devices allow less."""
    max_gap: Annotated[int, Field(ge=0, le=125)] = 32
    """Most unused registers read along to save a request (bits: 16 times as many)."""
    holes: tuple[HoleConfig, ...] = ()
    """Addresses that must never be read."""
    every_poll: bool = False
    """Whether every reading is stored; otherwise a changed one, and one in each slot."""


class ModbusAddress(ConfigModel):
    """Where a Modbus device has one signal."""

    table: Table = Table.HOLDING
    """Table: `holding`, `input`, `coil` or `discrete`."""
    address: Annotated[int, Field(ge=0, le=65536)]
    """Address of the first register or of the bit, counted from `address_base`."""
    encoding: str = "bool"
    """`int16`, `uint16`, `int32`, `uint32`, `int64`, `uint64`, `float32`, `float64`,
    `bcd16`, `bcd32`, `bool`, `bit 0` to `bit 15`, `text n` (n bytes)."""
    order: str = "ABCD"
    """Byte order on the wire: `ABCD`, `CDAB`, `BADC`, `DCBA`, or all letters of a 64-bit value."""
    sentinels: tuple[int | str, ...] = ()
    """Readings that mean "no value": numbers, or bits as text like "0x7FC00000"."""
    period: PositiveDuration | None = None
    """Period of reading; absent = `poll_interval` of the connection."""

    @model_validator(mode="after")
    def _consistent(self) -> ModbusAddress:
        encoding = parse_encoding(self.encoding)
        if self.table.of_bits and encoding.kind is not Kind.BOOL:
            raise ValueError(
                f"a {self.table.value} is one bit: its encoding is bool, not {self.encoding}"
            )
        byte_positions(self.order, encoding)
        for sentinel in self.sentinels:
            sentinel_bits(sentinel, encoding)
        if not self.table.of_bits and "encoding" not in self.model_fields_set:
            raise ValueError(
                f"a {self.table.value} register needs an encoding, like uint16 or float32"
            )
        return self
