"""Statistics beside collection: a broken file is said once and never stops the agent; stopping releases the file."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from agent.log_reader import LogFollower
from agent.statistics.task import StatisticsTask
from storage.statistics import StatisticsStore
from tests.support.mini_history import FIRST, MIN_MS, MiniHistory, mini_history


@pytest.fixture
def history(tmp_path: Path) -> MiniHistory:
    return mini_history(tmp_path)


def follower(history: MiniHistory) -> LogFollower:
    return LogFollower(history.data.ledger(1), history.data.frames(1))


def test_hours_are_formed_and_the_file_is_released_at_the_end(history: MiniHistory) -> None:
    task = StatisticsTask(history.data, 1)
    task.update(follower(history))
    with StatisticsStore(history.data.statistics(1), read_only=True) as reader:
        progress = reader.progress
    assert progress is not None
    assert progress.seen_ms == (FIRST + 240) * MIN_MS
    task.stop()
    with StatisticsStore(history.data.statistics(1)) as writer:
        assert writer.progress == progress
    # stopped, it takes nothing more
    history.data.statistics(1).unlink()
    task.update(follower(history))
    assert not history.data.statistics(1).exists()


def test_a_damaged_file_is_said_once_and_formed_anew_when_deleted(
    history: MiniHistory, caplog: pytest.LogCaptureFixture
) -> None:
    path = history.data.statistics(1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no database" * 400)
    task = StatisticsTask(history.data, 1)
    with caplog.at_level(logging.ERROR, "plantproof.statistics"):
        task.update(follower(history))
        task.update(follower(history))
    assert len(caplog.records) == 1
    assert "delete the file" in caplog.text
    path.unlink()
    task.update(follower(history))
    task.stop()
    with StatisticsStore(path, read_only=True) as reader:
        assert reader.assets() == ["cnc-02", "meter-02", "plc-01", "press-01"]


def test_another_writer_is_waited_for(
    history: MiniHistory, caplog: pytest.LogCaptureFixture
) -> None:
    task = StatisticsTask(history.data, 1)
    with StatisticsStore(history.data.statistics(1)), caplog.at_level(logging.ERROR):
        task.update(follower(history))
    assert len(caplog.records) == 1
    task.update(follower(history))
    task.stop()
    with StatisticsStore(history.data.statistics(1), read_only=True) as reader:
        assert reader.progress is not None
