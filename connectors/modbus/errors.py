"""Faults of a Modbus device as status codes and as errors of the project."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from model.errors import TransientError
from model.flags import MissedCause
from model.status import (
    BAD_COMMUNICATION_ERROR,
    BAD_NO_COMMUNICATION,
    BAD_NOT_SUPPORTED,
    BAD_OUT_OF_RANGE,
    BAD_TIMEOUT,
)

BAD_NOT_FOUND: Final = 0x803E0000
BAD_RESOURCE_UNAVAILABLE: Final = 0x80040000
BAD_DEVICE_FAILURE: Final = 0x808B0000
"""Status codes of OPC 10000-6 StatusCode.csv that only Modbus exceptions need here."""

ILLEGAL_FUNCTION: Final = 1
ILLEGAL_ADDRESS: Final = 2
ILLEGAL_VALUE: Final = 3

EXCEPTION_STATUS: Final = {
    ILLEGAL_FUNCTION: BAD_NOT_SUPPORTED,
    ILLEGAL_ADDRESS: BAD_NOT_FOUND,
    ILLEGAL_VALUE: BAD_OUT_OF_RANGE,
    4: BAD_DEVICE_FAILURE,
    5: BAD_RESOURCE_UNAVAILABLE,
    6: BAD_RESOURCE_UNAVAILABLE,
    8: BAD_COMMUNICATION_ERROR,
    10: BAD_NO_COMMUNICATION,
    11: BAD_NO_COMMUNICATION,
}
"""Exception codes of MODBUS Application Protocol V1.1b3, 7; 10 and 11 come from a gateway whose device is away."""


class FaultKind(StrEnum):
    """Why a request has no data."""

    EXCEPTION = "exception"
    TIMEOUT = "timeout"
    MISMATCH = "mismatch"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Fault:
    """The outcome of a request without data; `code` is the exception code of the device, else 0."""

    kind: FaultKind
    code: int = 0
    detail: str = ""

    @property
    def status(self) -> int:
        """Return the status of every value that the request should have read."""
        match self.kind:
            case FaultKind.EXCEPTION:
                return EXCEPTION_STATUS.get(self.code, BAD_COMMUNICATION_ERROR)
            case FaultKind.TIMEOUT:
                return BAD_TIMEOUT
            case FaultKind.MISMATCH | FaultKind.LOST:
                return BAD_COMMUNICATION_ERROR


class ModbusError(TransientError):
    """The connection is away; `cause` is what a slot missed meanwhile gets."""

    def __init__(self, en: str, zh: str, cause: MissedCause) -> None:
        super().__init__(en, zh)
        self.cause = cause


def unreachable(host: str, port: int, reason: BaseException) -> ModbusError:
    """Return the error of a connection that could not be opened.

    A refused connection comes from the device itself; everything else may be the network.
    """
    why = str(reason) or type(reason).__name__
    refused = isinstance(reason, ConnectionRefusedError)
    return ModbusError(
        f"cannot connect to the Modbus device {host}:{port}: {why}; check power, cable, address and firewall",
        f"无法连接 Modbus 设备 {host}:{port}:{why};请检查电源、网线、地址和防火墙",
        MissedCause.DEVICE if refused else MissedCause.NETWORK,
    )


def connection_lost(host: str, port: int, reason: str) -> ModbusError:
    """Return the error of a connection that broke."""
    return ModbusError(
        f"the connection to the Modbus device {host}:{port} was lost: {reason}",
        f"与 Modbus 设备 {host}:{port} 的连接已断开:{reason}",
        MissedCause.DEVICE,
    )


def silent(host: str, port: int, unit: int, polls: int) -> ModbusError:
    """Return the error of a device that holds the connection and answers nothing."""
    return ModbusError(
        f"the Modbus device {host}:{port} unit {unit} answered nothing in {polls} readings; connecting anew "
        "(if it never answers, check the unit id)",
        f"Modbus 设备 {host}:{port} 站号 {unit} 连续 {polls} 次读取无应答;将重新连接(若始终无应答,请检查站号)",
        MissedCause.DEVICE,
    )
