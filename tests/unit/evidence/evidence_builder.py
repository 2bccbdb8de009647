"""Builds small logs and bundles for tests, with the test keys of the format vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from evidence import canonical
from evidence.block import block_root, sub_leaf
from evidence.bundle import MemoryBundle
from evidence.bundle_write import BundleParts, FramesFile, bundle_members
from evidence.container import frame_record, withheld_record
from evidence.document import ConfigDocument, parse_document
from evidence.dsse import sign_envelope
from evidence.entries import (
    Block,
    Boot,
    Config,
    Entry,
    Export,
    Genesis,
    Off,
    encode_entry,
    parse_entry,
)
from evidence.frame import FrameRow, frame_prefix, parse_frame, write_frame
from evidence.grammar import parse_origin
from evidence.keys import SeedSigner
from evidence.log_rules import LogRules
from evidence.merkle import Tree, leaf_hash
from evidence.note import Checkpoint, format_note, log_key, sign_checkpoint
from evidence.policy import Policy, parse_policy
from evidence.recompute.collect import Collector
from evidence.recompute.interface import Outcome
from evidence.recompute.registry import make_plan
from evidence.recompute.view import LogView
from evidence.salt import salt_of
from evidence.statement import Claim, Statement, Subject, encode_statement
from model.flags import RowFlag

LOG_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
SECRET = bytes(range(32))
S = int(RowFlag.SIMULATED)
E, B, H, I, M, N = 1, 2, 4, 8, 16, 32
FIRST_SLOT = 29_538_720  # 2026-03-01T00:00Z, a Sunday


@dataclass
class LogBuilder:
    """Writes entries and frames in order; every method that adds something returns the entry index."""

    origin_text: str = "sim/91500000TEST000017/ws1/1"
    entries: list[bytes] = field(default_factory=list)
    documents: dict[bytes, bytes] = field(default_factory=dict)
    records: dict[int, list[bytes]] = field(default_factory=dict)
    frames: dict[int, list[bytes]] = field(default_factory=dict)
    slot: int = FIRST_SLOT
    mono: int = 1000
    _document: ConfigDocument | None = None
    _config: int = -1
    _boot: int = -1

    def __post_init__(self) -> None:
        self.origin = parse_origin(self.origin_text)
        self.signer = SeedSigner(LOG_SEED)
        self.key = log_key(self.origin, self.signer.public_key)
        self.flag = S if self.origin.simulated else 0
        self.add(Genesis(0, self.origin, str(self.key), "test"))

    @property
    def policy(self) -> Policy:
        return parse_policy(f"log {self.key}\nquorum none\n".encode())

    def add(self, entry: Entry) -> int:
        self.entries.append(encode_entry(entry))
        return len(self.entries) - 1

    def config(self, document: Mapping[str, object]) -> int:
        data = canonical.encode(document)  # type: ignore[arg-type]
        digest = sha256(data).digest()
        self.documents[digest] = data
        self._document = parse_document(data)
        self._config = self.add(Config(0, digest, len(data)))
        return self._config

    def boot(self, *, clean: bool = True) -> int:
        self._boot = self.add(
            Boot(0, f"{len(self.entries):032x}", clean, "test", bytes(32), "0", 0)
        )
        return self._boot

    def off(self, slots: int) -> int:
        index = self.add(Off(0, self.slot, slots, "agent_down"))
        self.slot += slots
        return index

    def block(
        self,
        rows: Mapping[str, Sequence[FrameRow]],
        *,
        withheld: Sequence[str] = (),
    ) -> int:
        """Seal the current slot with `rows` by stream; the simulated flag is put on every row."""
        assert self._document is not None
        unknown = set(rows) - set(self._document.index_of)
        assert not unknown, unknown
        records, leaves, frames = [], [], []
        state, total, late = "", 0, 0
        for layout in self._document.layouts:
            flagged = [
                FrameRow(
                    r.received_ms, r.source_ms, r.signal, r.value, r.status, r.flags | self.flag
                )
                for r in rows.get(layout.stream, ())
            ]
            frame = write_frame(layout, self.slot, flagged)
            salt = salt_of(SECRET, self.origin_text, layout.stream, self.slot)
            leaves.append(sub_leaf(salt, frame))
            hidden = layout.stream in withheld
            records.append(withheld_record(leaves[-1]) if hidden else frame_record(salt, frame))
            frames.append(frame)
            total += len(flagged)
            live = [r for r in flagged if not r.flags & M]
            late += sum(
                r.source_ms is not None and r.source_ms < (self.slot - 1) * 60_000 for r in live
            )
            state += "D" if live else "G"
        self.mono += 60_000
        root = block_root(leaves)
        index = self.add(
            Block(
                0,
                self.slot,
                self._boot,
                self._config,
                "S",
                self.mono,
                60_000,
                state,
                total,
                late,
                root,
            )
        )
        self.records[self.slot] = records
        self.frames[self.slot] = frames
        self.slot += 1
        return index

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = len(self.entries) if size is None else size
        tree = Tree()
        tree.extend(leaf_hash(entry) for entry in self.entries[:size])
        return Checkpoint(self.origin, size, tree.root())

    def bundle(
        self, claims: Sequence[Claim], *, extra: Mapping[str, bytes] | None = None
    ) -> dict[str, bytes]:
        """Return the members of a bundle that states `claims` over the present head."""
        head = self.checkpoint()
        extra = dict(extra or {})
        subjects = tuple(Subject(n, sha256(d).digest()) for n, d in sorted(extra.items()))
        payload = encode_statement(
            Statement(
                self.origin_text,
                head.root,
                head.size,
                self.origin.simulated,
                subjects,
                tuple(claims),
            )
        )
        self.add(Export(0, sha256(payload).digest(), head.size))
        last = self.checkpoint()
        slots = sorted(self.records)
        frames = (
            [FramesFile(slots[0], slots[-1], [r for s in slots for r in self.records[s]])]
            if slots
            else []
        )
        parts = BundleParts(
            format_note(last, [sign_checkpoint(last, self.signer)]),
            sign_envelope(payload, self.key, self.signer),
            list(self.entries),
            self.documents,
            frames,
            extra,
        )
        return {name: b"".join(pieces) for name, pieces in bundle_members(parts)}

    def compute(self, claim: Claim) -> Outcome:
        """Return what the verifier's engine computes for a claim over the present log."""
        return self.compute_all([claim])[0]

    def compute_all(self, claims: Sequence[Claim]) -> list[Outcome]:
        """Return what the verifier's engine computes for claims, in one pass over the frames."""
        view = self.view_of(claims)
        return [make_plan(claim).compute(view) for claim in claims]

    def view_of(self, claims: Sequence[Claim]) -> LogView:
        """Return what claims are computed from."""
        plans = [make_plan(claim) for claim in claims]
        rules = LogRules(
            self.origin, str(self.key), lambda e: parse_document(self.documents[e.sha256])
        )

        for entry in self.entries:
            rules.accept(parse_entry(entry))
        collector = Collector(plans)
        for row in range(len(rules.blocks)):
            slot, config = rules.blocks.slots[row], rules.blocks.configs[row]
            document = rules.documents[config]
            sinks = collector.sinks(slot, config, document)
            for index, frame in enumerate(self.frames[slot]):
                sink = sinks[index]
                if sink is not None:
                    columns = parse_frame(
                        frame,
                        document.layouts[index],
                        frame_prefix(slot),
                        slot,
                        simulated=self.origin.simulated,
                    )
                    if columns.rows:
                        sink.add(slot, columns)
        return LogView(
            rules.blocks,
            len(rules.blocks),
            rules.offs,
            rules.documents,
            collector.columns,
            collector.names,
        )


