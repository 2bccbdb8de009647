"""Certificates and passwords in files: own application certificate, trust list. Blocking; called from a thread."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from connectors.opcua import errors
from connectors.opcua.config import OpcUaConnection

_YEARS: Final = 10
_KEY_BITS: Final = 2048
"""Allowed by every policy from Basic128Rsa15 to Aes256Sha256RsaPss (OPC 10000-7)."""
_SUFFIXES: Final = frozenset({".der", ".cer", ".crt", ".pem"})
_making = threading.Lock()


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """The application certificate that we show, and the key that proves it is ours."""

    path: str
    der: bytes
    key_der: bytes
    application_uri: str


def own_certificate(config: OpcUaConnection, now_ns: int) -> OwnCertificate:
    """Return the certificate of the configuration, or the one of the pki folder, made now if it is not there.

    Raises PermanentError if a file cannot be read, key and certificate do not fit, or it names no application URI.
    """
    if config.certificate_file is not None and config.key_file is not None:
        certificate, key = Path(config.certificate_file), Path(config.key_file)
    else:
        certificate = Path(config.pki, "own", "plantproof.der")
        key = Path(config.pki, "private", "plantproof.pem")
        with _making:
            if not (certificate.exists() and key.exists()):
                _make(certificate, key, config.application_uri, now_ns)
    shown = _load_certificate(certificate)
    try:
        data = key.read_bytes()
        if data.startswith(b"-----"):
            private = serialization.load_pem_private_key(data, None)
        else:
            private = serialization.load_der_private_key(data, None)
    except (OSError, ValueError, TypeError) as exc:
        raise errors.unusable_file(str(key), str(exc)) from exc
    if private.public_key() != shown.public_key():
        raise errors.unusable_file(str(key), f"it is not the key of {certificate}")
    uris = _uris(shown)
    if not uris:
        raise errors.unusable_file(
            str(certificate), "its subjectAltName has no application URI (OPC 10000-6, 6.2.2)"
        )
    return OwnCertificate(
        str(certificate),
        shown.public_bytes(serialization.Encoding.DER),
        private.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        uris[0],
    )


def check_server_certificate(config: OpcUaConnection, der: bytes, now_ns: int) -> None:
    """Accept the certificate of a server only if it is pinned, on the trust list, or issued by one on the list.

    Raises PermanentError and keeps the refused certificate in `rejected/`, where a person finds it.
    """
    try:
        shown = x509.load_der_x509_certificate(der)
    except ValueError as exc:
        raise errors.no_server_certificate(config.url, str(exc)) from exc
    now = datetime.fromtimestamp(now_ns / 1e9, UTC)
    reason = None
    if config.server_certificate_file is not None:
        if _load_certificate(Path(config.server_certificate_file)) != shown:
            reason = f"it is not {config.server_certificate_file}"
    elif not any(_vouches(c, shown) for c in _trusted(Path(config.pki, "trusted"))):
        reason = "it is not on the trust list"
    if reason is None and not shown.not_valid_before_utc <= now <= shown.not_valid_after_utc:
        reason = (
            f"valid {shown.not_valid_before_utc:%Y-%m-%d} to {shown.not_valid_after_utc:%Y-%m-%d}, "
            f"the clock of this computer says {now:%Y-%m-%d}"
        )
    if reason is None:
        return
    thumbprint = shown.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - the thumbprint of OPC 10000-6 is SHA-1
    stored = Path(config.pki, "rejected", f"{thumbprint}.der")
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_bytes(der)
    raise errors.untrusted_server(
        config.url,
        f"{reason}; thumbprint {thumbprint}",
        str(stored),
        str(Path(config.pki, "trusted")),
    )


def read_password(path: str) -> str:
    """Return the password in a file, without the end of line."""
    try:
        return Path(path).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise errors.unusable_file(path, str(exc)) from exc


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        data = path.read_bytes()
        if data.startswith(b"-----"):
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except (OSError, ValueError) as exc:
        raise errors.unusable_file(str(path), str(exc)) from exc


def _trusted(folder: Path) -> list[x509.Certificate]:
    if not folder.is_dir():
        return []
    return [_load_certificate(p) for p in sorted(folder.iterdir()) if p.suffix.lower() in _SUFFIXES]


def _vouches(trusted: x509.Certificate, shown: x509.Certificate) -> bool:
    """Return whether `shown` is the trusted certificate, or one that the trusted authority issued."""
    if trusted == shown:
        return True
    try:
        if not trusted.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        shown.verify_directly_issued_by(trusted)
    except (x509.ExtensionNotFound, ValueError, TypeError, InvalidSignature):
        return False
    return True


def _uris(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.UniformResourceIdentifier)


def _make(certificate: Path, key: Path, uri: str, now_ns: int) -> None:
    """Write a new key and a self-signed application certificate (OPC 10000-6, 6.2.2)."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    host = socket.gethostname()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"plantproof@{host}"[:64])])
    now = datetime.fromtimestamp(now_ns / 1e9, UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri), x509.DNSName(host)]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=True,
                data_encipherment=True,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    key.parent.mkdir(parents=True, exist_ok=True)
    certificate.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.DER))
