"""Properties of the evidence core: round trips, and no mutation of signed bytes that is accepted or crashes."""

from __future__ import annotations

import math
import zipfile
from contextlib import suppress
from functools import cache
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence import canonical
from evidence.bundle import MemoryBundle
from evidence.bundle_files import ZipBundle
from evidence.frame import FrameRow, StreamLayout, frame_prefix, parse_frame, write_frame
from evidence.grammar import NO_SOURCE_TIME, TIME_LIMIT_MS
from evidence.merkle import Tree, leaf_hash, root_of
from evidence.policy import parse_policy
from evidence.reading import float_of
from evidence.refusal import Refusal
from evidence.texts import clean_text
from evidence.verify import verify_bundle
from model.signal import SignalType
from tests.unit.evidence.evidence_builder import with_sums
from tests.unit.evidence.test_evidence_merkle import naive_root
from tests.unit.evidence.vectors import FOLDER, members

SLOT = 29_538_720
S = 0x80
TYPES = [SignalType.INT, SignalType.UINT, SignalType.FLOAT, SignalType.BOOL, SignalType.TEXT]
LAYOUT = StreamLayout.of("cnc-01.process", TYPES)
INSTANT = st.integers(0, TIME_LIMIT_MS - 1)
VALUES = {
    SignalType.INT: st.integers(-(2**63), 2**63 - 1),
    SignalType.UINT: st.integers(0, 2**64 - 1),
    SignalType.FLOAT: st.floats(),
    SignalType.BOOL: st.integers(0, 1),
    SignalType.TEXT: st.binary(max_size=1100),
}


@st.composite
def rows(draw: st.DrawFn) -> FrameRow:
    index = draw(st.integers(0, 4))
    received = draw(INSTANT)
    kind = draw(st.sampled_from(["value", "value", "value", "none", "alive", "missed"]))
    status = draw(st.integers(0, 2**32 - 1))
    extra = draw(st.sampled_from([0, 2, 8, 64]))
    source = draw(st.none() | INSTANT)
    if kind == "value":
        value = draw(VALUES[TYPES[index]])
        return FrameRow(received, source, index, value, status, S | extra)
    if kind == "missed":
        return FrameRow(received, draw(INSTANT), index, draw(st.integers(1, 8)), status, S | 16)
    flags = 1 | (4 if kind == "alive" else 0)
    return FrameRow(received, source, index, None, status, S | extra | flags)


def expected_value(row: FrameRow) -> object:
    if row.flags & 1:
        return None
    if row.flags & 16:
        return row.value
    if isinstance(row.value, bytes):
        return clean_text(row.value)[0]
    if isinstance(row.value, float):
        return row.value if math.isfinite(row.value) else None
    return row.value


@given(st.lists(rows(), max_size=60))
def test_frame_written_is_read_back_exactly(items: list[FrameRow]):
    frame = write_frame(LAYOUT, SLOT, items)
    columns = parse_frame(frame, LAYOUT, frame_prefix(SLOT), SLOT, simulated=True)
    assert columns.rows == len(items)
    for i, item in enumerate(items):
        assert columns.received_ms[i] == item.received_ms
        assert columns.source_ms[i] == (
            NO_SOURCE_TIME if item.source_ms is None else item.source_ms
        )
        assert columns.status[i] == item.status
        assert columns.signal[i] == item.signal
        expected, kind, bits = expected_value(item), TYPES[item.signal], columns.value[i]
        if expected is None:
            assert columns.flags[i] & 1
            assert bits == 0
        elif isinstance(expected, bytes):
            assert columns.text(i) == expected
        elif kind is SignalType.FLOAT and not item.flags & 16:
            number = float_of(bits)
            assert (number, math.copysign(1, number)) == (expected, math.copysign(1, expected))
        elif kind is SignalType.UINT and not item.flags & 16:
            assert bits % 2**64 == expected
        else:
            assert bits == expected


