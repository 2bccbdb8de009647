"""Bundles on disk: reading a zip or a folder, and writing a zip so that it is there whole or not at all."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from evidence.bundle import Bundle, check_names
from evidence.bundle_write import Member
from evidence.container import Read
from evidence.refusal import Refusal

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The one time stamp of every zip member: the same parts give the same file."""
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What the zip library raises for damaged bytes."""


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """Open a bundle, a folder or a zip file.

    Raises `Refusal` (kind "zip", "file") if it is neither or breaks the rules of names and compression; OSError passes.
    """
    if path.is_dir():
        yield FolderBundle(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise _bad_zip(str(error)) from error
    with archive:
        yield ZipBundle(archive)


class FolderBundle:
    """The members of an unpacked bundle; links and special files are refused."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: dict[str, int] = {}
        for path in sorted(folder.rglob("*")):
            status = path.lstat()
            name = path.relative_to(folder).as_posix()
            if stat.S_ISREG(status.st_mode):
                self._sizes[name] = status.st_size
            elif not stat.S_ISDIR(status.st_mode):
                raise Refusal("file", f"{name} is not a plain file", f"{name} 不是普通文件")
        check_names(list(self._sizes))

    def sizes(self) -> Mapping[str, int]:
        """Return the size of every member."""
        return self._sizes

    @contextmanager
    def open(self, name: str) -> Iterator[Read]:
        """Return a reader of one member."""
        with (self._folder / name).open("rb") as file:
            yield file.read


class ZipBundle:
    """The members of a zip file: stored or deflated, not encrypted."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        members = archive.infolist()
        check_names([info.filename for info in members])
        for info in members:
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _bad_zip(f"compression {info.compress_type} of {info.filename}")
            if info.flag_bits & 0x41:
                raise _bad_zip(f"{info.filename} is encrypted")
        self._sizes = {info.filename: info.file_size for info in members}

    def sizes(self) -> Mapping[str, int]:
        """Return the uncompressed size of every member."""
        return self._sizes

    @contextmanager
    def open(self, name: str) -> Iterator[Read]:
        """Return a reader of one member; damage found while reading is refused."""
        try:
            file = self._archive.open(name)
        except _DAMAGE as error:
            raise _bad_zip(str(error)) from error
        with file:

            def read(size: int) -> bytes:
                try:
                    return file.read(size)
                except _DAMAGE as error:
                    raise _bad_zip(f"{name}: {error}") from error

            yield read


def write_zip(path: Path, members: Iterable[Member], *, compress: bool = True) -> None:
    """Write a bundle to `path` under the name `path.part` first, sync it, then rename it.

    Members carry one fixed time stamp and mode, so that equal members give equal bytes. Raises OSError.
    """
    part = path.with_name(path.name + ".part")
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with part.open("wb") as file:
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, pieces in members:
                info = zipfile.ZipInfo(name, _EPOCH)
                info.compress_type = method
                info.create_system = 3
                info.external_attr = 0o100644 << 16
                with archive.open(info, "w", force_zip64=True) as member:
                    for piece in pieces:
                        member.write(piece)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename durable where the system can (a folder cannot be synced on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _bad_zip(why: str) -> Refusal:
    return Refusal("zip", f"the zip file cannot be used: {why}", f"压缩包无法使用：{why}")
