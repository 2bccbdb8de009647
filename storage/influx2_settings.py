"""Where an InfluxDB 2.x is: apart from the store, so that only a plant that uses it loads its client."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Influx2Settings:
    """Where to write. ca_file: certificate authority of the server, "" = those of the system."""

    url: str
    org: str
    bucket: str
    token: str = field(repr=False)
    gzip: bool = False
    timeout_ms: int = 10_000
    ca_file: str = ""
    verify_tls: bool = True