@given(st.lists(rows(), max_size=40), st.data())
def test_frame_mutated_is_refused_or_still_a_frame(items: list[FrameRow], data: st.DataObject):
    frame = bytearray(write_frame(LAYOUT, SLOT, items))
    for _ in range(data.draw(st.integers(1, 3))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 3))
    mutated = bytes(frame[: len(frame) - cut])
    try:
        columns = parse_frame(mutated, LAYOUT, frame_prefix(SLOT), SLOT, simulated=True)
    except Refusal:
        return
    # what is accepted has one spelling: its columns written again give the same length and row count
    assert len(mutated) == len(frame)
    assert columns.rows == len(items)


@given(st.binary(max_size=3000))
def test_clean_text_is_well_formed_short_and_stable(raw: bytes):
    text, cut = clean_text(raw)
    text.decode("utf-8")
    assert len(text) <= 1024
    assert not cut or len(text) >= 1021
    assert clean_text(text) == (text, False)


JSON = st.recursive(
    st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.from_regex(r"[A-Za-z0-9_]{1,8}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=12,
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max((depth(v) for v in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(v) for v in value), default=0)
    return 0


@given(JSON.filter(lambda value: depth(value) <= 8))
def test_canonical_json_round_trip(value: canonical.Json):
    assert canonical.parse(canonical.encode(value)) == value


@given(
    st.binary(max_size=60)
    | st.text(alphabet='{}[]":,0123456789truefalsn\\ue+-. a', max_size=40).map(str.encode)
)
def test_canonical_parse_any_bytes_is_refused_or_has_one_spelling(data: bytes):
    try:
        value = canonical.parse(data)
    except Refusal:
        return
    assert canonical.encode(value) == data


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_merkle_incremental_batch_and_naive_roots_agree(data: list[bytes]):
    leaves = [leaf_hash(item) for item in data]
    tree = Tree()
    tree.extend(leaves)
    assert tree.root() == root_of(leaves) == naive_root(data)


@cache
def good() -> dict[str, bytes]:
    return members(FOLDER / "bundle")


@cache
def policy():
    return parse_policy((FOLDER / "policy.txt").read_bytes())


SIGNED = sorted(
    name for name in members(FOLDER / "bundle") if name not in {"README.txt", "SHA256SUMS"}
)


def is_only_in_a_witness_line(name: str, data: bytes) -> bool:
    """A changed witness line may become a line of an unknown witness, which every verifier must ignore."""
    if name != "log/checkpoint":
        return False
    head = good()[name].split("— witness".encode())[0]
    return data.startswith(head)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(SIGNED), st.data())
def test_bundle_any_signed_byte_changed_is_refused_and_nothing_else_is_raised(
    name: str, data: st.DataObject
):
    original = good()[name]
    content = bytearray(original)
    how = data.draw(st.sampled_from(["flip", "set", "cut", "insert", "swap"]))
    at = data.draw(st.integers(0, len(content) - 1))
    if how == "flip":
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    elif how == "set":
        content[at] = data.draw(st.integers(0, 255))
    elif how == "cut":
        del content[at : at + data.draw(st.integers(1, 40))]
    elif how == "insert":
        content[at:at] = data.draw(st.binary(min_size=1, max_size=40))
    else:
        other = data.draw(st.integers(0, len(content) - 1))
        content[at], content[other] = content[other], content[at]
    if bytes(content) == original:
        return
    changed = bytes(content)
    # the checksums are transport only: whoever changes a file writes them anew
    bundle = MemoryBundle(with_sums({**good(), name: changed}))
    if is_only_in_a_witness_line(name, changed):
        with suppress(Refusal):
            verify_bundle(bundle, policy())
        return
    with pytest.raises(Refusal):
        verify_bundle(bundle, policy())


@cache
def zipped(method: int) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in good().items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]), st.data())
def test_zip_any_byte_changed_is_refused_or_shows_the_same_members(
    method: int, data: st.DataObject
):
    content = bytearray(zipped(method))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    try:
        archive = zipfile.ZipFile(BytesIO(bytes(content)))
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return
    with archive:
        try:
            bundle = ZipBundle(archive)
            verify_bundle(bundle, policy())
        except Refusal:
            return
        for name, original in good().items():
            with bundle.open(name) as read:
                assert read(len(original) + 1) == original
