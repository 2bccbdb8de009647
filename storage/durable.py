"""Small files that survive a power cut: atomic replacement, flushed folders, one writer at a time."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from model.errors import PermanentError, TransientError


def sync_folder(folder: Path) -> None:
    """Flush the names in `folder` to the disk (Windows has no such call and does it by itself)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace `path` by `data`: after a crash it holds the old or the new bytes, never a mixture.

    Order: `<name>.tmp` fsync, rename, fsync of the folder. Raises TransientError if the disk refuses.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise refused(path, error) from error


def refused(path: Path, error: OSError) -> TransientError:
    """Return the error of a disk that does not take `path`."""
    return TransientError(
        f"cannot write {path}: {error}. Check free space and permissions of that disk; it is tried again.",
        f"无法写入 {path}：{error}。请检查该磁盘的剩余空间和权限，程序会自动重试。",
    )


class LedgerInUseError(PermanentError):
    """Another process writes here."""


def lock(file: IO[bytes], path: Path) -> None:
    """Make this process the only writer of `file` until it is closed; raises LedgerInUseError if another one is."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415  # exists on Windows only

            # Windows locks are binding for readers too: a byte that no entry will ever have is locked.
            file.seek(2**40)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415  # exists on POSIX only

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise LedgerInUseError(
            f"{path} is in use by another plantproof process; stop that one first",
            f"{path} 正被另一个 plantproof 进程使用，请先停止它",
        ) from error
