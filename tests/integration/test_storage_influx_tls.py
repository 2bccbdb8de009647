"""A real InfluxDB 2 that speaks TLS only: written and read back, and refused in plain words if not trusted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.models import InfluxConfig
from model.batch import make_batch
from model.errors import TransientError
from model.signal import Role, Signal, SignalTable, SignalType
from storage.check_online import check_online
from storage.influx2 import Influx2Store
from storage.influx2_settings import Influx2Settings
from storage.line_names import PlantTags
from storage.store import StoreBlock
from tests.support import servers

pytestmark = pytest.mark.integration

T0 = 1_772_323_200_000_000_000
TABLE = SignalTable.of(
    [Signal(device="cnc-01", name="good", role=Role.COUNT_GOOD, type=SignalType.INT)]
)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a self-signed certificate for 127.0.0.1 and its key; return both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    crt, secret = folder / f"{name}.crt", folder / f"{name}.key"
    crt.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return crt, secret


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.InfluxDb2]:
    with servers.influxdb2(tls=certificate(tmp_path_factory.mktemp("tls"), "server")) as found:
        yield found


@pytest.fixture
def settings(server: servers.InfluxDb2) -> Influx2Settings:
    return Influx2Settings(
        server.url, server.org, server.bucket, server.token, ca_file=str(server.ca_file)
    )


def block() -> StoreBlock:
    batch = make_batch(
        signal=np.array([0, 0]),
        source_ns=np.array([T0, T0 + 1_000_000_000]),
        received_ns=np.array([T0, T0 + 1_000_000_000]),
        value=np.array([7, 8]),
    )
    return StoreBlock(1, TABLE, batch)


def test_rows_over_tls_are_read_back(settings: Influx2Settings) -> None:
    store = Influx2Store(settings, PlantTags("ws1", simulated=True))
    try:
        store.write([block()])
        found = store.read(TABLE.signals, T0, T0 + 2_000_000_000)
    finally:
        store.close()
    assert found.value.tolist() == [7, 8]


def test_server_with_another_certificate_is_refused_in_plain_words(
    settings: Influx2Settings, tmp_path: Path
) -> None:
    stranger, _ = certificate(tmp_path, "stranger")
    store = Influx2Store(replace(settings, ca_file=str(stranger)), PlantTags("ws1", simulated=True))
    try:
        with pytest.raises(TransientError) as caught:
            store.write([block()])
    finally:
        store.close()
    assert "certificate" in caught.value.en
    assert "证书" in caught.value.zh


def config(server: servers.InfluxDb2, folder: Path, **more: object) -> InfluxConfig:
    (folder / "token").write_text(server.token)
    values = {"url": server.url, "org": server.org, "bucket": server.bucket, "token_file": "token"}
    return InfluxConfig.model_validate({**values, **more})


def test_check_online_over_tls_finds_no_fault(server: servers.InfluxDb2, tmp_path: Path) -> None:
    found = check_online(config(server, tmp_path, ca_file=str(server.ca_file)), tmp_path)
    assert [f.step for f in found if not f.ok] == []
    assert {"write", "read"} <= {f.step for f in found}


def test_check_online_says_that_the_certificate_is_not_trusted(
    server: servers.InfluxDb2, tmp_path: Path
) -> None:
    stranger, _ = certificate(tmp_path, "stranger")
    last = check_online(config(server, tmp_path, ca_file=str(stranger)), tmp_path)[-1]
    assert not last.ok
    assert "certificate" in last.en
    assert "证书" in last.zh


def test_unchecked_certificate_needs_its_own_setting(
    server: servers.InfluxDb2, tmp_path: Path
) -> None:
    assert not check_online(config(server, tmp_path), tmp_path)[-1].ok
    found = check_online(config(server, tmp_path, verify_tls=False), tmp_path)
    assert [f.step for f in found if not f.ok] == []
    assert found[0].step == "certificate"
    assert "not checked" in found[0].en
