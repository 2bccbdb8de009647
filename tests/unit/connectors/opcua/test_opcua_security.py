from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from connectors.opcua.config import OpcUaConnection
from connectors.opcua.security import check_server_certificate, own_certificate, read_password
from model.errors import PermanentError
from tests.support.connector import START_NS

NOW = datetime.fromtimestamp(START_NS // 10**9, UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def config(tmp_path: Path, **more: object) -> OpcUaConnection:
    return OpcUaConnection.model_validate(
        {"url": "opc.tcp://x:1", "security": "Basic256Sha256", "pki": str(tmp_path), **more}
    )


def certificate(
    name: str,
    *,
    issuer: str | None = None,
    ca: bool = False,
    until: datetime = NOW + timedelta(days=9),
) -> x509.Certificate:
    def words(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    return (
        x509.CertificateBuilder()
        .subject_name(words(name))
        .issuer_name(words(issuer or name))
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=9))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(KEY, hashes.SHA256())
    )


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def trust(tmp_path: Path, shown: x509.Certificate, name: str = "a.der") -> None:
    (tmp_path / "trusted").mkdir(exist_ok=True)
    (tmp_path / "trusted" / name).write_bytes(der(shown))


def test_own_certificate_is_made_once_and_kept(tmp_path: Path) -> None:
    first = own_certificate(config(tmp_path), START_NS)
    again = own_certificate(config(tmp_path), START_NS + 10**18)
    assert first == again
    assert first.application_uri == "urn:plantproof:agent"
    made = x509.load_der_x509_certificate(first.der)
    assert made.not_valid_before_utc < NOW < made.not_valid_after_utc
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.data_encipherment


def test_own_certificate_from_files_brings_its_uri_and_needs_its_key(tmp_path: Path) -> None:
    own = own_certificate(config(tmp_path, application_uri="urn:factory:agent"), START_NS)
    other = own_certificate(config(tmp_path / "other"), START_NS)
    key = str(tmp_path / "private" / "plantproof.pem")
    files = config(tmp_path / "x", certificate_file=own.path, key_file=key)
    assert own_certificate(files, START_NS).application_uri == "urn:factory:agent"
    with pytest.raises(PermanentError, match="not the key of"):
        own_certificate(config(tmp_path, certificate_file=other.path, key_file=key), START_NS)


def test_certificate_without_application_uri_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.der").write_bytes(der(certificate("agent")))
    pem = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "k.pem").write_bytes(pem)
    files = {"certificate_file": str(tmp_path / "c.der"), "key_file": str(tmp_path / "k.pem")}
    with pytest.raises(PermanentError, match="application URI"):
        own_certificate(config(tmp_path, **files), START_NS)


def test_unknown_server_is_refused_and_kept_for_a_person(tmp_path: Path) -> None:
    shown = certificate("cnc")
    with pytest.raises(PermanentError, match="trust list") as error:
        check_server_certificate(config(tmp_path), der(shown), START_NS)
    thumbprint = shown.fingerprint(hashes.SHA1()).hex()
    assert thumbprint in error.value.en
    assert thumbprint in error.value.zh
    assert (tmp_path / "rejected" / f"{thumbprint}.der").read_bytes() == der(shown)


def test_trusted_server_passes_and_so_does_one_of_a_trusted_authority(tmp_path: Path) -> None:
    trust(tmp_path, certificate("cnc"), "cnc.der")
    with pytest.raises(PermanentError):
        check_server_certificate(
            config(tmp_path), der(certificate("cnc")), START_NS
        )  # another serial
    authority = certificate("factory", ca=True)
    issued = certificate("robot", issuer="factory")
    with pytest.raises(PermanentError):
        check_server_certificate(config(tmp_path), der(issued), START_NS)
    trust(tmp_path, authority, "ca.der")
    check_server_certificate(config(tmp_path), der(issued), START_NS)


def test_trusted_certificate_that_is_no_authority_vouches_for_nobody(tmp_path: Path) -> None:
    trust(tmp_path, certificate("factory"))
    with pytest.raises(PermanentError):
        check_server_certificate(
            config(tmp_path), der(certificate("x", issuer="factory")), START_NS
        )


def test_expired_certificate_names_the_clock(tmp_path: Path) -> None:
    shown = certificate("cnc", until=NOW - timedelta(days=1))
    trust(tmp_path, shown)
    with pytest.raises(PermanentError, match="clock of this computer says 2025-11-21"):
        check_server_certificate(config(tmp_path), der(shown), START_NS)


def test_pinned_certificate_is_the_only_one(tmp_path: Path) -> None:
    pinned, other = certificate("cnc"), certificate("cnc")
    (tmp_path / "pin.der").write_bytes(der(pinned))
    trust(tmp_path, other)
    wanted = config(tmp_path, server_certificate_file=str(tmp_path / "pin.der"))
    check_server_certificate(wanted, der(pinned), START_NS)
    with pytest.raises(PermanentError, match=r"it is not .*pin\.der"):
        check_server_certificate(wanted, der(other), START_NS)


def test_password_file_ends_before_the_end_of_line(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes("geheim 密码 \r\n".encode())
    assert read_password(str(tmp_path / "p")) == "geheim 密码 "
    with pytest.raises(PermanentError, match="nothing"):
        read_password(str(tmp_path / "nothing"))


def test_endpoint_without_certificate_says_so(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="no readable certificate"):
        check_server_certificate(config(tmp_path), b"", START_NS)
