"""The folder of imported records: content by digest, a chain of manifests, one writer, no silent change."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evidence import canonical
from evidence.refusal import Refusal
from model.errors import ConfigError, PermanentError, TransientError, VerificationError
from storage.records import RecordsFolder, import_named, in_force
from storage.records_manifest import (
    Manifest,
    Replaced,
    StoredFile,
    StoredFinding,
    parse_manifest,
)

ROOT = Path(__file__).resolve().parents[3]
FILE = StoredFile("年度经营.xlsx", "1" * 64, 1234)
FIRST = Manifest(
    number=1,
    previous=None,
    origin="ev/91500000TEST000017/ws1",
    by="张三",
    t_ms=1_790_000_000_000,
    software="0.1.0",
    table="finance",
    template=1,
    file=FILE,
    form={"format": "xlsx", "sheet": "年度经营"},
    rows=3,
    rows_sha256="2" * 64,
    originals=(StoredFile("审计报告.pdf", "3" * 64, 99),),
    years=(2022, 2024),
    findings=(StoredFinding("number.thousands", "C5", "1,034.5", "含千位分隔符", "x"),),
)


def after(last: Manifest, **changes: object) -> Manifest:
    return replace(FIRST, number=last.number + 1, previous=last.sha256, **changes)


def filled(tmp_path: Path, count: int = 3) -> tuple[RecordsFolder, list[Manifest]]:
    folder = RecordsFolder(tmp_path / "records")
    manifests = [FIRST]
    while len(manifests) < count:
        manifests.append(after(manifests[-1]))
    with folder.writing():
        for manifest in manifests:
            folder.append(manifest)
    return folder, manifests


def test_manifest_has_one_spelling_and_reads_back():
    data = FIRST.encode()
    assert parse_manifest(data) == FIRST
    assert parse_manifest(data).encode() == data
    assert hashlib.sha256(data).hexdigest() == FIRST.sha256


def test_manifest_bytes_by_hand():
    # Keys in byte order, no blanks (docs/formats/records.md).
    small = Manifest(
        number=2,
        previous="a" * 64,
        origin="sim/X/ws1",
        by="B",
        t_ms=5,
        software="1",
        replaces=Replaced("c" * 64, 1, "错"),
    )
    assert small.encode().decode() == (
        '{"by":"B","kind":"withdrawal","number":2,"origin":"sim/X/ws1","previous":"'
        + "a" * 64
        + '",'
        '"replaces":{"number":1,"reason":"错","sha256":"'
        + "c" * 64
        + '"},"software":"1","t_ms":5,"v":1}'
    )
    assert small.withdrawal
    assert small.simulated


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("rows"),
        lambda d: d.update(extra=1),
        lambda d: d.update(v=2),
        lambda d: d.update(kind="other"),
        lambda d: d.update(number=0),
        lambda d: d.update(by=""),
        lambda d: d.update(rows_sha256="2" * 63),
        lambda d: d.update(file={"bytes": 1, "name": "../x", "sha256": "1" * 64}),
        lambda d: d.update(years=[2024]),
        lambda d: d.update(originals={}),
        lambda d: d.update(findings=[{"code": "x"}]),
        lambda d: d.update(t_ms=-1),
    ],
)
def test_manifest_with_other_keys_or_values_is_refused(spoil):
    data = dict(canonical.parse_object(FIRST.encode()))
    spoil(data)
    with pytest.raises(Refusal):
        parse_manifest(canonical.encode(data))


def test_withdrawal_that_names_nothing_is_refused():
    data = dict(canonical.parse_object(FIRST.encode()))
    kept = {k: data[k] for k in ("by", "number", "origin", "software", "t_ms", "v")}
    with pytest.raises(Refusal, match="names no import"):
        parse_manifest(canonical.encode({**kept, "kind": "withdrawal"}))


def test_content_is_kept_byte_for_byte_under_its_digest(tmp_path):
    folder = RecordsFolder(tmp_path / "records")
    data = bytes(range(256)) * 50
    with folder.writing():
        digest = folder.put(data, ".XLSX")
    assert digest == hashlib.sha256(data).hexdigest()
    assert folder.get(digest) == data
    assert [p.name for p in (folder.root / digest).iterdir()] == ["content.xlsx"]


@pytest.mark.parametrize("suffix", [".", "", ".tar gz", "./../x", ".verylongsuffix"])
def test_odd_suffix_is_not_kept(tmp_path, suffix):
    folder = RecordsFolder(tmp_path / "records")
    with folder.writing():
        digest = folder.put(b"x", suffix)
    assert [p.name for p in (folder.root / digest).iterdir()] == ["content"]


def test_same_content_twice_is_stored_once(tmp_path):
    folder = RecordsFolder(tmp_path / "records")
    with folder.writing():
        first, second = folder.put(b"x", ".csv"), folder.put(b"x", ".txt")
    assert first == second
    assert len(list((folder.root / first).iterdir())) == 1


def test_changed_content_is_refused_and_the_same_file_mends_it(tmp_path):
    folder = RecordsFolder(tmp_path / "records")
    with folder.writing():
        digest = folder.put(b"original", ".csv")
        (folder.root / digest / "content.csv").write_bytes(b"forged")
        with pytest.raises(VerificationError, match="absent or changed"):
            folder.get(digest)
        assert folder.put(b"original", ".csv") == digest
    assert folder.get(digest) == b"original"


def test_absent_content_and_a_name_that_is_no_digest_are_refused(tmp_path):
    folder = RecordsFolder(tmp_path / "records")
    with pytest.raises(VerificationError):
        folder.get("0" * 64)
    with pytest.raises(PermanentError):
        folder.get("../../etc/passwd")


def test_manifests_come_back_in_order(tmp_path):
    folder, manifests = filled(tmp_path)
    assert folder.manifests() == tuple(manifests)
    names = sorted(p.name for p in (folder.root / "imports").iterdir())
    assert names == [f"{m.number:06d}.{m.sha256}.json" for m in manifests]


def test_no_folder_no_import(tmp_path):
    assert RecordsFolder(tmp_path / "absent").manifests() == ()


@pytest.mark.parametrize("number", [1, 2])
def test_manifest_missing_from_the_chain_is_noticed(tmp_path, number):
    folder, manifests = filled(tmp_path)
    m = manifests[number - 1]
    (folder.root / "imports" / f"{number:06d}.{m.sha256}.json").unlink()
    with pytest.raises(VerificationError, match=f"import {number} is missing or changed"):
        folder.manifests()


def test_changed_manifest_is_noticed(tmp_path):
    folder, manifests = filled(tmp_path)
    path = folder.root / "imports" / f"000002.{manifests[1].sha256}.json"
    path.write_bytes(path.read_bytes().replace("张三".encode(), "李四".encode()))
    with pytest.raises(VerificationError, match="SHA-256 of its name"):
        folder.manifests()


def test_forged_manifest_with_its_own_digest_breaks_the_chain(tmp_path):
    folder, manifests = filled(tmp_path)
    (folder.root / "imports" / f"000002.{manifests[1].sha256}.json").unlink()
    forged = replace(manifests[1], by="李四")
    (folder.root / "imports" / f"000002.{forged.sha256}.json").write_bytes(forged.encode())
    with pytest.raises(VerificationError, match="import 3 is missing or changed"):
        folder.manifests()


def test_import_that_does_not_follow_is_not_appended(tmp_path):
    folder, manifests = filled(tmp_path, 1)
    with folder.writing(), pytest.raises(ValueError, match="does not follow"):
        folder.append(manifests[0])


def test_replacing_an_import_that_never_was_is_noticed(tmp_path):
    folder, manifests = filled(tmp_path, 1)
    with folder.writing():
        folder.append(after(manifests[0], replaces=Replaced("f" * 64, 1, "x")))
    with pytest.raises(VerificationError, match="replaces import 1"):
        folder.manifests()


def test_replaced_and_withdrawn_imports_are_out_of_force():
    second = after(FIRST)
    third = after(second, replaces=Replaced(FIRST.sha256, 1, "更正"))
    fourth = Manifest(
        number=4,
        previous=third.sha256,
        origin=FIRST.origin,
        by="x",
        t_ms=1,
        software="1",
        replaces=Replaced(second.sha256, 2, "错表"),
    )
    chain = (FIRST, second, third, fourth)
    assert in_force(chain) == (third,)
    assert import_named(chain, "3") is third
    assert import_named(chain, third.sha256[:8]) is third
    with pytest.raises(ConfigError, match="not in force"):
        import_named(chain, "1")
    with pytest.raises(ConfigError, match="there is no import"):
        import_named(chain, "9")


def test_second_writer_is_refused_while_the_first_writes(tmp_path):
    folder = RecordsFolder(tmp_path / "records")
    with folder.writing():
        other = RecordsFolder(tmp_path / "records")
        with pytest.raises(PermanentError, match="another import"), other.writing():
            pass
    with folder.writing():
        pass


CHILD = """
import sys
from pathlib import Path
from tests.unit.storage.test_records_folder import FIRST, after
from storage.records import RecordsFolder

