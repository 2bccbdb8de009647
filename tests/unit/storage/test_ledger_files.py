"""The ledger on disk: order, recovery by itself, bit rot, heads that no longer follow, kill -9."""

from __future__ import annotations

import importlib.util
import random
import signal as signals
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from evidence.entry_file import encode_record
from evidence.merkle import leaf_hash, root_of
from model.errors import PermanentError, VerificationError
from storage.frame_archive import FrameArchive
from storage.ledger_files import Ledger, open_ledger
from storage.ledger_recovery import EpochEnd, EpochEndReason

ROOT = Path(__file__).resolve().parents[3]
WRITER = Path(__file__).with_name("ledger_writer.py")
_spec = importlib.util.spec_from_file_location("ledger_writer", WRITER)
assert _spec is not None
assert _spec.loader is not None
writer = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(writer)


def opened(folder: Path) -> Ledger:
    ledger = open_ledger(folder, writer.KEY)
    assert isinstance(ledger, Ledger), ledger
    return ledger


def build(folder: Path, n: int, *, head_at: int | None = None) -> list[bytes]:
    entries = [writer.entry_bytes(i) for i in range(n)]
    with opened(folder) as ledger:
        for i, entry in enumerate(entries):
            assert ledger.append(entry) == i
            if ledger.size == head_at:
                ledger.write_checkpoint(writer.note_of(ledger))
    return entries


def test_append_gives_indices_entries_leaves_and_root(tmp_path):
    entries = build(tmp_path, 9)
    with opened(tmp_path) as ledger:
        assert ledger.size == 9
        assert list(ledger.entries()) == entries
        assert ledger.entry(4) == entries[4]
        assert ledger.leaves(2, 5) == [leaf_hash(e) for e in entries[2:5]]
        assert ledger.root() == root_of([leaf_hash(e) for e in entries])
        assert (
            ledger.recovery.torn_bytes,
            ledger.recovery.lost,
            ledger.recovery.rebuilt_leaves,
        ) == (0, (), 0)
    assert (tmp_path / "entries.log").read_bytes() == b"".join(map(encode_record, entries))
    assert (tmp_path / "leaves.hash").read_bytes() == b"".join(map(leaf_hash, entries))


def test_replay_appends_are_readable_before_the_group_commit(tmp_path):
    with opened(tmp_path) as ledger:
        for i in range(5):
            ledger.append(writer.entry_bytes(i), sync=False)
        assert (tmp_path / "leaves.hash").read_bytes() == b""
        assert ledger.entry(4) == writer.entry_bytes(4)
        assert ledger.leaves() == [leaf_hash(writer.entry_bytes(i)) for i in range(5)]
        ledger.sync()
        assert (tmp_path / "leaves.hash").stat().st_size == 5 * 32


def test_checkpoint_of_another_size_or_root_is_refused(tmp_path):
    with opened(tmp_path) as ledger:
        ledger.append(writer.entry_bytes(0))
        note = writer.note_of(ledger)
        ledger.append(writer.entry_bytes(1))
        with pytest.raises(ValueError, match="not the head of this ledger"):
            ledger.write_checkpoint(note)
        assert ledger.head is None
        ledger.write_checkpoint(writer.note_of(ledger))
        assert ledger.head is not None
        assert ledger.head.checkpoint.size == 2
    assert not (tmp_path / "checkpoint.tmp").exists()


def test_second_writer_is_refused(tmp_path):
    with opened(tmp_path), pytest.raises(PermanentError, match="in use"):
        open_ledger(tmp_path, writer.KEY)


