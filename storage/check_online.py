"""`check --online` for the time-series store: one finding per step, in plain words with the cure (nothing is kept)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import urllib3

from config.models import InfluxConfig
from model.errors import PlantproofError
from storage.http_answers import error_of, tls_options, unreachable
from storage.influx1 import Influx1Settings
from storage.influx2_settings import Influx2Settings
from storage.store_choice import settings_of

_MEASUREMENT = "plantproof_check"
_DAY_S = 86_400
RETENTION_DAYS: Final = 400
"""Two periods of 90 days, what lies between them, and half a year for the audit."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one step. en, zh: what was found, and for a failure what to do."""

    step: str
    ok: bool
    en: str
    zh: str


_UNCHECKED: Final = Finding(
    "certificate",
    ok=True,
    en="the certificate of the server is not checked (verify_tls: false): anyone on the network can stand between",
    zh="未检查服务器证书（verify_tls: false）：网络上的任何人都可以冒充该服务器",
)


def check_online(
    config: InfluxConfig, folder: Path, *, retention_days: int = RETENTION_DAYS
) -> list[Finding]:
    """Return what was found on the server of a plant file.

    folder: of the plant file, for relative file names. One point is written to the measurement `plantproof_check`.
    """
    try:
        settings = settings_of(config, folder)
    except PlantproofError as error:
        return [Finding("settings", ok=False, en=error.en, zh=error.zh)]
    open_to_all = (
        [_UNCHECKED] if settings.url.startswith("https:") and not settings.verify_tls else []
    )
    if isinstance(settings, Influx1Settings):
        return [*open_to_all, *check_influx1(settings, retention_days=retention_days)]
    return [*open_to_all, *check_influx2(settings, retention_days=retention_days)]


def check_influx2(settings: Influx2Settings, *, retention_days: int) -> list[Finding]:
    """Return what was found: server, version, token, bucket, retention, write, read.

    A failure that hides what comes after it ends the list. retention_days: how long
    the plant must keep its samples. One point is written to `plantproof_check`.
    """
    http = _Http(
        settings.url, settings.ca_file, settings.timeout_ms / 1000, verify_tls=settings.verify_tls
    )
    return _run(_influx2(http, settings, retention_days))


def check_influx1(settings: Influx1Settings, *, retention_days: int) -> list[Finding]:
    """Return what was found on a 1.x server; see `check_influx2`."""
    http = _Http(settings.url, settings.ca_file, settings.timeout_s, verify_tls=settings.verify_tls)
    return _run(_influx1(http, settings, retention_days))


def _run(steps: Iterator[Finding]) -> list[Finding]:
    found: list[Finding] = []
    # Extending keeps what came before an error.
    try:
        found.extend(steps)
    except PlantproofError as error:
        found.append(Finding("request", ok=False, en=error.en, zh=error.zh))
    return found


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    def json(self) -> Any:
        return json.loads(self.body or b"{}")


