"""Issue a statement and its bundle: evaluate at a signed head, record the export, sign, write the zip.

Order of format-core §7: head of size n covers the data → statement over (origin, n, root) → export entry → a head of
at least n + 1 is the bundle's checkpoint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, Protocol

from agent.log_reader import SealedLog
from agent.reporting.figures import Figure
from evidence import canonical
from evidence.bundle_files import write_zip
from evidence.bundle_write import BundleParts, FramesFile, bundle_members
from evidence.dsse import sign_envelope
from evidence.keys import Signer
from evidence.note import log_key
from evidence.statement import Claim, Statement, Subject, encode_statement
from kpi.claims import claim_object
from model.signal import SignalClass
from storage.ledger_reader import LedgerReader

DAY_SLOTS: Final = 1440
CLAIMS_FILE: Final = "kpi/claims.json"
REPORT_FILE: Final = "report.pdf"


class HeadKeeper(Protocol):
    """Whoever owns the ledger: this process, or the running agent behind the control folder."""

    def record_export(self, sha256: bytes, size: int) -> SealedLog:
        """Record the statement and return the log at a signed head that contains the record."""
        ...


@dataclass(frozen=True, slots=True)
class Issued:
    """What was issued."""

    bundle: Path
    statement_sha256: str
    size: int
    checkpoint_size: int


def claims_of(figures: Mapping[str, Figure]) -> tuple[Claim, ...]:
    """Return the figures as claims of a statement."""
    claims = []
    for name, figure in figures.items():
        item = dict(claim_object(name, figure.request, figure.result))
        span = figure.request.span
        fixed = {"id", "algorithm", "num", "den", "unit", "coverage", "detail"}
        fixed |= {"window", "grace", "lead"}
        claims.append(
            Claim(
                id=name,
                algorithm=figure.request.algorithm,
                first=span.first,
                last=span.last,
                grace=span.grace,
                num=str(figure.result.num),
                den=str(figure.result.den),
                unit=figure.request.unit,
                coverage=item["coverage"],
                lead=span.lead,
                detail=item["detail"],
                parameters={k: v for k, v in item.items() if k not in fixed},
            )
        )
    return tuple(claims)


def issue_bundle(
    log: SealedLog,
    figures: Mapping[str, Figure],
    *,
    keeper: HeadKeeper,
    signer: Signer,
    extra: Mapping[str, bytes],
    target: Path,
    withhold: Callable[[str], bool] = lambda _stream: False,
) -> Issued:
    """Write the bundle of `figures`, computed at `log`, to `target`.

    extra: further members (`report.pdf`, `README.txt`), each a subject of the statement. withhold: whether a stream of
    class process is withheld. Raises ValueError if `withhold` names a stream of another class.
    """
    refused = sorted(
        stream
        for document in log.index.documents
        for stream in (s.id for s in document.streams)
        if withhold(stream) and not stream.endswith(f".{SignalClass.PROCESS}")
    )
    if refused:
        raise ValueError(f"only streams of class process may be withheld, not {refused[0]}")
    claims = claims_of(figures)
    claims_file = canonical.encode({"claims": [c.to_json() for c in claims], "v": 1}) + b"\n"
    members = {**extra, CLAIMS_FILE: claims_file}
    head = log.head
    statement = Statement(
        origin=str(head.origin),
        root=head.root,
        size=head.size,
        simulated=head.origin.simulated,
        subjects=tuple(
            Subject(name, hashlib.sha256(members[name]).digest()) for name in sorted(members)
        ),
        claims=claims,
    )
    payload = encode_statement(statement)
    digest = hashlib.sha256(payload).digest()
    signed = keeper.record_export(digest, head.size)
    envelope = sign_envelope(payload, log_key(head.origin, signer.public_key), signer)
    spans = [f.request.span for f in figures.values()]
    spans += [b for f in figures.values() if (b := getattr(f.request, "before", None)) is not None]
    parts = BundleParts(
        checkpoint=signed.note,
        statement=envelope,
        entries=_Again(signed.ledger),
        documents=signed.documents,
        frames=_frames(signed, [(s.first - s.lead, s.last + s.grace) for s in spans], withhold),
        extra=members,
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    write_zip(target, bundle_members(parts))
    return Issued(target, digest.hex(), head.size, signed.head.size)


class _Again:
    """The entries of a log, iterable any number of times."""

    def __init__(self, ledger: LedgerReader) -> None:
        self._ledger = ledger

    def __iter__(self) -> Iterator[bytes]:
        return self._ledger.entries()


def _frames(
    log: SealedLog, ranges: list[tuple[int, int]], withhold: Callable[[str], bool]
) -> Iterator[FramesFile]:
    """Yield one `.frames` member for every UTC day of the ranges that has blocks."""
    slots = sorted({slot for low, high in set(ranges) for slot in log.block_slots(low, high)})
    for _, group in groupby(slots, key=lambda slot: slot // DAY_SLOTS):
        day = list(group)
        yield FramesFile(day[0], day[-1], log.archive.container(day, withhold))
