"""The fast paths of sealing give the same bytes as the plain ones: salts and block entries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evidence import canonical
from evidence.entries import Block, encode_entry, parse_entry
from evidence.refusal import Refusal
from evidence.salt import Salts, salt_of

ORIGIN = "sim/91500000TEST000017/ws1/1"
COUNT = st.integers(-2, 2**53 + 1)


@given(
    secret=st.binary(min_size=32, max_size=32),
    streams=st.lists(st.from_regex(r"[a-z0-9-]{1,60}\.(state|count)", fullmatch=True), max_size=5),
    slots=st.lists(st.integers(0, 2**40), min_size=1, max_size=4),
)
def test_prepared_salts_are_the_salts_of_the_format(
    secret: bytes, streams: list[str], slots: list[int]
) -> None:
    salts = Salts(secret, ORIGIN, streams)
    for slot in slots:
        assert salts.of(slot) == tuple(salt_of(secret, ORIGIN, s, slot) for s in streams)


@given(
    st.builds(
        Block,
        t_ms=st.integers(-(2**53) - 1, 2**53 + 1),
        slot=COUNT,
        boot=COUNT,
        config=COUNT,
        clock=st.sampled_from(["S", "R", "U", '"', "é"]),
        mono_ms=COUNT,
        dur_ms=COUNT,
        state=st.text(alphabet='DGx"\\\x01\ud800', max_size=20),
        rows=COUNT,
        late=COUNT,
        root=st.binary(min_size=31, max_size=32),
    )
)
def test_a_block_entry_is_what_the_general_encoder_writes(block: Block) -> None:
    fields = {
        "boot": block.boot, "clock": block.clock, "config": block.config, "dur_ms": block.dur_ms, "kind": "block",
        "late": block.late, "mono_ms": block.mono_ms, "root": block.root.hex(), "rows": block.rows,
        "slot": block.slot, "state": block.state, "t_ms": block.t_ms, "v": 1,
    }  # fmt: skip
    try:
        wanted: bytes | str = canonical.encode(fields)
    except Refusal as refusal:
        wanted = refusal.kind
    try:
        found: bytes | str = encode_entry(block)
    except Refusal as refusal:
        found = refusal.kind
    assert found == wanted


def test_an_ordinary_block_takes_the_fixed_form_and_reads_back() -> None:
    block = Block(1, 2, 3, 4, "S", 5, 60_000, "DG", 6, 0, bytes(32))
    assert parse_entry(encode_entry(block)) == block
