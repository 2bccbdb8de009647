"""What a user writes about an OPC UA server and about one variable of it."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator, model_validator

from config.base import ConfigModel, PositiveDuration

Security = Literal[
    "none",
    "Basic256Sha256",
    "Aes128Sha256RsaOaep",
    "Aes256Sha256RsaPss",
    "Basic256",
    "Basic128Rsa15",
]
"""Security policies of OPC 10000-7; the last two are deprecated there and stand for old controllers only."""

NAMESPACES: Final[dict[str, str]] = {
    "0": "http://opcfoundation.org/UA/",
    "DI": "http://opcfoundation.org/UA/DI/",
    "MY": "http://opcfoundation.org/UA/Machinery/",
    "JB": "http://opcfoundation.org/UA/Machinery/Jobs/",
    "I95": "http://opcfoundation.org/UA/ISA95-JOBCONTROL_V2/",
    "IA": "http://opcfoundation.org/UA/IA/",
    "MT": "http://opcfoundation.org/UA/MachineTool/",
    "RB": "http://opcfoundation.org/UA/Robotics/",
    "PK": "http://opcfoundation.org/UA/PackML/",
    "CNC": "http://opcfoundation.org/UA/CNC/",
}
"""Prefixes of browse paths that every plant file may use."""


PATH_ELEMENT: Final = re.compile(
    r"(?:(?:nsu=(?P<uri>[^;]+);|(?P<prefix>[A-Za-z0-9_]+):)?(?P<name>[^<>]+))?"
    r"(?:<(?P<type_prefix>[A-Za-z0-9_]+)(?P<mark>[#:])(?P<type>[^<>]+)>)?"
)
"""One element of a browse path: a browse name, a type definition in <>, or both."""


class OpcUaConnection(ConfigModel):
    """How to reach one OPC UA server. Devices with the same connection share one session."""

    protocol: Literal["opcua"] = "opcua"
    """Always opcua."""
    url: str = Field(pattern=r"^opc\.tcp://[^\s/@]+(/\S*)?$")
    """Endpoint, `opc.tcp://192.168.0.10:4840`; no user or password in it."""
    security: Security
    """Security policy; `none` must be written out, there is no silent fall-back to it."""
    mode: Literal["sign_and_encrypt", "sign"] = "sign_and_encrypt"
    """Protection of messages under a policy other than none."""
    user: str = ""
    """User name; empty = anonymous."""
    password_file: str | None = None
    """File that holds the password of the user, UTF-8, one line."""
    i_accept_plain_password: bool = False
    """Needed where the server takes the password only unencrypted over an unencrypted connection."""
    pki: str = "pki/opcua"
    """Folder of certificates: own/, private/, trusted/ (servers and their authorities), rejected/."""
    certificate_file: str | None = None
    """Own application certificate (DER or PEM); absent = made in the pki folder at first use."""
    key_file: str | None = None
    """Private key of certificate_file (PEM or DER, without pass phrase)."""
    server_certificate_file: str | None = None
    """The one certificate that the server must show; absent = any certificate of the trusted folder."""
    application_uri: str = "urn:plantproof:agent"
    """Application URI of the certificate that is made; an own certificate brings its own."""
    namespaces: dict[str, str] = Field(default_factory=dict)
    """Further prefixes of browse paths: prefix → namespace URI."""
    publishing_interval: PositiveDuration = Field(default="500 ms", validate_default=True)
    """Requested rhythm of notifications."""
    sampling: PositiveDuration = Field(default="500 ms", validate_default=True)
    """Requested sampling interval of variables that do not say their own."""
    publish_requests: Annotated[int, Field(ge=1, le=10)] = 3
    """PublishRequests in flight; one loses data without an error under load (performance.md 1.4)."""
    reread: PositiveDuration = Field(default="60 s", validate_default=True)
    """Rhythm of the re-read of every required item, the proof that it is alive; a shorter slot of an item wins."""
    canary: PositiveDuration = Field(default="10 s", validate_default=True)
    """Rhythm of reading the clock of the server."""
    timeout: PositiveDuration = Field(default="10 s", validate_default=True)
    """Limit of one request."""
    max_per_call: Annotated[int, Field(ge=1, le=10_000)] = 500
    """Most nodes in one request; a lower limit of the server wins."""

    @model_validator(mode="after")
    def _complete(self) -> OpcUaConnection:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file belong together: write both or none")
        if self.password_file is not None and not self.user:
            raise ValueError("password_file needs user")
        if unknown := [p for p in self.namespaces if p in NAMESPACES]:
            raise ValueError(f"prefix {unknown[0]} is fixed: {NAMESPACES[unknown[0]]}")
        return self


class OpcUaAddress(ConfigModel):
    """Where one variable is: exactly one of `node` and `path`."""

    node: str | None = None
    """NodeId: `nsu=<namespace URI>;s=<id>` (index found at each connection) or `ns=2;s=<id>`."""
    path: tuple[str, ...] = ()
    """Browse path below Objects, one element a level: `MY:Machines`, `0:CurrentState`; `*` stands for any name,
    `<MT#13>` or `<MT:MachineToolType>` for any name with that type definition or a subtype (OPC 10000-5), both can
    be joined: `Spindle*<MT#22>`. Exactly one node must match; only the lack of one is tried again later."""
    sampling: PositiveDuration | None = None
    """Sampling interval; absent = that of the connection."""
    deadband: Annotated[float, Field(gt=0)] | None = None
    """Absolute deadband in raw units; a server that refuses it is asked again without."""
    index: Annotated[int, Field(ge=0)] | None = None
    """Element of a one-dimensional array, counted from 0."""

    @field_validator("node")
    @classmethod
    def _node_id(cls, value: str | None) -> str | None:
        if value is None:
            return None
        head, _, tail = value.partition(";") if value.startswith("ns") else ("", "", value)
        if (head and not (head[3:].isdecimal() or head.startswith("nsu="))) or tail[:2] not in {
            "s=",
            "i=",
            "g=",
            "b=",
        }:
            raise ValueError(
                f"a node id is written nsu=<URI>;s=<text>, ns=<number>;s=<text> or i=<number>, not {value!r}"
            )
        return value

    @field_validator("path")
    @classmethod
    def _elements(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            if not text or PATH_ELEMENT.fullmatch(text) is None:
                raise ValueError(
                    f"browse path element {text!r} cannot be read; write MT:Monitoring, * or <MT#13>"
                )
        return value

    @model_validator(mode="after")
    def _one_way(self) -> OpcUaAddress:
        if (self.node is None) == (not self.path):
            raise ValueError("write exactly one of node and path")
        return self
