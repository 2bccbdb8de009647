"""The small files beside the log: control requests, recovery intent, keys, status."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from agent.control import ControlFolder, Request
from agent.keys import load_signer
from agent.recovery_intent import Intent, RecoveryIntent
from agent.status_file import read_status
from model.errors import ConfigError, TransientError


def test_request_is_answered_once(tmp_path: Path):
    agent, asker = ControlFolder(tmp_path), ControlFolder(tmp_path)
    agent.prepare()

    def serve(_seconds: float) -> None:
        for request in agent.pending():
            agent.answer(request, {"ok": True, "kind": request.kind, "size": request.size})

    answer = asker.ask("export", sha256="ab" * 32, size=17, sleep=serve)
    assert answer == {"ok": True, "kind": "export", "size": 17}
    assert list(tmp_path.iterdir()) == [], "question and answer are gone"


def test_agent_that_does_not_answer_is_named_and_the_question_withdrawn(tmp_path: Path):
    waits: list[float] = []
    with pytest.raises(TransientError) as seen:
        ControlFolder(tmp_path).ask("checkpoint", timeout_s=2, sleep=waits.append)
    assert sum(waits) == pytest.approx(2)
    assert "did not answer within 2 s" in seen.value.en
    assert "没有应答" in seen.value.zh
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"id": 1}', b'{"id":"x","kind":"y","size":"z"}']
)
def test_file_that_is_no_request_is_removed_and_ignored(tmp_path: Path, data: bytes):
    (tmp_path / "x.request.json").write_bytes(data)
    assert ControlFolder(tmp_path).pending() == []
    assert list(tmp_path.iterdir()) == []


def test_requests_of_an_earlier_run_are_dropped(tmp_path: Path):
    folder = ControlFolder(tmp_path)
    folder.answer(Request("old", "checkpoint"), {"ok": True})
    (tmp_path / "old.request.json").write_text('{"id":"old","kind":"export"}')
    folder.prepare()
    assert folder.pending() == []
    assert list(tmp_path.iterdir()) == []


def test_recovery_intent_is_read_back(tmp_path: Path):
    intent = RecoveryIntent(tmp_path / "recovery.json")
    assert intent.read() is None
    intent.write(29_000_000, 12)
    intent.write(29_000_001, 15)
    assert intent.read() == Intent(29_000_001, 15)


@pytest.mark.parametrize("data", [b"", b'{"slot": 1', b"[1]", b'{"slot":1}', b"null"])
def test_torn_recovery_intent_counts_as_none(tmp_path: Path, data: bytes):
    (tmp_path / "recovery.json").write_bytes(data)
    assert RecoveryIntent(tmp_path / "recovery.json").read() is None


def test_key_is_made_once_readable_for_the_owner_only(tmp_path: Path):
    path = tmp_path / "keys" / "agent.ed25519"
    first = load_signer(path).public_key
    assert load_signer(path).public_key == first
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31, "ab" * 33])
def test_damaged_key_is_never_replaced(tmp_path: Path, text: str):
    path = tmp_path / "agent.ed25519"
    path.write_text(text)
    with pytest.raises(ConfigError) as seen:
        load_signer(path)
    assert str(path) in seen.value.en
    assert "备份" in seen.value.zh
    assert path.read_text() == text


@pytest.mark.parametrize(
    "data", ["", "{", "[]", json.dumps({"pid": 1}), json.dumps({"sources": [{}]})]
)
def test_status_of_another_version_is_none(tmp_path: Path, data: str):
    path = tmp_path / "status.json"
    path.write_text(data)
    assert read_status(path) is None
