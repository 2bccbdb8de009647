"""Private key and site secret: made at the first start, kept readable for the service account only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from evidence.keys import SEED_BYTES, SeedSigner
from evidence.salt import SECRET_BYTES
from model.errors import ConfigError


def load_or_create_secret(path: Path, size: int, *, what_en: str, what_zh: str) -> bytes:
    """Return the `size` secret bytes stored in `path` as hex; make them if the file does not exist.

    Raises ConfigError if the file exists and is not `size` bytes of hex: a damaged key is never replaced silently.
    """
    if path.exists():
        text = path.read_text(encoding="ascii", errors="replace").strip()
        try:
            data = bytes.fromhex(text)
        except ValueError:
            data = b""
        if len(data) != size:
            raise ConfigError(
                f"{what_en} {path} is damaged: {size} bytes of hex expected; restore it from the backup",
                f"{what_zh} {path} 已损坏：应为 {size} 字节的十六进制；请从备份恢复",
            )
        return data
    data = secrets.token_bytes(size)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(data.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return data


def load_signer(path: Path) -> SeedSigner:
    """Return the signer of the log; see `load_or_create_secret`."""
    return SeedSigner(
        load_or_create_secret(path, SEED_BYTES, what_en="the log key", what_zh="账本私钥")
    )


def load_site_secret(path: Path) -> bytes:
    """Return the secret of the salts; see `load_or_create_secret`."""
    return load_or_create_secret(path, SECRET_BYTES, what_en="the site secret", what_zh="现场密钥")
