"""Changes a bundle as somebody would who holds the site's key: everything is hashed and signed again."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from evidence import canonical
from evidence.block import block_root, sub_leaf
from evidence.bundle import MemoryBundle
from evidence.bundle_write import BundleParts, FramesFile, bundle_members
from evidence.container import RecordReader, frame_record, withheld_record
from evidence.document import ConfigDocument, parse_document
from evidence.dsse import open_envelope, sign_envelope
from evidence.entries import Block, Config, Entry, Export, Genesis, encode_entry, parse_entry
from evidence.keys import Signer
from evidence.merkle import Tree, leaf_hash
from evidence.note import Checkpoint, format_note, log_key, parse_note, sign_checkpoint
from evidence.policy import parse_policy
from evidence.refusal import Refusal
from evidence.salt import SALT_BYTES
from evidence.statement import Statement, Subject, encode_statement, parse_statement
from evidence.verified import VerifiedBundle
from evidence.verify import verify_bundle

Members = dict[str, bytes]
CLAIMS = "kpi/claims.json"
Record = tuple[bytes, bytes]
"""Salt and frame; an empty salt means withheld, and the frame is then the sub-leaf."""


def read_members(path: Path) -> Members:
    """Return every member of a zip file."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_sums(members: Mapping[str, bytes]) -> Members:
    """Return the members with SHA256SUMS written anew: that needs no key."""
    rest = {name: data for name, data in members.items() if name != "SHA256SUMS"}
    lines = "".join(f"{sha256(rest[name]).hexdigest()}  {name}\n" for name in sorted(rest))
    return {**rest, "SHA256SUMS": lines.encode()}


