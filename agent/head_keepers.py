"""The two ways to record an export: in this process, or by the running agent."""

from __future__ import annotations

from agent.control import ControlFolder
from agent.folders import DataFolder
from agent.log_reader import SealedLog
from agent.sealer import Now, Sealer
from model.errors import TransientError


class LocalKeeper:
    """This process owns the ledger."""

    def __init__(self, sealer: Sealer, folder: DataFolder, now: Now) -> None:
        """Take the opened sealer."""
        self._sealer = sealer
        self._folder = folder
        self._now = now

    def record_export(self, sha256: bytes, size: int) -> SealedLog:
        """Record the statement and return the log at a signed head that contains the record."""
        self._sealer.export(sha256, size, self._now)
        return SealedLog.open(self._folder)


class RemoteKeeper:
    """The running agent owns the ledger; it is asked through the control folder."""

    def __init__(self, folder: DataFolder) -> None:
        """Take the data folder of the plant."""
        self._folder = folder
        self._control = ControlFolder(folder.control)

    def sign(self) -> SealedLog:
        """Have the present head signed and return the log at it."""
        self._ask("checkpoint")
        return SealedLog.open(self._folder)

    def record_export(self, sha256: bytes, size: int) -> SealedLog:
        """Record the statement and return the log at a signed head that contains the record."""
        self._ask("export", sha256.hex(), size)
        return SealedLog.open(self._folder)

    def _ask(self, kind: str, sha256: str = "", size: int = 0) -> None:
        answer = self._control.ask(kind, sha256=sha256, size=size)
        if not answer.get("ok"):
            why = answer.get("error", "")
            raise TransientError(
                f"the running agent could not sign: {why}", f"运行中的采集程序无法签名：{why}"
            )