def claim_of(
    algorithm: str,
    first: int,
    last: int,
    *,
    grace: int = 0,
    lead: int = 0,
    unit: str = "1",
    **parameters: object,
) -> Claim:
    """Return a claim to be computed; its figures are placeholders."""
    return Claim(
        "c1",
        algorithm,
        first,
        last,
        grace,
        "0",
        "0",
        unit,
        [],
        lead,
        {},
        parameters,  # type: ignore[arg-type]
    )


def filled(claim: Claim, outcome: Outcome) -> Claim:
    """Return the claim with the figures of `outcome`."""
    return Claim(
        claim.id,
        claim.algorithm,
        claim.first,
        claim.last,
        claim.grace,
        str(outcome.num),
        str(outcome.den),
        claim.unit,
        outcome.coverage,
        claim.lead,
        outcome.detail,
        claim.parameters,
    )


def memory(members: Mapping[str, bytes]) -> MemoryBundle:
    return MemoryBundle(members)


def with_sums(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the members with SHA256SUMS written anew."""
    rest = {name: data for name, data in members.items() if name != "SHA256SUMS"}
    sums = "".join(f"{sha256(rest[name]).hexdigest()}  {name}\n" for name in sorted(rest))
    return {**rest, "SHA256SUMS": sums.encode()}


def signal(name: str, role: str, kind: str = "int", **changes: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "deadline_ms": 60_000,
        "hold_ms": 150_000,
        "name": name,
        "required": False,
        "role": role,
        "scale": [1, 1],
        "slot_ms": 60_000,
        "type": kind,
        "unit": "1",
    }
    return {**fields, **changes}


def asset(name: str, **changes: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "class": "cnc",
        "counts_as": 1,
        "energy_of": [],
        "id": name,
        "ideal_cycle_ms": [30_000, 1],
        "in_service": [0, 0],
        "key": False,
        "minor_stop_ms": 120_000,
        "name": name,
        "nc": True,
        "networked": True,
        "production": True,
        "smart": False,
        "state_table": "t/1",
    }
    return {**fields, **changes}


TABLE = {
    "id": "t/1",
    "map": [
        {"state": "run", "value": "3"},
        {"state": "fault", "value": "4"},
        {"state": "wait", "value": "2"},
        {"state": "idle", "value": "1"},
        {"state": "off", "value": "0"},
    ],
    "other": "unknown",
}


def calendar(**changes: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "breaks": [],
        "day_start_min": 0,
        "holidays": [],
        "shifts": [
            {"from_min": 0, "name": "all", "to_min": 1440, "weekdays": [1, 2, 3, 4, 5, 6, 7]}
        ],
        "stops": [],
        "utc_offset_min": 0,
        "zone": "UTC",
    }
    return {**fields, **changes}


def plant(
    assets: Sequence[Mapping[str, object]],
    streams: Mapping[str, Sequence[Mapping[str, object]]],
    cal: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Return a configuration document; streams must be given in stream order."""
    return {
        "assets": list(assets),
        "calendar": cal or calendar(),
        "site": {"enterprise": "91500000TEST000017", "name": "t", "workshop": "ws1"},
        "state_tables": [TABLE],
        "streams": [{"id": name, "signals": list(signals)} for name, signals in streams.items()],
        "v": 1,
    }


def row(ms: int, index: int, value: object, **changes: object) -> FrameRow:
    """Return a row received when it was measured."""
    return FrameRow(ms, ms, index, value, **changes)  # type: ignore[arg-type]


def proof(ms: int, index: int) -> FrameRow:
    """Return an H row."""
    return FrameRow(ms, None, index, None, 0, E | H)


def missed(ms: int, index: int, cause: int) -> FrameRow:
    """Return an M row of the slot that starts at `ms`."""
    return FrameRow(ms + 120_000, ms, index, cause, 0x809B_0000, M)
