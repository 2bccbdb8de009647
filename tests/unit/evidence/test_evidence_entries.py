"""Entries, their order rules, and the codec of entries.log."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from evidence import canonical
from evidence.document import parse_document
from evidence.entries import (
    BLOCK_PATTERN,
    Block,
    Boot,
    Config,
    Entry,
    Export,
    Genesis,
    Off,
    PreviousHead,
    encode_entry,
    parse_entry,
)
from evidence.entry_file import encode_record, iter_records, scan
from evidence.grammar import parse_origin
from evidence.log_rules import LogRules
from evidence.merkle import leaf_hash
from evidence.refusal import Refusal, Verdict
from tests.unit.evidence.evidence_builder import plant, signal
from tests.unit.evidence.vectors import FOLDER, VECTORS

ENTRIES = [item["bytes"].encode() for item in VECTORS["entries"]]
BLOCK = ENTRIES[3]
DOCUMENT = (FOLDER / "bundle/docs").iterdir().__next__().read_bytes()


@pytest.mark.parametrize("number", range(len(ENTRIES)))
def test_vectors_entry_parses_writes_the_same_bytes_and_hashes_to_its_leaf(number: int):
    data = ENTRIES[number]
    assert encode_entry(parse_entry(data)) == data
    assert leaf_hash(data).hex() == VECTORS["entries"][number]["leaf"]


def test_block_of_the_vectors_takes_the_fast_path():
    assert BLOCK_PATTERN.fullmatch(BLOCK)
    block = parse_entry(BLOCK)
    assert isinstance(block, Block)
    assert (block.slot, block.rows, block.state, block.mono_ms) == (29538720, 19, "DGDDD", 63004)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (b'"clock":"S"', b'"clock":"X"', "field"),
        (b'"late":0', b'"late":-1', "field"),
        (b'"late":0', b'"late":00', "json"),
        (b'"late":0', b'"late":9007199254740992', "json"),
        (b'"late":0', b'"late":"0"', "field"),
        (b'"late":0', b'"late":true', "field"),
        (b'"late":0,', b"", "field"),
        (b'"state":"DGDDD"', b'"state":"DGXDD"', "field"),
        (b'"t_ms":1772323260004', b'"t_ms":1e12', "json"),
        (b'"root":"38fc', b'"root":"38FC', "field"),
        (b'"v":1}', b'"v":1,"x":1}', "field"),
        (b'"v":1}', b'"v":2}', "unknown-kind"),
        (b'"kind":"block"', b'"kind":"stat"', "unknown-kind"),
        (b'"kind":"block"', b'"kind":1', "field"),
        (b'{"boot"', b'{ "boot"', "json"),
    ],
)
def test_block_with_another_key_value_or_spelling_is_refused(old: bytes, new: bytes, kind: str):
    assert old in BLOCK
    with pytest.raises(Refusal) as caught:
        parse_entry(BLOCK.replace(old, new))
    assert caught.value.kind == kind
    expected = Verdict.INCOMPLETE if kind == "unknown-kind" else Verdict.INVALID
    assert caught.value.verdict is expected


@pytest.mark.parametrize(
    ("number", "old", "new", "kind"),
    [
        (0, b'"origin":"sim', b'"origin":"abc', "origin"),
        (0, b'"agent":"plantproof 0.1.0"', b'"agent":5', "field"),
        (1, b'"bytes":516', b'"bytes":0', "field"),
        (2, b'"clean":true', b'"clean":1', "field"),
        (2, b'"boot_id":"0', b'"boot_id":"g', "field"),
        (2, b'"software":{', b'"software":{"extra":1,', "field"),
        (5, b'"slots":2', b'"slots":0', "field"),
        (5, b'"reason":"agent_down"', b'"reason":"holiday"', "field"),
        (8, b'"size":8', b'"size":0', "field"),
        (8, b'"sha256":"dc', b'"sha256":"d', "field"),
    ],
)
def test_other_entry_with_an_impossible_value_is_refused(
    number: int, old: bytes, new: bytes, kind: str
):
    assert old in ENTRIES[number]
    with pytest.raises(Refusal) as caught:
        parse_entry(ENTRIES[number].replace(old, new))
    assert caught.value.kind == kind


def test_entry_over_the_size_limit_is_refused():
    with pytest.raises(Refusal):
        encode_entry(Genesis(0, parse_origin("sim/A/b/1"), "k" * 70_000, "a"))
    with pytest.raises(Refusal):
        parse_entry(b'{"kind":"' + b"x" * 70_000 + b'"}')


# ---- order rules ----

ORIGIN = parse_origin("sim/91500000TEST000017/ws1/1")
VKEY = VECTORS["log_vkey"]


def rules_after(count: int) -> LogRules:
    rules = LogRules(ORIGIN, VKEY, lambda _: parse_document(DOCUMENT))
    for data in ENTRIES[:count]:
        rules.accept(parse_entry(data))
    return rules


def refused(rules: LogRules, entry: Entry) -> str:
    with pytest.raises(Refusal) as caught:
        rules.accept(entry)
    return caught.value.kind


def block(**changes: Any) -> Block:
    found = parse_entry(BLOCK)
    assert isinstance(found, Block)
    return replace(found, **changes)


def test_rules_accept_the_vectors_and_remember_them():
    rules = rules_after(9)
    assert list(rules.blocks.slots) == [29538720, 29538723, 29538724]
    assert [(run.first, run.last) for run in rules.offs] == [(29538721, 29538723)]
    assert rules.covered(9) == (29538720, 29538725)
    assert rules.covered(7) == (29538720, 29538724)
    assert rules.covered(6) == (29538720, 29538723)
    assert rules.covered(3) is None
    assert rules.blocks.root(0).hex() == VECTORS["minutes"][0]["root"]


@pytest.mark.parametrize(
    ("before", "entry", "kind"),
    [
        (0, parse_entry(ENTRIES[1]), "genesis"),
        (0, parse_entry(BLOCK), "genesis"),
        (1, parse_entry(ENTRIES[0]), "genesis"),
        (0, Genesis(0, ORIGIN, "other key", "a"), "genesis"),
        (0, Genesis(0, parse_origin("sim/91500000TEST000017/ws1/2"), VKEY, "a"), "genesis"),
        (0, Genesis(0, ORIGIN, VKEY, "a", PreviousHead(ORIGIN, bytes(32), 5)), "genesis"),
        (2, block(boot=0), "block-boot"),
        (3, block(config=0), "block-config"),
        (3, block(boot=1), "block-boot"),
        (3, block(state="DGDD"), "state"),
        (3, block(rows=1, late=2), "rows"),
        (4, block(slot=29538722, mono_ms=70_000), "slots"),
        (4, block(slot=29538720, mono_ms=70_000), "slots"),
        (4, block(slot=29538721, mono_ms=63_004), "mono"),
        (4, Off(0, 29538720, 1, "agent_down"), "slots"),
        (4, Off(0, 29538722, 1, "agent_down"), "slots"),
        (4, Export(0, bytes(32), 5), "export"),
    ],
)
def test_rules_entry_out_of_order_is_refused(before: int, entry: Entry, kind: str):
    assert refused(rules_after(before), entry) == kind


def test_rules_second_epoch_needs_an_earlier_head_of_the_same_workshop():
    second = parse_origin("sim/91500000TEST000017/ws1/2")

    def accept(prev: PreviousHead | None) -> None:
        LogRules(second, VKEY, lambda _: parse_document(DOCUMENT)).accept(
            Genesis(0, second, VKEY, "a", prev)
        )

    accept(PreviousHead(ORIGIN, bytes(32), 5))
    for prev in (
        None,
        PreviousHead(second, bytes(32), 5),
        PreviousHead(parse_origin("sim/91500000TEST000017/ws2/1"), bytes(32), 5),
    ):
        with pytest.raises(Refusal) as caught:
            accept(prev)
        assert caught.value.kind == "genesis"


def test_rules_config_and_boot_must_be_the_latest_after_a_change():
    rules = rules_after(4)
    rules.accept(parse_entry(ENTRIES[1]))
    assert refused(rules, block(slot=29538721, mono_ms=70_000)) == "block-config"
    rules.accept(block(slot=29538721, mono_ms=70_000, config=4))
    boot = parse_entry(ENTRIES[2])
    assert isinstance(boot, Boot)
    rules.accept(boot)
    rules.accept(block(slot=29538722, mono_ms=5, config=4, boot=6))
    assert rules.count == 8


def test_rules_document_that_cannot_be_loaded_is_refused():
    def missing(entry: Config):
        raise Refusal("missing-file", entry.sha256.hex(), "")

    rules = LogRules(ORIGIN, VKEY, missing)
    rules.accept(parse_entry(ENTRIES[0]))
    assert refused(rules, parse_entry(ENTRIES[1])) == "missing-file"


# ---- documents ----


def document(streams: dict[str, list[dict[str, object]]]) -> bytes:

    return canonical.encode(plant([], streams))  # type: ignore[arg-type]


STATE = signal("state", "state")


@pytest.mark.parametrize(
    "streams",
    [
        {"a.count": [signal("n", "count_good")], "b.state": [STATE]},
        {"b.state": [STATE], "a.state": [STATE]},
        {"a.state": [STATE, STATE]},
        {"A.state": [STATE]},
        {"a.other": [STATE]},
        {"state": [STATE]},
        {"a.process": [signal("state", "state")]},
        {"a.state": [signal("state", "nonsense")]},
        {"a.state": [signal("State", "state")]},
        {"a.state": [signal("state", "state", "double")]},
    ],
    ids=[
        "class order",
        "device order",
        "twice",
        "upper case",
        "class",
        "no device",
        "role",
        "no role",
        "name",
        "type",
    ],
)
def test_document_with_impossible_streams_is_refused(streams: dict[str, list[dict[str, object]]]):
    with pytest.raises(Refusal) as caught:
        parse_document(document(streams))
    assert caught.value.kind == "document"


def test_document_of_the_vectors_gives_layouts():
    found = parse_document(DOCUMENT)
    assert found.streams[0] == "cnc-01.state"
    assert found.signal_names[2] == ("good", "scrap")
    assert found.digest == sha256(DOCUMENT).digest()


# ---- entries.log ----

RECORDS = [encode_record(data) for data in ENTRIES]
FILE = b"".join(RECORDS)
LEAVES = b"".join(map(leaf_hash, ENTRIES))


def scanned(data: bytes, leaves: bytes = LEAVES):
    return scan(memoryview(data), memoryview(leaves))


def test_entry_file_whole_gives_every_leaf():
    result = scanned(FILE)
    assert b"".join(result.leaves) == LEAVES
    assert (result.torn_bytes, result.lost, result.unexplained) == (0, (), False)
    assert list(iter_records(memoryview(FILE))) == ENTRIES
    for offset, data in zip(result.offsets, ENTRIES, strict=True):
        assert FILE[offset : offset + len(data)] == data


@pytest.mark.parametrize("cut", [1, 5, 8, 100])
def test_entry_file_torn_last_record_is_cut(cut: int):
    result = scanned(FILE[:-cut])
    assert len(result.leaves) == 8
    assert result.keep_bytes == len(FILE) - len(RECORDS[-1])
    assert result.torn_bytes == len(RECORDS[-1]) - cut
    assert result.lost == ()


def test_entry_file_zeroes_after_a_power_cut_are_a_torn_tail():
    result = scanned(FILE + bytes(500))
    assert len(result.leaves) == 9
    assert (result.keep_bytes, result.torn_bytes) == (len(FILE), 500)


@pytest.mark.parametrize("at", [3, 6, 40], ids=["length", "checksum", "entry"])
def test_entry_file_bit_rot_keeps_the_file_and_reports_the_entry(at: int):
    start = sum(map(len, RECORDS[:5]))
    rotten = bytearray(FILE)
    rotten[start + at] ^= 0x10
    result = scanned(bytes(rotten))
    assert b"".join(result.leaves) == LEAVES
    assert result.keep_bytes == len(FILE)
    assert [lost.index for lost in result.lost] == [5]
    assert result.offsets[5] == -1


def test_entry_file_two_rotten_neighbours_are_both_reported():
    start = sum(map(len, RECORDS[:3]))
    rotten = bytearray(FILE)
    rotten[start + 20] ^= 1
    rotten[start + len(RECORDS[3]) + 20] ^= 1
    result = scanned(bytes(rotten))
    assert b"".join(result.leaves) == LEAVES
    assert [lost.index for lost in result.lost] == [3, 4]


def test_entry_file_rot_without_second_copy_is_unexplained():
    rotten = bytearray(FILE)
    rotten[20] ^= 1
    assert scanned(bytes(rotten), b"").unexplained


def test_entry_file_newer_than_leaves_file_still_explains_the_rot():
    rotten = bytearray(FILE)
    rotten[sum(map(len, RECORDS[:7])) + 20] ^= 1
    result = scanned(bytes(rotten), LEAVES[: 8 * 32])
    assert b"".join(result.leaves) == LEAVES
    assert [lost.index for lost in result.lost] == [7]


def test_entry_record_of_impossible_length_raises():
    for data in (b"", b"x" * 65_536):
        with pytest.raises(ValueError, match="65535"):
            encode_record(data)