def test_cut_at_every_byte_restarts_and_signed_head_stays_a_prefix(tmp_path):
    entries = build(tmp_path / "whole", 6, head_at=3)
    log = (tmp_path / "whole" / "entries.log").read_bytes()
    leaves = (tmp_path / "whole" / "leaves.hash").read_bytes()
    checkpoint = (tmp_path / "whole" / "checkpoint").read_bytes()
    ends = [0]
    for entry in entries:
        ends.append(ends[-1] + len(encode_record(entry)))
    for cut in range(len(log) + 1):
        folder = tmp_path / "cut"
        (folder / "docs").mkdir(parents=True, exist_ok=True)
        (folder / "entries.log").write_bytes(log[:cut])
        (folder / "leaves.hash").write_bytes(leaves)
        (folder / "checkpoint").write_bytes(checkpoint)
        survived = max(i for i, end in enumerate(ends) if end <= cut)
        result = open_ledger(folder, writer.KEY)
        if survived < 3:
            assert isinstance(result, EpochEnd)
            assert (result.reason, result.surviving) == (EpochEndReason.HEAD_AHEAD, survived)
            assert result.head is not None
            assert (result.head.size, result.head.root) == (
                3,
                root_of([leaf_hash(e) for e in entries[:3]]),
            )
            assert (folder / "entries.log").read_bytes() == log[:cut], (
                "an ended log is left as it is"
            )
            continue
        assert isinstance(result, Ledger)
        with result as ledger:
            assert ledger.size == survived
            assert ledger.recovery.torn_bytes == cut - ends[survived]
            assert ledger.append(b'{"again":1}') == survived
        with opened(folder) as ledger:
            assert list(ledger.entries()) == [*entries[:survived], b'{"again":1}']
            assert ledger.recovery.torn_bytes == 0


@pytest.mark.parametrize("zeros", [1, 7, 8, 200, 4096])
def test_zero_filled_tail_is_cut(tmp_path, zeros):
    entries = build(tmp_path, 4, head_at=4)
    with (tmp_path / "entries.log").open("ab") as file:
        file.write(bytes(zeros))
    with (tmp_path / "leaves.hash").open("ab") as file:
        file.write(bytes(zeros))
    with opened(tmp_path) as ledger:
        assert ledger.recovery.torn_bytes == zeros
        assert list(ledger.entries()) == entries
        ledger.append(b'{"again":1}')
    with opened(tmp_path) as ledger:
        assert ledger.size == 5


@pytest.mark.parametrize("length", [0, 1, 31, 32, 40, 100])
def test_leaves_file_that_is_short_is_rebuilt_from_the_entries(tmp_path, length):
    entries = build(tmp_path, 4, head_at=2)
    data = (tmp_path / "leaves.hash").read_bytes()
    (tmp_path / "leaves.hash").write_bytes(data[:length])
    with opened(tmp_path) as ledger:
        assert list(ledger.entries()) == entries
        assert ledger.recovery.rebuilt_leaves == 4 - length // 32
    assert (tmp_path / "leaves.hash").read_bytes() == data


def test_bit_rot_in_any_byte_of_any_entry_but_keeps_the_log(tmp_path):
    """§5: a bad record with good ones after it keeps the file, takes its leaf from leaves.hash, reports the entry."""
    entries = build(tmp_path / "whole", 5, head_at=5)
    files = {
        name: (tmp_path / "whole" / name).read_bytes()
        for name in ("entries.log", "leaves.hash", "checkpoint")
    }
    record = len(encode_record(entries[0]))
    for at in range(record, record + len(encode_record(entries[1]))):
        folder = tmp_path / "rot"
        (folder / "docs").mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        bad = bytearray(files["entries.log"])
        bad[at] ^= 0x10
        (folder / "entries.log").write_bytes(bad)
        with opened(folder) as ledger:
            assert ledger.recovery.lost == (1,)
            assert ledger.recovery.torn_bytes == 0
            assert ledger.entry(0) == entries[0]
            assert ledger.entry(2) == entries[2]
            with pytest.raises(VerificationError, match="entry 1 is damaged"):
                ledger.entry(1)
            assert ledger.root() == root_of([leaf_hash(e) for e in entries])
            assert ledger.append(b'{"next":1}') == 5
        assert (folder / "entries.log").read_bytes().startswith(bytes(bad))


def test_bit_rot_in_the_last_complete_record_is_not_taken_for_a_torn_write(tmp_path):
    entries = build(tmp_path, 3, head_at=3)
    bad = bytearray((tmp_path / "entries.log").read_bytes())
    bad[-3] ^= 1
    (tmp_path / "entries.log").write_bytes(bad)
    with opened(tmp_path) as ledger:
        assert ledger.recovery.lost == (2,)
        assert ledger.root() == root_of([leaf_hash(e) for e in entries])
        ledger.append(b'{"next":1}')
    with opened(tmp_path) as ledger:
        assert ledger.size == 4
        assert ledger.entry(3) == b'{"next":1}'


