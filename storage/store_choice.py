"""From the plant file to a store: settings with their secret, and the server generation found by asking."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3

from config.models import InfluxConfig
from model.batch import Batch
from model.errors import ConfigError
from model.signal import Signal
from storage.embedded import EmbeddedStore
from storage.http_answers import tls_options, unreachable
from storage.influx1 import Influx1Settings, Influx1Store
from storage.influx2_settings import Influx2Settings
from storage.line_names import PlantTags
from storage.store import SampleStore, StoreBlock

if TYPE_CHECKING:
    from storage.influx2 import Influx2Store


def secret_of(config: InfluxConfig, folder: Path) -> str:
    """Return the token or `user:password` of `config`, "" if it names none; raises ConfigError if it cannot be read."""
    if config.token_env is not None:
        value = os.environ.get(config.token_env)
        if not value:
            raise ConfigError(
                f"storage.influx.token_env: the environment variable {config.token_env} is not set",
                f"storage.influx.token_env：环境变量 {config.token_env} 未设置",
            )
        return value.strip()
    if config.token_file is not None:
        path = folder / config.token_file
        try:
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"storage.influx.token_file: cannot read {path} ({error}). Create the file with the token in it.",
                f"storage.influx.token_file：无法读取 {path}（{error}）。请创建该文件并写入令牌。",
            ) from error
    return ""


def settings_of(config: InfluxConfig, folder: Path) -> Influx1Settings | Influx2Settings:
    """Return the settings of the server in `config`; version `auto` asks the server.

    folder: of the plant file. Raises TransientError if the server must be asked and does not answer, ConfigError if the
    secret cannot be read.
    """
    secret = secret_of(config, folder)
    if not config.verify_tls:
        # Written out in the plant file and said by `check --online`; not again at every request.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    ca_file = str(folder / config.ca_file) if config.ca_file else ""
    seconds = config.timeout.total_seconds()
    version = config.version
    if version == "auto":
        version = "1" if _is_version_1(config, ca_file, seconds) else "2"
    if version == "1":
        user, _, password = secret.partition(":")
        return Influx1Settings(
            config.url,
            config.bucket,
            user,
            password,
            config.gzip,
            seconds,
            ca_file,
            config.verify_tls,
        )
    milliseconds = int(seconds * 1000)
    return Influx2Settings(
        config.url,
        config.org,
        config.bucket,
        secret,
        config.gzip,
        milliseconds,
        ca_file,
        config.verify_tls,
    )


def _is_version_1(config: InfluxConfig, ca_file: str, seconds: float) -> bool:
    options = tls_options(ca_file, verify=config.verify_tls)
    try:
        with urllib3.PoolManager(**options) as pool:  # type: ignore[arg-type]
            answer = pool.request(
                "GET", f"{config.url.rstrip('/')}/ping", timeout=seconds, retries=False
            )
            return answer.headers.get("X-Influxdb-Version", "").lstrip("v").startswith("1.")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise unreachable(f"InfluxDB {config.url}", error) from error


class InfluxStore:
    """A `SampleStore` on the server of a plant file; nothing is asked before its first use."""

    name = "influx"

    def __init__(self, config: InfluxConfig, folder: Path, tags: PlantTags) -> None:
        """Take the configuration; opens nothing."""
        self._config = config
        self._folder = folder
        self._tags = tags
        self._store: Influx1Store | Influx2Store | None = None

    def _opened(self) -> Influx1Store | Influx2Store:
        if self._store is None:
            settings = settings_of(self._config, self._folder)
            if isinstance(settings, Influx1Settings):
                self._store = Influx1Store(settings, self._tags)
            else:
                # The client's model of the whole API takes 20 MB: only a plant that writes to 2.x loads it.
                from storage.influx2 import Influx2Store  # noqa: PLC0415

                self._store = Influx2Store(settings, self._tags)
            self.name = self._store.name
        return self._store

    def write(self, blocks: Sequence[StoreBlock]) -> None:
        """Store all rows of `blocks`; see `SampleStore.write`."""
        self._opened().write(blocks)

    def read(self, signals: Sequence[Signal], start_ns: int, end_ns: int) -> Batch:
        """Return rows sorted by instant; see `SampleStore.read`."""
        return self._opened().read(signals, start_ns, end_ns)

    def latest(self, signals: Sequence[Signal], before_ns: int) -> Batch:
        """Return the newest value rows; see `SampleStore.latest`."""
        return self._opened().latest(signals, before_ns)

    def count_by_device(self, start_ns: int, end_ns: int) -> dict[str, int]:
        """Return the number of points of every device; see `SampleStore.count_by_device`."""
        return self._opened().count_by_device(start_ns, end_ns)

    def close(self) -> None:
        """Close the connections; safe to call twice."""
        if self._store is not None:
            self._store.close()


def open_store(
    influx: InfluxConfig | None, folder: Path, embedded: Path, tags: PlantTags
) -> SampleStore:
    """Return the store of a plant: InfluxDB if the plant file names one, else the embedded store at `embedded`.

    folder: of the plant file, for relative file names.
    """
    if influx is None:
        return EmbeddedStore(embedded)
    return InfluxStore(influx, folder, tags)
