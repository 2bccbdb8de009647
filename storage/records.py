"""Imported records on disk: files by digest, one manifest an import in a chain, nothing is ever deleted.

Layout of the folder: `<sha256>/content.<suffix>` for every file, `imports/<number>.<sha256>.json` for every manifest,
`lock`. The manifest is written last and is the commit: what no manifest names was not imported.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from evidence.grammar import HEX64
from evidence.refusal import Refusal
from model.errors import ConfigError, PermanentError, VerificationError
from storage.durable import LedgerInUseError, lock, refused, sync_folder, write_atomically
from storage.records_manifest import Manifest, parse_manifest

_MANIFEST = re.compile(r"([0-9]{6})\.([0-9a-f]{64})\.json")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
MAX_IMPORTS: Final = 999_999
SHORTEST_DIGEST: Final = 8


class RecordsFolder:
    """The records of one plant; reading needs no lock, writing happens inside `writing`."""

    def __init__(self, root: Path) -> None:
        """Point at the folder; it is made at the first import."""
        self.root = root

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer for a while; raises PermanentError if another import is running."""
        try:
            (self.root / "imports").mkdir(parents=True, exist_ok=True)
            file = (self.root / "lock").open("a+b", buffering=0)
        except OSError as error:
            raise refused(self.root, error) from error
        with file:
            try:
                lock(file, self.root)
            except LedgerInUseError as error:
                raise PermanentError(
                    f"another import into {self.root} is running; wait until it has ended",
                    f"另一个导入正在写入 {self.root}，请等它结束后再试",
                ) from error
            yield

    def put(self, data: bytes, suffix: str) -> str:
        """Store a file durably under its SHA-256 and return the 64 hex digits; an equal one is left alone.

        suffix: of the file that was handed in, like `.xlsx`; kept where it is plain, so that a double click opens it.
        Raises TransientError if the disk refuses.
        """
        digest = hashlib.sha256(data).hexdigest()
        folder = self.root / digest
        if self._content(digest) is not None:
            return digest
        plain = suffix.lower() if _SUFFIX.fullmatch(suffix.lower()) else ""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self.root)
        except OSError as error:
            raise refused(folder, error) from error
        write_atomically(folder / f"content{plain}", data)
        return digest

    def _content(self, digest: str) -> bytes | None:
        """Return the bytes of a file if they are there and unchanged."""
        folder = self.root / digest
        if not folder.is_dir():
            return None
        for path in sorted(folder.glob("content*")):
            if path.suffix == ".tmp":
                continue
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() == digest:
                return data
        return None

    def get(self, digest: str) -> bytes:
        """Return the bytes of a file; raises VerificationError if it is absent or changed."""
        if HEX64.fullmatch(digest) is None:
            raise PermanentError(f"{digest!r} is not a SHA-256", f"{digest!r} 不是 SHA-256")
        data = self._content(digest)
        if data is None:
            raise VerificationError(
                f"{self.root / digest}: the file is absent or changed; restore it from a backup",
                f"{self.root / digest}：文件缺失或已被改动，请从备份恢复",
            )
        return data

    def path_of(self, digest: str) -> Path:
        """Return the folder in which a file lies."""
        return self.root / digest

    def append(self, manifest: Manifest) -> str:
        """Commit an import durably and return the SHA-256 of its manifest.

        Raises ValueError unless it follows the last one (number and `previous`).
        """
        before = self.manifests()
        last = before[-1] if before else None
        expected = (last.number + 1, last.sha256) if last is not None else (1, None)
        if (manifest.number, manifest.previous) != expected or manifest.number > MAX_IMPORTS:
            raise ValueError(f"import {manifest.number} does not follow {expected}")
        name = f"{manifest.number:06d}.{manifest.sha256}.json"
        write_atomically(self.root / "imports" / name, manifest.encode())
        return manifest.sha256

    def manifests(self) -> tuple[Manifest, ...]:
        """Return every manifest in order.

        Raises VerificationError if one is changed, absent from the middle of the chain, or names no earlier import.
        """
        folder = self.root / "imports"
        if not folder.is_dir():
            return ()
        found: list[Manifest] = []
        for path in sorted(p for p in folder.iterdir() if p.suffix == ".json"):
            manifest = _read(path)
            last = found[-1] if found else None
            expected = (last.number + 1, last.sha256) if last is not None else (1, None)
            if (manifest.number, manifest.previous) != expected:
                raise VerificationError(
                    f"{path}: import {expected[0]} is missing or changed; restore the folder from a backup",
                    f"{path}：第 {expected[0]} 次导入的清单缺失或已被改动，请从备份恢复",
                )
            if manifest.replaces is not None:
                _check_replaced(path, manifest, found)
            found.append(manifest)
        return tuple(found)


def _read(path: Path) -> Manifest:
    match = _MANIFEST.fullmatch(path.name)
    data = path.read_bytes()
    if match is None or hashlib.sha256(data).hexdigest() != match[2]:
        raise VerificationError(
            f"{path}: the manifest does not have the SHA-256 of its name; restore it from a backup",
            f"{path}：清单内容与文件名中的 SHA-256 不符，请从备份恢复",
        )
    try:
        return parse_manifest(data)
    except Refusal as error:
        raise error.within(str(path), str(path)) from error


def _check_replaced(path: Path, manifest: Manifest, before: Sequence[Manifest]) -> None:
    named = manifest.replaces
    if named is None or any((m.number, m.sha256) == (named.number, named.sha256) for m in before):
        return
    raise VerificationError(
        f"{path}: it replaces import {named.number}, which is not among the earlier ones",
        f"{path}：所替换的第 {named.number} 次导入不在此前的导入中",
    )


def in_force(manifests: Sequence[Manifest]) -> tuple[Manifest, ...]:
    """Return the imports that no later one has replaced or withdrawn, in order."""
    gone = {m.replaces.sha256 for m in manifests if m.replaces is not None}
    return tuple(m for m in manifests if not m.withdrawal and m.sha256 not in gone)


def import_named(manifests: Sequence[Manifest], text: str) -> Manifest:
    """Return the import in force with a number or the first 8 or more digits of its SHA-256.

    Raises ConfigError if there is none, or if it is not in force.
    """

    def matches(manifest: Manifest) -> bool:
        return str(manifest.number) == text or (
            len(text) >= SHORTEST_DIGEST and manifest.sha256.startswith(text)
        )

    active = [m for m in in_force(manifests) if matches(m)]
    if len(active) == 1:
        return active[0]
    if any(matches(m) for m in manifests):
        raise ConfigError(
            f"import {text} is not in force any more; name the one that replaced it",
            f"第 {text} 次导入已不再有效，请指定替换它的那一次",
        )
    raise ConfigError(
        f"there is no import {text}; see plantproof import --list",
        f"没有第 {text} 次导入；请看 plantproof import --list",
    )