def test_entry_changed_together_with_its_checksum_is_found_by_the_signed_head(tmp_path):
    entries = build(tmp_path, 4, head_at=4)
    forged = entries[1].replace(b"test", b"tset")
    records = [encode_record(e) for e in (entries[0], forged, *entries[2:])]
    (tmp_path / "entries.log").write_bytes(b"".join(records))
    with opened(tmp_path) as ledger:
        assert ledger.recovery.lost == (1,)
        assert ledger.root() == root_of([leaf_hash(e) for e in entries])
        with pytest.raises(VerificationError):
            ledger.entry(1)


def test_entries_and_leaves_changed_together_end_the_epoch(tmp_path):
    entries = build(tmp_path, 4, head_at=4)
    changed = [entries[0], b'{"kind":"forged"}', *entries[2:]]
    (tmp_path / "entries.log").write_bytes(b"".join(map(encode_record, changed)))
    (tmp_path / "leaves.hash").write_bytes(b"".join(map(leaf_hash, changed)))
    result = open_ledger(tmp_path, writer.KEY)
    assert isinstance(result, EpochEnd)
    assert result.reason is EpochEndReason.HEAD_DIFFERS
    assert "新的纪元" in result.zh


def test_damaged_checkpoint_is_reported_and_the_log_continues(tmp_path):
    entries = build(tmp_path, 4, head_at=4)
    data = bytearray((tmp_path / "checkpoint").read_bytes())
    data[-10] ^= 1
    (tmp_path / "checkpoint").write_bytes(data)
    with opened(tmp_path) as ledger:
        assert ledger.recovery.head_damaged
        assert ledger.head is None
        assert list(ledger.entries()) == entries


def test_signed_temporary_checkpoint_counts_where_the_checkpoint_is_gone(tmp_path):
    build(tmp_path, 4, head_at=3)
    (tmp_path / "checkpoint").rename(tmp_path / "checkpoint.tmp")
    with opened(tmp_path) as ledger:
        assert ledger.head is not None
        assert ledger.head.checkpoint.size == 3


def test_documents_are_found_by_digest_and_damage_is_refused(tmp_path):
    with opened(tmp_path) as ledger:
        digest = ledger.put_document(b'{"v":1}')
        assert digest == sha256(b'{"v":1}').hexdigest()
        assert ledger.put_document(b'{"v":1}') == digest
        assert ledger.document(digest) == b'{"v":1}'
        (tmp_path / "docs" / digest).write_bytes(b'{"v":2}')
        with pytest.raises(VerificationError, match="absent or damaged"):
            ledger.document(digest)
        with pytest.raises(PermanentError):
            ledger.document("../../etc/passwd")


def test_kill_nine_keeps_every_acknowledged_entry_head_and_frame(tmp_path):
    rng = random.Random(5)
    entries: set[int] = set()
    head = 0
    for _ in range(15):
        child = subprocess.Popen(
            [sys.executable, str(WRITER), str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(rng.randint(1, 40))]
        child.send_signal(signals.SIGKILL)
        lines += child.stdout.read().splitlines(keepends=True)
        assert child.wait() == -signals.SIGKILL
        child.stdout.close()
        for line in lines:
            if line.startswith(b"head") and line.endswith(b"\n"):
                head = int(line.split()[1])
            elif line.endswith(b"\n"):
                entries.add(int(line))
    assert len(entries) > 100
    with opened(tmp_path / "ledger") as ledger, FrameArchive(tmp_path / "archive") as archive:
        assert ledger.size >= max(entries) + 1
        assert ledger.recovery.lost == ()
        assert ledger.head is not None
        assert ledger.head.checkpoint.size >= head
        for number in range(ledger.size):
            assert ledger.entry(number) == writer.entry_bytes(number)
            assert [frame for _, frame in archive.read(number)] == writer.frames_of(number)
        assert archive.check_day(0) == []
