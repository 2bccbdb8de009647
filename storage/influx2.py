"""InfluxDB 2.x: influxdb-client as transport of ready bytes, Flux for reading back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import urllib3
from influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException

from model.batch import Batch
from model.signal import Signal, SignalTable
from storage.http_answers import error_of, unreachable
from storage.influx2_settings import Influx2Settings
from storage.line_names import PlantTags, tag_text
from storage.line_protocol import LineEncoder
from storage.point_rows import MEASUREMENTS, FieldNames, FieldValue, newest
from storage.store import StoreBlock, by_table

_WEEK_NS: Final = 7 * 86_400_000_000_000


class Influx2Store:
    """A `SampleStore` over the 2.x API; opening it sends nothing."""

    name = "influx2"

    def __init__(self, settings: Influx2Settings, tags: PlantTags) -> None:
        """Prepare the connection."""
        self._settings = settings
        self._tags = tags
        self._encoders: dict[SignalTable, LineEncoder] = {}
        self._client = InfluxDBClient(
            url=settings.url,
            token=settings.token,
            org=settings.org,
            timeout=settings.timeout_ms,
            enable_gzip=settings.gzip,
            # Retrying is the business of `Delivery`, which knows back-off and outages.
            retries=urllib3.Retry(0),
            verify_ssl=settings.verify_tls,
            **({"ssl_ca_cert": settings.ca_file} if settings.ca_file else {}),
        )
        self._write_api = self._client.write_api(write_options=SYNCHRONOUS)
        self._query_api = self._client.query_api()
        self._where = f"InfluxDB {settings.url}, bucket {settings.bucket}"

    def close(self) -> None:
        """Close the connections; safe to call twice."""
        self._write_api.close()
        self._client.close()

    def write(self, blocks: Sequence[StoreBlock]) -> None:
        """Store all rows of `blocks`; see `SampleStore.write`."""
        data = b"".join(self._encoder(table).encode_all(parts) for table, parts in by_table(blocks))
        if not data:
            return
        try:
            self._write_api.write(
                bucket=self._settings.bucket, record=data, write_precision=WritePrecision.NS
            )
        except ApiException as error:
            headers = dict(error.headers or {})
            lines = data.count(b"\n")
            raise error_of(
                error.status or 0, _body(error), headers, self._where, lines=lines
            ) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise unreachable(self._where, error) from error

    def _encoder(self, table: SignalTable) -> LineEncoder:
        if table not in self._encoders:
            self._encoders[table] = LineEncoder(table, self._tags, unsigned=True)
        return self._encoders[table]

    def _query(self, flux: str) -> Iterator[dict[str, str]]:
        """Yield the records of an annotated CSV answer as column → text, with the type of `_value` under `#type`."""
        try:
            response = self._query_api.query_raw(flux)
            data = response.data if hasattr(response, "data") else response.read()
        except ApiException as error:
            raise error_of(
                error.status or 0, _body(error), dict(error.headers or {}), self._where
            ) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise unreachable(self._where, error) from error
        yield from _records(data.decode("utf-8"))

    def _range(self, start_ns: int, end_ns: int) -> str:
        bucket = _quoted(self._settings.bucket)
        return (
            f"from(bucket: {bucket}) |> range(start: time(v: {start_ns}), stop: time(v: {end_ns}))"
        )

    def _site(self) -> str:
        return f" and r.site == {_quoted(_stored(self._tags.site))}" if self._tags.site else ""

    def _select(
        self, names: FieldNames, span: str, *, latest: bool = False
    ) -> Iterator[FieldValue]:
        for (measurement, device), fields in names.groups(values_only=latest).items():
            wanted = " or ".join(f"r._field == {_quoted(f)}" for f in fields)
            place = f"r._measurement == {_quoted(measurement)} and r.device == {_quoted(device)}{self._site()}"
            flux = f"{span} |> filter(fn: (r) => {place} and ({wanted}))" + (
                " |> last()" if latest else ""
            )
            for record in self._query(flux):
                yield FieldValue(
                    measurement,
                    device,
                    record["_field"],
                    int(record.get("dup") or 0),
                    _time_ns(record["_time"]),
                    _parsed(record["#type"], record["_value"]),
                )

    def read(self, signals: Sequence[Signal], start_ns: int, end_ns: int) -> Batch:
        """Return rows sorted by instant; see `SampleStore.read`. Received times are not stored in InfluxDB."""
        names = FieldNames(signals)
        return names.rows(
            self._select(names, self._range(start_ns, end_ns)), simulated=self._tags.simulated
        )

    def latest(self, signals: Sequence[Signal], before_ns: int) -> Batch:
        """Return the newest value row of each signal in the week before; see `SampleStore.latest`."""
        names = FieldNames(signals)
        found = self._select(names, self._range(before_ns - _WEEK_NS, before_ns), latest=True)
        return newest(names.rows(found, simulated=self._tags.simulated), len(signals))

    def count_by_device(self, start_ns: int, end_ns: int) -> dict[str, int]:
        """Return the number of points of every device; see `SampleStore.count_by_device`."""
        measurements = " or ".join(f"r._measurement == {_quoted(m)}" for m in MEASUREMENTS)
        flux = (
            f"{self._range(start_ns, end_ns)} |> filter(fn: (r) => ({measurements}){self._site()} and exists r.device"
            ' and r._field !~ /_status$/) |> count() |> group(columns: ["device"]) |> sum()'
        )
        return {r["device"]: int(r["_value"]) for r in self._query(flux) if r.get("device")}


def _body(error: ApiException) -> bytes:
    body: Any = error.body
    if body is None:
        return str(error.reason or "").encode()
    return body if isinstance(body, bytes) else str(body).encode()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
    return f'"{escaped}"'


def _stored(tag: str) -> str:
    """Return a tag value as the server holds it: what `tag_text` sends, without its escapes."""
    return tag_text(tag).replace("\\,", ",").replace("\\=", "=").replace("\\ ", " ")


def _records(text: str) -> Iterator[dict[str, str]]:
    types: list[str] = []
    names: list[str] = []
    for row in csv.reader(io.StringIO(text)):
        if not row or (len(row) == 1 and not row[0]):
            names = []
        elif row[0] == "#datatype":
            types, names = row, []
        elif row[0].startswith("#"):
            continue
        elif not names:
            names = row
        else:
            record = dict(zip(names, row, strict=False))
            if "_value" in names:
                record["#type"] = types[names.index("_value")] if types else "string"
            yield record


def _time_ns(text: str) -> int:
    return int(np.datetime64(text.rstrip("Z"), "ns").astype(np.int64))


def _parsed(of_type: str, text: str) -> float | int | bool | str:
    match of_type:
        case "long" | "unsignedLong":
            return int(text)
        case "double":
            return float(text)
        case "boolean":
            return text == "true"
        case _:
            # The server writes its CSV with CR LF, also inside texts, and leaves out every CR of their own.
            return text.replace("\r\n", "\n")