class _Http:
    def __init__(self, url: str, ca_file: str, timeout_s: float, *, verify_tls: bool) -> None:
        self.url = url.rstrip("/")
        tls = tls_options(ca_file, verify=verify_tls)
        self._options: dict[str, Any] = {"timeout": timeout_s, "retries": False, **tls}

    def __call__(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> _Answer:
        try:
            with urllib3.PoolManager(**self._options) as pool:
                answer = pool.request(method, self.url + path, headers=headers, body=body)
                return _Answer(
                    answer.status, answer.data, {k.lower(): v for k, v in answer.headers.items()}
                )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise unreachable(f"InfluxDB {self.url}", error) from error


def _influx2(http: _Http, settings: Influx2Settings, days: int) -> Iterator[Finding]:
    where = f"InfluxDB {settings.url}, bucket {settings.bucket}"
    ping = http("GET", "/ping", {})
    version = ping.headers.get("x-influxdb-version", "")
    server = _version(version, wanted="2", url=settings.url)
    yield server
    if not server.ok:
        return
    token = {"Authorization": f"Token {settings.token}"}
    query = urlencode({"org": settings.org, "name": settings.bucket})
    answer = http("GET", f"/api/v2/buckets?{query}", token)
    if answer.status == 404 and b"bucket" not in answer.body:
        yield Finding(
            "org",
            ok=False,
            en=f"organisation {settings.org!r} does not exist on {settings.url}. Correct `org` in the configuration.",
            zh=f"{settings.url} 上没有组织 {settings.org!r}。请更正配置中的 org。",
        )
        return
    if answer.status >= 300 and answer.status != 404:
        raise error_of(answer.status, answer.body, answer.headers, where)
    yield Finding("token", ok=True, en="the token is accepted", zh="令牌有效")
    buckets = answer.json().get("buckets", [])
    if not buckets:
        yield Finding(
            "bucket",
            ok=False,
            en=f"bucket {settings.bucket!r} does not exist, or the token may not see it. Create the bucket, "
            "and a token with read and write rights for it.",
            zh=f"存储桶 {settings.bucket!r} 不存在，或令牌无权访问。请创建该存储桶，并为其创建具有读写权限的令牌。",
        )
        return
    yield Finding(
        "bucket",
        ok=True,
        en=f"bucket {settings.bucket} exists",
        zh=f"存储桶 {settings.bucket} 存在",
    )
    rules = buckets[0].get("retentionRules") or [{}]
    yield _retention(int(rules[0].get("everySeconds", 0)), days, settings.bucket)
    target = urlencode({"org": settings.org, "bucket": settings.bucket, "precision": "ns"})
    # Without a time the server takes its own clock.
    line = f"{_MEASUREMENT} ok=true".encode()
    written = _allowed("write", http("POST", f"/api/v2/write?{target}", token, line), where)
    yield written
    if not written.ok:
        return
    flux = (
        f'from(bucket: "{settings.bucket}") |> range(start: -1h) '
        f'|> filter(fn: (r) => r._measurement == "{_MEASUREMENT}")'
    )
    body = json.dumps({"query": flux, "type": "flux"}).encode()
    headers = {**token, "Content-Type": "application/json", "Accept": "application/csv"}
    answer = http("POST", f"/api/v2/query?{urlencode({'org': settings.org})}", headers, body)
    yield _allowed("read", answer, where, has=lambda a: _MEASUREMENT.encode() in a.body)


def _influx1(http: _Http, settings: Influx1Settings, days: int) -> Iterator[Finding]:
    where = f"InfluxDB {settings.url}, database {settings.database}"
    ping = http("GET", "/ping", {})
    server = _version(ping.headers.get("x-influxdb-version", ""), wanted="1", url=settings.url)
    yield server
    if not server.ok:
        return
    login = (
        urllib3.make_headers(basic_auth=f"{settings.user}:{settings.password}")
        if settings.user
        else {}
    )
    headers = dict(login)
    name = settings.database

    def ask(influxql: str) -> _Answer:
        answer = http(
            "GET", "/query?" + urlencode({"db": name, "epoch": "ns", "q": influxql}), headers
        )
        if answer.status >= 300:
            raise error_of(answer.status, answer.body, answer.headers, where)
        return answer

    answer = ask(f'SHOW RETENTION POLICIES ON "{name}"')
    result = answer.json()["results"][0]
    if "error" in result:
        yield Finding(
            "database",
            ok=False,
            en=f'database {name!r} does not exist, or the user may not see it: CREATE DATABASE "{name}" makes it.',
            zh=f'数据库 {name!r} 不存在，或用户无权访问。可用 CREATE DATABASE "{name}" 创建。',
        )
        return
    yield Finding("database", ok=True, en=f"database {name} exists", zh=f"数据库 {name} 存在")
    series = result["series"][0]
    rows = [dict(zip(series["columns"], row, strict=True)) for row in series["values"]]
    default = next((r for r in rows if r.get("default")), rows[0])
    yield _retention(_seconds(str(default["duration"])), days, name)
    target = urlencode({"db": name, "precision": "ns"})
    # Without a time the server takes its own clock.
    line = f"{_MEASUREMENT} ok=true".encode()
    yield _allowed("write", http("POST", f"/write?{target}", headers, line), where)
    answer = ask(f"SELECT ok FROM {_MEASUREMENT} WHERE time > now() - 1h")  # noqa: S608  # our own name
    yield _allowed("read", answer, where, has=lambda a: b"series" in a.body)


def _version(version: str, *, wanted: str, url: str) -> Finding:
    number = version.lstrip("v")
    if number.startswith(f"{wanted}."):
        return Finding(
            "server",
            ok=True,
            en=f"InfluxDB {number} answers at {url}",
            zh=f"InfluxDB {number} 在 {url} 正常应答",
        )
    if number[:1] in ("1", "2"):
        return Finding(
            "server",
            ok=False,
            en=f"{url} is InfluxDB {number}, the configuration says influx{wanted}. Set the type to influx{number[0]}.",
            zh=f"{url} 是 InfluxDB {number}，而配置为 influx{wanted}。请将类型改为 influx{number[0]}。",
        )
    return Finding(
        "server",
        ok=True,
        en=f"{url} answers, version {version or 'not named'}; the steps below decide",
        zh=f"{url} 有应答，版本：{version or '未说明'}，以下步骤继续检查",
    )


def _retention(seconds: int, days: int, name: str) -> Finding:
    if seconds == 0 or seconds >= days * _DAY_S:
        kept = "for ever" if seconds == 0 else f"{seconds // _DAY_S} days"
        kept_zh = "永久" if seconds == 0 else f"{seconds // _DAY_S} 天"
        return Finding(
            "retention", ok=True, en=f"{name} keeps data {kept}", zh=f"{name} 数据保留期：{kept_zh}"
        )
    have = f"{seconds / _DAY_S:.3g}"
    return Finding(
        "retention",
        ok=False,
        en=f"{name} keeps data {have} days, the evidence periods need {days}. Raise the retention of {name}.",
        zh=f"{name} 只保留 {have} 天，取证周期需要 {days} 天。请延长 {name} 的保留期。",
    )


def _allowed(
    step: str, answer: _Answer, where: str, *, has: Callable[[_Answer], bool] | None = None
) -> Finding:
    verb, verb_zh = {"write": ("written", "写入"), "read": ("read back", "读取")}[step]
    if answer.status in (401, 403, 404):
        return Finding(
            step,
            ok=False,
            en=f"{where}: the token may not {step} ({answer.status}). Give it {step} rights for this bucket.",
            zh=f"{where}：令牌没有{verb_zh}权限（{answer.status}）。请授予该存储桶的{verb_zh}权限。",
        )
    if answer.status >= 300:
        raise error_of(answer.status, answer.body, answer.headers, where)
    if has is not None and not has(answer):
        return Finding(
            step,
            ok=False,
            en=f"{where}: the test point is not there after the write. Give the token {step} rights for this bucket.",
            zh=f"{where}：写入后读不到测试点。请授予令牌该存储桶的{verb_zh}权限。",
        )
    return Finding(step, ok=True, en=f"a test point was {verb}", zh=f"测试点{verb_zh}成功")


def _seconds(duration: str) -> int:
    """Return the seconds of a Go duration such as `168h0m0s`; 0 is for ever."""
    total = 0
    number = ""
    for c in duration:
        if c.isdigit():
            number += c
        else:
            total += int(number or 0) * {"h": 3600, "m": 60, "s": 1}.get(c, 0)
            number = ""
    return total
