"""The whole verification: the good bundle in every packing, every negative vector, and further attacks."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from evidence.bundle import MAX_SMALL_BYTES, MemoryBundle
from evidence.bundle_files import open_bundle, write_zip
from evidence.findings import NOT_PROVEN
from evidence.merkle import leaf_hash
from evidence.policy import parse_policy
from evidence.refusal import Refusal, Verdict
from evidence.verified import VerifiedBundle
from evidence.verify import verify_bundle
from evidence.verify_frames import read_frame
from evidence.verify_log import open_log
from tests.unit.evidence.evidence_builder import (
    FIRST_SLOT,
    LogBuilder,
    asset,
    claim_of,
    filled,
    memory,
    plant,
    row,
    signal,
    with_sums,
)
from tests.unit.evidence.vectors import FOLDER, VECTORS, members

POLICY = parse_policy((FOLDER / "policy.txt").read_bytes())
GOOD = members(FOLDER / "bundle")
T0 = FIRST_SLOT * 60_000


def check(path: Path) -> VerifiedBundle:
    with open_bundle(path) as bundle:
        return verify_bundle(bundle, POLICY)


def refused(path: Path) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check(path)
    return caught.value


def refused_members(files: dict[str, bytes], policy=POLICY) -> Refusal:
    with pytest.raises(Refusal) as caught:
        verify_bundle(MemoryBundle(files), policy)
    return caught.value


def test_good_bundle_folder_is_accepted_with_what_it_proves():
    verified = check(FOLDER / "bundle")
    assert str(verified.origin) == "sim/91500000TEST000017/ws1/1"
    assert verified.simulated
    assert (verified.size, verified.statement_size) == (9, 8)
    assert verified.root.hex() == VECTORS["roots"]["9"]
    assert [(c.claim.id, c.num, c.den) for c in verified.claims] == [
        ("parts", 4, 1),
        ("energy", 62, 1),
    ]
    assert (verified.scope.blocks, verified.scope.blocks_with_frames, verified.scope.frames) == (
        3,
        3,
        15,
    )
    assert {f.code for f in verified.findings} == {
        "cosigned",
        "unclean-boot",
        "off",
        "off-in-window",
        "unsigned-files",
    }
    assert verified.not_proven == NOT_PROVEN
    assert len(NOT_PROVEN) == 7


@pytest.mark.parametrize("compress", [False, True], ids=["stored", "deflated"])
def test_good_bundle_zip_is_accepted_and_written_the_same_twice(tmp_path: Path, compress: bool):
    paths = [tmp_path / "a.zip", tmp_path / "b.zip"]
    for path in paths:
        write_zip(path, ((n, iter([d])) for n, d in GOOD.items()), compress=compress)
    assert check(paths[0]).claims == check(FOLDER / "bundle").claims
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "b.zip"]


@pytest.mark.parametrize(("name", "kind"), sorted(VECTORS["negative"].items()))
def test_negative(name: str, kind: str):
    fault = refused(FOLDER / "negative" / name)
    assert fault.kind == kind
    incomplete = kind in {"missing-file", "unknown-kind", "withheld"}
    assert fault.verdict is (Verdict.INCOMPLETE if incomplete else Verdict.INVALID)
    assert 1 <= fault.step <= 7
    assert fault.en
    assert any("\u4e00" <= letter <= "\u9fff" for letter in fault.zh)


@pytest.mark.parametrize("name", VECTORS["negative_frames"])
def test_negative_frames_fail_in_the_step_of_the_frames(name: str):
    assert refused(FOLDER / "negative" / name).step == 5


def test_every_negative_folder_is_named_in_the_vectors():
    assert {p.name for p in (FOLDER / "negative").iterdir()} == set(VECTORS["negative"])


# ---- files ----


def zip_of(path: Path, files: dict[str, bytes], **more: object) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data, **more)
    return path


def test_zip_with_another_compression_is_refused(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", GOOD, compress_type=zipfile.ZIP_LZMA)
    assert refused(path).kind == "zip"


def test_zip_that_is_none_or_encrypted_is_refused(tmp_path: Path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x03\x04 nonsense")
    assert refused(path).kind == "zip"
    data = bytearray(zip_of(path, GOOD).read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert refused(path).kind == "zip"


@pytest.mark.parametrize(
    "name",
    ["../x", "a/b/c/d/e", ".hidden", "说明.txt", "a b", "a//b", "/a", "dir/", "LOG/checkpoint"],
)
def test_zip_with_an_impossible_name_is_refused(tmp_path: Path, name: str):
    path = zip_of(tmp_path / "a.zip", {**GOOD, name: b""})
    assert refused(path).kind == "file"


def test_zip_with_one_name_twice_is_refused(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", GOOD)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("README.txt", b"other")
    assert refused(path).kind == "file"


def test_zip_with_too_many_files_is_refused(tmp_path: Path):
    path = zip_of(tmp_path / "a.zip", {f"kpi/{i}": b"" for i in range(20_001)})
    assert refused(path).kind == "file"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_folder_with_a_link_is_refused(tmp_path: Path):
    for name, data in GOOD.items():
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True, parents=True)
        target.write_bytes(data)
    assert check(tmp_path).size == 9
    (tmp_path / "report.pdf").symlink_to(tmp_path / "README.txt")
    assert refused(tmp_path).kind == "file"


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s[:-1],
        lambda s: s.replace("  ", " ", 1),
        lambda s: s + s.splitlines(keepends=True)[0],
        lambda s: "".join(s.splitlines(keepends=True)[::-1]),
        lambda s: s.upper(),
        lambda s: s.replace("README.txt", "README.tx"),
        lambda s: "轴" + s,
        lambda s: "",
    ],
)
def test_checksum_file_in_another_form_is_refused(change):
    sums = change(GOOD["SHA256SUMS"].decode())
    assert refused_members({**GOOD, "SHA256SUMS": sums.encode()}).kind == "sums"


@pytest.mark.parametrize(
    "name",
    [
        "SHA256SUMS",
        "statement.dsse.json",
        "log/checkpoint",
        "log/entries.ndjson",
        "log/leaves.hash",
    ],
)
def test_required_file_missing_is_incomplete(name: str):
    fault = refused_members(
        with_sums({n: d for n, d in GOOD.items() if n != name})
        if name != "SHA256SUMS"
        else {n: d for n, d in GOOD.items() if n != name}
    )
    assert (fault.kind, fault.verdict) == ("missing-file", Verdict.INCOMPLETE)


def test_member_too_large_for_memory_is_refused():
    class Huge(MemoryBundle):
        def sizes(self):
            return {**super().sizes(), "log/checkpoint": MAX_SMALL_BYTES + 1}

    with pytest.raises(Refusal) as caught:
        verify_bundle(Huge(GOOD), POLICY)
    assert caught.value.kind == "file"


def test_frames_files_that_overlap_or_have_other_names_are_refused():
    data = GOOD["frames/29538720-29538724.frames"]
    for name in (
        "frames/29538724-29538730.frames",
        "frames/5-4.frames",
        "frames/index.json",
        "frames/01-2.frames",
    ):
        assert refused_members(with_sums({**GOOD, name: data})).kind == "container"


def test_bytes_after_the_last_record_are_refused():
    name = "frames/29538720-29538724.frames"
    assert refused_members(with_sums({**GOOD, name: GOOD[name] + b"\0"})).kind == "container"


def test_policy_of_another_log_or_without_quorum_refuses():
    other = LogBuilder("sim/91500000TEST000017/ws2/1").policy
    assert refused_members(GOOD, other).kind == "log-signature"
    text = (FOLDER / "policy.txt").read_text().replace("quorum none", "quorum w1")
    assert verify_bundle(MemoryBundle(GOOD), parse_policy(text.encode())).size == 9
    lone = with_sums({**GOOD, "log/checkpoint": GOOD["log/checkpoint"].rsplit("—".encode(), 1)[0]})
    assert refused_members(lone, parse_policy(text.encode())).kind == "quorum"


# ---- logs of our own ----


def small_log(origin: str = "sim/91500000TEST000017/ws1/1") -> LogBuilder:
    log = LogBuilder(origin)
    log.config(
        plant(
            [asset("cnc-01")],
            {
                "cnc-01.state": [signal("state", "state")],
                "cnc-01.count": [signal("good", "count_good")],
                "cnc-01.process": [signal("program", "program", "text")],
            },
        )
    )
    log.boot()
    for minute in range(4):
        t = T0 + minute * 60_000
        log.block({"cnc-01.count": [row(t, 0, 10 * minute)], "cnc-01.process": [row(t, 0, b"O1")]})
    return log


def parts_claim(log: LogBuilder, **changes: object):
    claim = claim_of(
        "counter-delta/1",
        FIRST_SLOT,
        FIRST_SLOT + 4,
        stream="cnc-01.count",
        signal="good",
        scale=[1, 1],
        **changes,  # type: ignore[arg-type]
    )

    return replace(filled(claim, log.compute(claim)), detail=None)


def test_own_log_is_accepted_and_real_realm_has_no_simulated_mark():
    log = small_log("ev/91500000TEST000017/ws1/1")
    verified = verify_bundle(memory(log.bundle([parts_claim(log)])), log.policy)
    assert not verified.simulated
    assert [(c.num, c.den) for c in verified.claims] == [(30, 1)]
    assert "no-anchor" in {f.code for f in verified.findings}


def test_withheld_process_stream_is_a_finding_and_does_not_refuse():
    log = LogBuilder()
    log.config(
        plant(
            [asset("cnc-01")],
            {
                "cnc-01.count": [signal("good", "count_good")],
                "cnc-01.process": [signal("program", "program", "text")],
            },
        )
    )
    log.boot()
    for minute in range(2):
        t = T0 + minute * 60_000
        log.block(
            {"cnc-01.count": [row(t, 0, minute)], "cnc-01.process": [row(t, 0, b"secret")]},
            withheld=["cnc-01.process"],
        )
    claim = claim_of(
        "counter-delta/1",
        FIRST_SLOT,
        FIRST_SLOT + 2,
        stream="cnc-01.count",
        signal="good",
        scale=[1, 1],
    )

    bundle = log.bundle([replace(filled(claim, log.compute(claim)), detail=None)])
    assert not any(b"secret" in data for data in bundle.values())
    verified = verify_bundle(memory(bundle), log.policy)
    assert verified.scope.withheld == 2
    assert "withheld" in {f.code for f in verified.findings}
    with pytest.raises(Refusal) as caught:
        read_frame(
            memory(bundle), open_log(memory(bundle), log.policy).rules, "cnc-01.process", FIRST_SLOT
        )
    assert caught.value.kind == "withheld"


def test_claim_without_its_frames_is_incomplete():
    log = small_log()
    claim = parts_claim(log)
    log.records.pop(FIRST_SLOT)
    fault = refused_members(log.bundle([claim]), log.policy)
    assert (fault.kind, fault.step, fault.verdict) == ("missing-file", 7, Verdict.INCOMPLETE)


def test_bundle_without_frames_and_claims_proves_headers_only():
    log = small_log()
    log.records.clear()
    verified = verify_bundle(memory(log.bundle([])), log.policy)
    assert (verified.scope.blocks, verified.scope.blocks_with_frames) == (4, 0)
    assert "headers-only" in {f.code for f in verified.findings}


def test_unknown_algorithm_is_incomplete():

    log = small_log()
    claim = replace(parts_claim(log), algorithm="oee/99")
    fault = refused_members(log.bundle([claim]), log.policy)
    assert (fault.kind, fault.step, fault.verdict) == ("algorithm", 7, Verdict.INCOMPLETE)


def test_coverage_true_is_not_one():

    log = small_log()
    claim = parts_claim(log)
    coverage = {**claim.coverage, "absent": False}  # type: ignore[dict-item]
    fault = refused_members(log.bundle([replace(claim, coverage=coverage)]), log.policy)
    assert fault.kind == "coverage"


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": {"stream": "cnc-01.count", "signal": "good"}},
        {"parameters": {"stream": "cnc-01.count", "signal": "good", "scale": [1, 0]}},
        {"parameters": {"stream": "cnc-01.count", "signal": "good", "scale": [1, True]}},
        {"parameters": {"stream": "cnc-01.count", "signal": "good", "scale": [1, 1], "x": 1}},
        {"parameters": {"stream": 5, "signal": "good", "scale": [1, 1]}},
        {"parameters": {"stream": "cnc-01.process", "signal": "program", "scale": [1, 1]}},
    ],
)
def test_claim_with_other_parameters_is_refused(changes: dict):

    log = small_log()
    fault = refused_members(log.bundle([replace(parts_claim(log), **changes)]), log.policy)
    assert (fault.kind, fault.step) == ("claim", 7)


def test_empty_or_endless_window_is_refused():

    log = small_log()
    claim = parts_claim(log)
    for first, last, grace in (
        (FIRST_SLOT + 4, FIRST_SLOT + 4, 0),
        (FIRST_SLOT + 3, FIRST_SLOT + 1, 2),
        (0, FIRST_SLOT + 4, 0),
        (FIRST_SLOT, FIRST_SLOT + 5, 0),
    ):
        fault = refused_members(
            log.bundle([replace(claim, first=first, last=last, grace=grace)]), log.policy
        )
        assert fault.kind == "window"


def test_statement_about_a_larger_log_or_another_root_is_refused():
    log = small_log()
    claim = parts_claim(log)
    honest = log.checkpoint

    def lying(size: int | None = None):
        head = honest(size)

        return (
            head
            if size is not None or log.entries[-1].startswith(b'{"kind":"export"')
            else replace(head, root=bytes(32))
        )

    log.checkpoint = lying  # type: ignore[method-assign]
    assert refused_members(log.bundle([claim]), log.policy).kind == "prefix-root"


def test_read_frame_checks_the_root_of_its_block():
    log = small_log()
    files = log.bundle([parts_claim(log)])
    rules = open_log(memory(files), log.policy).rules
    _, columns = read_frame(memory(files), rules, "cnc-01.count", FIRST_SLOT + 2)
    assert list(columns.value) == [20]
    name = f"frames/{FIRST_SLOT}-{FIRST_SLOT + 3}.frames"
    bad = bytearray(files[name])
    bad[-1] ^= 1
    with pytest.raises(Refusal) as caught:
        read_frame(memory({**files, name: bytes(bad)}), rules, "cnc-01.count", FIRST_SLOT + 3)
    assert caught.value.kind == "frame-root"
    for stream, slot in (("cnc-01.count", FIRST_SLOT + 9), ("nobody.count", FIRST_SLOT)):
        with pytest.raises(Refusal) as caught:
            read_frame(memory(files), rules, stream, slot)
        assert caught.value.kind == "missing-file"


def test_sums_of_the_own_writer_agree_with_sha256():
    log = small_log()
    files = log.bundle([parts_claim(log)], extra={"report.pdf": b"%PDF"})
    for line in files["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert sha256(files[name]).hexdigest() == digest


def test_entries_changed_missing_or_without_final_line_feed_are_refused():
    name = "log/entries.ndjson"
    for data in (
        GOOD[name].replace(b"plantproof 0.1.0", b"plantproof 0.1.1"),
        GOOD[name][:-1],
        GOOD[name].rsplit(b"\n", 2)[0] + b"\n",
        GOOD[name] + b"x" * 70_000,
        b"",
    ):
        fault = refused_members(with_sums({**GOOD, name: data}))
        assert (fault.kind, fault.step) == ("entries", 3)


def test_leaves_and_entries_that_agree_but_not_with_the_head_are_refused():
    entries = GOOD["log/entries.ndjson"].splitlines(keepends=True)
    swapped = [*entries[:7], entries[8], entries[7]]
    leaves = b"".join(leaf_hash(line[:-1]) for line in swapped)
    fault = refused_members(
        with_sums({**GOOD, "log/entries.ndjson": b"".join(swapped), "log/leaves.hash": leaves})
    )
    assert (fault.kind, fault.step) == ("root", 3)


def test_configuration_document_that_is_another_is_refused():
    name = next(name for name in GOOD if name.startswith("docs/"))
    fault = refused_members(with_sums({**GOOD, name: GOOD[name].replace(b"robot-01", b"robot-02")}))
    assert (fault.kind, fault.step) == ("document", 4)


def test_subject_that_is_absent_is_incomplete():
    fault = refused_members(with_sums({n: d for n, d in GOOD.items() if n != "kpi/claims.json"}))
    assert (fault.kind, fault.step, fault.verdict) == ("missing-file", 6, Verdict.INCOMPLETE)
