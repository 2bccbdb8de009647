"""InfluxDB 1.x, and servers with its `/write` API: own requests over urllib3, InfluxQL for reading back."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import urllib3

from model.batch import Batch
from model.signal import Signal, SignalTable
from storage.http_answers import error_of, tls_options, unreachable
from storage.line_names import STATUS_ENDING, PlantTags, tag_text
from storage.line_protocol import LineEncoder
from storage.point_rows import MEASUREMENTS, FieldNames, FieldValue, newest
from storage.store import StoreBlock, by_table

_WEEK_NS: Final = 7 * 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Influx1Settings:
    """Where to write. An empty user means that the server asks for none."""

    url: str
    database: str
    user: str = ""
    password: str = field(default="", repr=False)
    gzip: bool = False
    timeout_s: float = 10.0
    ca_file: str = ""
    verify_tls: bool = True


class Influx1Store:
    """A `SampleStore` over the 1.x API; opening it sends nothing."""

    name = "influx1"

    def __init__(self, settings: Influx1Settings, tags: PlantTags) -> None:
        """Prepare the connection."""
        self._settings = settings
        self._tags = tags
        self._encoders: dict[SignalTable, LineEncoder] = {}
        headers = urllib3.make_headers(
            basic_auth=f"{settings.user}:{settings.password}" if settings.user else None,
            keep_alive=True,
        )
        options: dict[str, Any] = {
            "headers": headers,
            "timeout": settings.timeout_s,
            "retries": False,
            "maxsize": 1,
            **tls_options(settings.ca_file, verify=settings.verify_tls),
        }
        self._http = urllib3.PoolManager(**options)
        self._where = f"InfluxDB {settings.url}, database {settings.database}"

    def close(self) -> None:
        """Close the connections; safe to call twice."""
        self._http.clear()

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        lines: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        url = f"{self._settings.url.rstrip('/')}{path}"
        try:
            answer = self._http.request(
                method, url, body=body, headers={**self._http.headers, **(headers or {})}
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise unreachable(self._where, error) from error
        if answer.status >= 300:
            raise error_of(
                answer.status, answer.data, dict(answer.headers), self._where, lines=lines
            )
        return answer.data

    def write(self, blocks: Sequence[StoreBlock]) -> None:
        """Store all rows of `blocks`; see `SampleStore.write`."""
        data = b"".join(self._encoder(table).encode_all(parts) for table, parts in by_table(blocks))
        if not data:
            return
        path = "/write?" + urlencode({"db": self._settings.database, "precision": "ns"})
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        lines = data.count(b"\n")
        if self._settings.gzip:
            data = gzip.compress(data, 1)
            headers["Content-Encoding"] = "gzip"
        self._request("POST", path, data, lines=lines, headers=headers)

    def _encoder(self, table: SignalTable) -> LineEncoder:
        if table not in self._encoders:
            # 1.x knows the suffix u only in special builds; the same 64 bits go as a signed integer.
            self._encoders[table] = LineEncoder(table, self._tags, unsigned=False)
        return self._encoders[table]

    def _query(
        self, influxql: str
    ) -> Iterator[tuple[str, dict[str, str], list[str], list[list[Any]]]]:
        """Yield (measurement, tags, columns, rows) of every series in the answer."""
        path = "/query?" + urlencode({"db": self._settings.database, "epoch": "ns", "q": influxql})
        answer = json.loads(self._request("GET", path), parse_int=_integer)
        for result in answer.get("results", []):
            if "error" in result:
                raise error_of(404, str(result["error"]).encode(), {}, self._where)
            for series in result.get("series", []):
                yield series["name"], series.get("tags") or {}, series["columns"], series["values"]

    def _condition(self, start_ns: int, end_ns: int) -> str:
        site = tag_text(self._tags.site).replace("\\,", ",").replace("\\=", "=").replace("\\ ", " ")
        where = f"time >= {start_ns} AND time < {end_ns}"
        return where + (f' AND "site" = {_string(site)}' if site else "")

    def _select(
        self, names: FieldNames, condition: str, *, latest: bool = False
    ) -> Iterator[FieldValue]:
        for (measurement, device), fields in names.groups(values_only=latest).items():
            where = f'FROM "{measurement}" WHERE "device" = {_string(device)} AND {condition} GROUP BY "dup"'
            # The newest values of several fields have several instants: one question each.
            questions = (
                [f'last("{f}") AS "{f}"' for f in fields]
                if latest
                else [", ".join(f'"{f}"' for f in fields)]
            )
            for columns in questions:
                for _, tags, heads, rows in self._query(f"SELECT {columns} {where}"):
                    rank = int(tags.get("dup") or 0)
                    for row in rows:
                        for head, value in zip(heads[1:], row[1:], strict=True):
                            if value is not None:
                                yield FieldValue(
                                    measurement, device, head, rank, int(row[0]), value
                                )

    def read(self, signals: Sequence[Signal], start_ns: int, end_ns: int) -> Batch:
        """Return rows sorted by instant; see `SampleStore.read`. Received times are not stored in InfluxDB."""
        names = FieldNames(signals)
        return names.rows(
            self._select(names, self._condition(start_ns, end_ns)), simulated=self._tags.simulated
        )

    def latest(self, signals: Sequence[Signal], before_ns: int) -> Batch:
        """Return the newest value row of each signal in the week before; see `SampleStore.latest`."""
        names = FieldNames(signals)
        found = self._select(names, self._condition(before_ns - _WEEK_NS, before_ns), latest=True)
        return newest(names.rows(found, simulated=self._tags.simulated), len(signals))

    def count_by_device(self, start_ns: int, end_ns: int) -> dict[str, int]:
        """Return the number of points of every device; see `SampleStore.count_by_device`."""
        sources = ", ".join(f'"{m}"' for m in MEASUREMENTS)
        condition = self._condition(start_ns, end_ns)
        influxql = f'SELECT count(*) FROM {sources} WHERE {condition} GROUP BY "device"'  # noqa: S608
        counts: dict[str, int] = {}
        for _, tags, heads, rows in self._query(influxql):
            for row in rows:
                mine = sum(
                    int(value)
                    for head, value in zip(heads[1:], row[1:], strict=True)
                    if value is not None and not head.endswith(STATUS_ENDING)
                )
                counts[tags["device"]] = counts.get(tags["device"], 0) + mine
        return {device: count for device, count in counts.items() if count}


def _integer(text: str) -> int | float:
    """Return a JSON number without fraction; the server writes the float -0.0 as `-0`."""
    return -0.0 if text == "-0" else int(text)


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
