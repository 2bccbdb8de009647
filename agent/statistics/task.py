"""Statistics beside collection: formed from the sealed log in a worker thread; a failure is said and tried again."""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import Final

from agent.folders import DataFolder
from agent.log_reader import LogFollower
from agent.statistics.keeper import StatisticsKeeper
from model.errors import PlantproofError
from storage.frame_archive import FrameArchive
from storage.statistics import StatisticsStore

_LOG: Final = logging.getLogger("plantproof.statistics")


class StatisticsTask:
    """Keeps the statistics of one epoch up; collection never depends on it."""

    def __init__(self, folder: DataFolder, epoch: int) -> None:
        """Take the folders of one epoch; opens nothing."""
        self._folder = folder
        self._epoch = epoch
        self._store: StatisticsStore | None = None
        self._keeper: StatisticsKeeper | None = None
        self._said = ""
        self._ending = threading.Event()
        self._busy = threading.Lock()

    def update(self, follower: LogFollower) -> None:
        """Form the hours that were finished since the last call; called in a worker thread."""
        with self._busy:
            if self._ending.is_set():
                return
            try:
                self._form(follower)
            except (PlantproofError, OSError, sqlite3.Error) as exc:
                if str(exc) != self._said:
                    _LOG.error("statistics: %s", exc)
                self._said = str(exc)
                self._close()
            if self._ending.is_set():
                self._close()

    def stop(self) -> None:
        """End: a call that runs ends after the hours at hand, the file is released then."""
        self._ending.set()
        if self._busy.acquire(blocking=False):
            self._close()
            self._busy.release()

    def _form(self, follower: LogFollower) -> None:
        if self._keeper is None:
            self._store = StatisticsStore(self._folder.statistics(self._epoch))
            archive = FrameArchive(self._folder.frames(self._epoch), read_only=True)
            self._keeper = StatisticsKeeper(self._store, archive, ending=self._ending.is_set)
        kept = self._keeper.update(follower.update())
        self._said = ""
        if kept.anew:
            _LOG.info("statistics formed anew for late data: %s", ", ".join(kept.anew))

    def _close(self) -> None:
        """Release the file; the next update opens it again."""
        if self._store is not None:
            self._store.close()
        self._store = self._keeper = None
