"""What a verification returns: a verified bundle is a type, not a flag."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.canonical import Json
from evidence.grammar import Origin
from evidence.log_rules import LogRules
from evidence.note import Checkpoint, Cosignature, VerifierKey
from evidence.statement import Claim


@dataclass(frozen=True, slots=True)
class Finding:
    """Something true that the reader must know; it does not refuse the bundle."""

    code: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class VerifiedLog:
    """Steps 1 to 4 passed: transport, head, entries and their rules."""

    checkpoint: Checkpoint
    key: VerifierKey
    cosignatures: tuple[Cosignature, ...]
    leaves: bytes
    rules: LogRules


@dataclass(frozen=True, slots=True)
class Scope:
    """How much of the log was looked at, and how deep."""

    entries: int
    blocks: int
    blocks_with_frames: int
    frames: int
    rows: int
    withheld: int


@dataclass(frozen=True, slots=True)
class VerifiedClaim:
    """A claim whose num, den, coverage and detail were recomputed and are equal."""

    claim: Claim
    num: int
    den: int
    detail: Json | None


@dataclass(frozen=True, slots=True)
class VerifiedBundle:
    """Every step passed. `simulated` is the realm of the log: true for ever if the data are simulated."""

    origin: Origin
    size: int
    root: bytes
    statement_size: int
    statement_root: bytes
    simulated: bool
    claims: tuple[VerifiedClaim, ...]
    findings: tuple[Finding, ...]
    scope: Scope
    cosignatures: tuple[Cosignature, ...]
    not_proven: tuple[Finding, ...]