folder = RecordsFolder(Path(sys.argv[1]))
last = None
while True:
    with folder.writing():
        data = f"file {0 if last is None else last.number}".encode() * 1000
        folder.put(data, ".csv")
        last = FIRST if last is None else after(last)
        folder.append(last)
    print(last.number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("acknowledged", [1, 7, 23])
def test_killed_import_leaves_every_acknowledged_one_and_no_half_one(tmp_path, acknowledged):
    folder = RecordsFolder(tmp_path / "records")
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder.root)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    with child:
        for line in child.stdout:
            if int(line) == acknowledged:
                break
        child.send_signal(signal.SIGKILL)
    found = folder.manifests()
    assert len(found) >= acknowledged
    with folder.writing():  # the lock of the dead process holds nobody up
        folder.append(after(found[-1]))
    assert len(folder.manifests()) == len(found) + 1


def test_folder_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "records").write_bytes(b"a file in its place")
    with pytest.raises(TransientError), RecordsFolder(tmp_path / "records").writing():
        pass


FULL = """
import resource, signal, sys
from pathlib import Path
from model.errors import TransientError
from storage.records import RecordsFolder
from tests.unit.storage.test_records_folder import FIRST

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = RecordsFolder(Path(sys.argv[1]))
with folder.writing():
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
    try:
        folder.put(bytes(20_000), ".csv")
    except TransientError as error:
        print(error.en)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    folder.put(bytes(20_000), ".csv")
    folder.append(FIRST)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is POSIX")
def test_full_disk_refuses_with_a_cure_and_the_next_try_works(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "records")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    assert "Check free space" in done.stdout
    folder = RecordsFolder(tmp_path / "records")
    assert folder.manifests() == (FIRST,)
    digest = hashlib.sha256(bytes(20_000)).hexdigest()
    assert [p.name for p in (folder.root / digest).iterdir()] == ["content.csv"]