def write_members(path: Path, members: Mapping[str, bytes]) -> Path:
    """Write members as a zip file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@dataclass
class Forger:
    """The parts of a bundle, free to be changed; `members` signs them again.

    entries: the log up to the size of the statement. extra: subjects of the statement.
    """

    signer: Signer
    origin: Any
    entries: list[Entry]
    records: dict[int, list[Record]]
    documents: dict[bytes, bytes]
    statement: Statement
    extra: dict[str, bytes]
    groups: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, members: Mapping[str, bytes], signer: Signer) -> Forger:
        """Take a good bundle apart."""
        head = parse_note(members["log/checkpoint"]).checkpoint
        key = log_key(head.origin, signer.public_key)
        statement = parse_statement(open_envelope(members["statement.dsse.json"], key))
        lines = members["log/entries.ndjson"].split(b"\n")[:-1]
        documents = {
            bytes.fromhex(name.removeprefix("docs/")): data
            for name, data in members.items()
            if name.startswith("docs/")
        }
        entries = [parse_entry(line) for line in lines]
        forger = cls(
            signer,
            head.origin,
            entries[: statement.size],
            {},
            documents,
            statement,
            {s.name: members[s.name] for s in statement.subjects},
        )
        for name, data in members.items():
            if name.startswith("frames/"):
                first, _, last = name.removeprefix("frames/").removesuffix(".frames").partition("-")
                forger.groups.append((int(first), int(last)))
                forger._take(data, int(first), int(last))
        return forger

    def _take(self, data: bytes, first: int, last: int) -> None:
        pieces = [data]
        reader = RecordReader(lambda _size: pieces.pop() if pieces else b"")
        for block in self.blocks():
            if first <= block.slot <= last:
                self.records[block.slot] = [
                    (record[:SALT_BYTES], record[SALT_BYTES:]) if revealed else (b"", record)
                    for revealed, record in reader.take(len(block.state))
                ]

    def blocks(self) -> list[Block]:
        """Return the block entries."""
        return [entry for entry in self.entries if isinstance(entry, Block)]

    def index_of(self, slot: int) -> int:
        """Return the entry index of the block of a slot."""
        return next(
            i for i, e in enumerate(self.entries) if isinstance(e, Block) and e.slot == slot
        )

    def document(self, slot: int) -> ConfigDocument:
        """Return the configuration that the block of a slot names."""
        block = self.entries[self.index_of(slot)]
        assert isinstance(block, Block)
        entry = self.entries[block.config]
        assert isinstance(entry, Config)
        return parse_document(self.documents[entry.sha256])

    def frame(self, slot: int, stream: str) -> bytes:
        """Return the frame of a stream."""
        return self.records[slot][self.document(slot).index_of[stream]][1]

    def set_frame(self, slot: int, stream: str, frame: bytes) -> None:
        """Replace a frame and give its block the new root."""
        index = self.document(slot).index_of[stream]
        self.records[slot][index] = (self.records[slot][index][0], frame)
        self.reseal(slot)

    def reseal(self, slot: int) -> None:
        """Give the block of a slot the root of its present records."""
        number = self.index_of(slot)
        block = self.entries[number]
        assert isinstance(block, Block)
        leaves = [sub_leaf(salt, frame) if salt else frame for salt, frame in self.records[slot]]
        self.entries[number] = replace(block, root=block_root(leaves))

    def withhold(self, slot: int, stream: str) -> None:
        """Put the sub-leaf in place of a frame."""
        index = self.document(slot).index_of[stream]
        salt, frame = self.records[slot][index]
        self.records[slot][index] = (b"", sub_leaf(salt, frame))

    def change_claim(self, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change a claim, in the statement and in the file of claims."""
        claims = []
        for claim in self.statement.claims:
            if claim.id == name:
                data = json.loads(canonical.encode(claim.to_json()))
                change(data)
                changed = replace(
                    claim,
                    num=data["num"],
                    den=data["den"],
                    coverage=data["coverage"],
                    detail=data.get("detail"),
                )
                claims.append(changed)
            else:
                claims.append(claim)
        self.statement = replace(self.statement, claims=tuple(claims))

    def head(self, entries: list[Entry]) -> Checkpoint:
        """Return the head of a log with these entries."""
        tree = Tree()
        tree.extend([leaf_hash(encode_entry(entry)) for entry in entries])
        return Checkpoint(self.origin, len(entries), tree.root())

    def members(self, *, fresh_claims_file: bool = True) -> Members:
        """Return a whole bundle in which every hash and signature is right."""
        head = self.head(self.entries)
        if fresh_claims_file:
            claims = [claim.to_json() for claim in self.statement.claims]
            self.extra[CLAIMS] = canonical.encode({"claims": claims, "v": 1}) + b"\n"
        subjects = tuple(Subject(n, sha256(d).digest()) for n, d in sorted(self.extra.items()))
        statement = replace(self.statement, root=head.root, size=head.size, subjects=subjects)
        payload = encode_statement(statement)
        export = Export(self.entries[-1].t_ms, sha256(payload).digest(), head.size)
        entries = [*self.entries, export]
        last = self.head(entries)
        key = log_key(self.origin, self.signer.public_key)
        parts = BundleParts(
            format_note(last, [sign_checkpoint(last, self.signer)]),
            sign_envelope(payload, key, self.signer),
            [encode_entry(entry) for entry in entries],
            self.documents,
            [
                FramesFile(first, last_slot, self._container(first, last_slot))
                for first, last_slot in self.groups
            ],
            self.extra,
        )
        return {name: b"".join(pieces) for name, pieces in bundle_members(parts)}

    def _container(self, first: int, last: int) -> list[bytes]:
        return [
            frame_record(salt, frame) if salt else withheld_record(frame)
            for slot in sorted(self.records)
            if first <= slot <= last
            for salt, frame in self.records[slot]
        ]

    def with_key(self, signer: Signer) -> None:
        """Sign everything with another key, named in the genesis entry too."""
        self.signer = signer
        genesis = self.entries[0]
        assert isinstance(genesis, Genesis)
        self.entries[0] = replace(genesis, vkey=str(log_key(self.origin, signer.public_key)))


def accepted(members: Mapping[str, bytes], policy: bytes) -> VerifiedBundle:
    """Return what the verifier says of a bundle that it accepts."""
    return verify_bundle(MemoryBundle(members), parse_policy(policy))


def refused(members: Mapping[str, bytes], policy: bytes) -> tuple[str, int, str]:
    """Return (verdict, step, kind) of a bundle that the verifier refuses; fails if it is accepted."""
    try:
        verify_bundle(MemoryBundle(members), parse_policy(policy))
    except Refusal as fault:
        return fault.verdict.value, fault.step, fault.kind
    raise AssertionError("the bundle was accepted")
