"""What a user writes for devices behind an MQTT broker."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from config.base import ConfigModel, Host, Port, PositiveDuration


class TimeFormat(StrEnum):
    """How a payload writes an instant."""

    S = "s"
    MS = "ms"
    US = "us"
    NS = "ns"
    ISO8601 = "iso8601"


class QualityFormat(StrEnum):
    """How a payload writes the quality of a value."""

    OPC_CLASSIC = "opc_classic"
    """Quality byte of classic OPC DA: 192 to 255 good, 64 to 127 uncertain, else bad."""
    STATUS_CODE = "status_code"
    """32-bit OPC UA StatusCode."""
    WORD = "word"
    """true, `good` or `ok` = good, `uncertain` = uncertain, else bad."""


class MqttTls(ConfigModel):
    """Encryption; without it everybody on the network can read and forge."""

    ca: str | None = None
    """File of the CA certificate that signed the broker; absent = the CAs of the operating system."""
    cert: str | None = None
    """File of the client certificate, if the broker asks for one."""
    key: str | None = None
    """File of its private key."""

    @model_validator(mode="after")
    def _pair(self) -> MqttTls:
        if (self.cert is None) != (self.key is None):
            raise ValueError("a client certificate needs both cert and key")
        return self


class MqttConnection(ConfigModel):
    """How to reach an MQTT broker."""

    protocol: Literal["mqtt"]
    """Always `mqtt`."""
    host: Host
    """Name or address of the broker."""
    port: Port = 1883
    """TCP port; with TLS usually 8883."""
    version: Literal["3.1.1", "5"] = "3.1.1"
    """Version of the protocol."""
    tls: MqttTls | None = None
    """Encryption; absent = none."""
    username: str | None = None
    """User name at the broker."""
    password_file: str | None = None
    """File that holds the password."""
    client_id: Annotated[str, Field(max_length=65535)] = ""
    """Name of the session at the broker; empty = made from the name of the source. Never used twice at one broker."""
    keep_alive: PositiveDuration = Field(default="30 s", validate_default=True)
    """Silence after which the connection is probed."""
    connect_timeout: PositiveDuration = Field(default="5 s", validate_default=True)
    """Longest wait for the broker to accept."""
    qos: Literal[0, 1] = 1
    """1 = acknowledged after it is on disk, redelivered if not; 0 = lost if the connection breaks."""
    session_expiry: PositiveDuration = Field(default="7 d", validate_default=True)
    """Version 5: how long the broker keeps messages for this agent while it is away."""

    @field_validator("keep_alive")
    @classmethod
    def _keep_alive_fits(cls, value: PositiveDuration) -> PositiveDuration:
        if not 1 <= value.total_seconds() <= 65535 or value.total_seconds() % 1:
            raise ValueError("keep_alive is 1 to 65535 whole seconds")
        return value

    @model_validator(mode="after")
    def _password_has_a_user(self) -> MqttConnection:
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file needs a username")
        return self


Pointer = Annotated[str, Field(pattern=r"^(/([^~]|~[01])*)?$")]
"""A JSON pointer (RFC 6901): `/data/0/value`; empty = the whole."""


class MqttAddress(ConfigModel):
    """Where in which message one signal is."""

    topic: Annotated[str, Field(min_length=1, max_length=65535)]
    """Topic, or topic filter with `+` (one level) and `#` (all levels below)."""
    pointer: Pointer = ""
    """Where the value is; empty = the payload is the value."""
    items: Pointer | None = None
    """Where an array is whose elements are read like messages; the other pointers then start at an element."""
    match: dict[Pointer, str | int | bool] = Field(default_factory=dict)
    """Pointers and what must be there; a message or element without it is not for this signal."""
    time_pointer: Pointer | None = None
    """Where the time of the device is; absent = the payload has none."""
    time_format: TimeFormat = TimeFormat.MS
    """How the time is written; `iso8601` needs an offset or Z."""
    quality_pointer: Pointer | None = None
    """Where the quality is; absent = the payload has none."""
    quality_format: QualityFormat = QualityFormat.OPC_CLASSIC
    """How the quality is written."""
    text_numbers: bool = False
    """Whether a number written as text counts: "12"."""

    @field_validator("topic")
    @classmethod
    def _filter(cls, value: str) -> str:
        levels = value.split("/")
        for i, level in enumerate(levels):
            if level != "+" and "+" in level:
                raise ValueError("+ in a topic stands alone between slashes")
            if "#" in level and (level != "#" or i != len(levels) - 1):
                raise ValueError("# in a topic stands alone at the end")
        if "\0" in value:
            raise ValueError("a topic has no NUL")
        return value
