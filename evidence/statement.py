"""The KPI claim as an in-toto Statement (format-core §7): build and strict parse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evidence import canonical
from evidence.canonical import Json
from evidence.grammar import DECIMAL_INTEGER, HEX64, MAX_INTEGER, is_member_name
from evidence.refusal import Refusal

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "urn:plantproof:kpi-claim:1"
MAX_DECIMAL_DIGITS: Final = 4000
MAX_CLAIMS: Final = 10_000
_COMMON: Final = frozenset(
    {"algorithm", "coverage", "den", "detail", "grace", "id", "lead", "num", "unit", "window"}
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A file of the bundle that the statement speaks about."""

    name: str
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """One figure: the fraction num / den over slots [first, last) by a named algorithm.

    lead, grace: slots before and after the window whose sealed rows take part. parameters: the keys that belong to
    the algorithm.
    """

    id: str
    algorithm: str
    first: int
    last: int
    grace: int
    num: str
    den: str
    unit: str
    coverage: Json
    lead: int = 0
    detail: Json | None = None
    parameters: Mapping[str, Json] = ()  # type: ignore[assignment]

    def to_json(self) -> dict[str, Json]:
        """Return the claim object; `lead` and `detail` only if the claim has a detail."""
        fields: dict[str, Json] = {
            **dict(self.parameters),
            "algorithm": self.algorithm,
            "coverage": self.coverage,
            "den": self.den,
            "grace": self.grace,
            "id": self.id,
            "num": self.num,
            "unit": self.unit,
            "window": [self.first, self.last],
        }
        if self.detail is not None:
            fields |= {"detail": self.detail, "lead": self.lead}
        return fields


@dataclass(frozen=True, slots=True)
class Statement:
    """What an export states about a log at one size."""

    origin: str
    root: bytes
    size: int
    simulated: bool
    subjects: tuple[Subject, ...]
    claims: tuple[Claim, ...]


def encode_statement(statement: Statement) -> bytes:
    """Return the canonical payload of `statement`."""
    subjects: list[Json] = [
        {"digest": {"sha256": subject.sha256.hex()}, "name": subject.name}
        for subject in statement.subjects
    ]
    log: dict[str, Json] = {
        "origin": statement.origin,
        "root": statement.root.hex(),
        "size": statement.size,
    }
    predicate: dict[str, Json] = {
        "claims": [claim.to_json() for claim in statement.claims],
        "log": log,
        "simulated": statement.simulated,
    }
    return canonical.encode(
        {
            "_type": STATEMENT_TYPE,
            "predicate": predicate,
            "predicateType": PREDICATE_TYPE,
            "subject": subjects,
        }
    )


def parse_statement(payload: bytes) -> Statement:
    """Return the statement of a payload; raises `Refusal` (kind "json", "statement" or "unknown-kind")."""
    top = canonical.parse_object(payload)
    if set(top) != {"_type", "predicate", "predicateType", "subject"}:
        raise _bad("keys of the statement", "声明的键不符")
    if top["_type"] != STATEMENT_TYPE or top["predicateType"] != PREDICATE_TYPE:
        raise Refusal("unknown-kind", "unknown statement or predicate type", "未知的声明类型")
    predicate = _object(top["predicate"])
    log = _object(predicate.get("log", False))
    if set(predicate) != {"claims", "log", "simulated"} or set(log) != {"origin", "root", "size"}:
        raise _bad("keys of the predicate", "声明内容的键不符")
    origin, root, size = log["origin"], log["root"], log["size"]
    simulated = predicate["simulated"]
    if (
        not isinstance(origin, str)
        or not isinstance(root, str)
        or HEX64.fullmatch(root) is None
        or not isinstance(simulated, bool)
    ):
        raise _bad("log or simulated", "log 或 simulated 不合法")
    claims = tuple(_claim(_object(item)) for item in _list(predicate["claims"]))
    if len({claim.id for claim in claims}) != len(claims) or len(claims) > MAX_CLAIMS:
        raise _bad("two claims have one id", "两个指标编号相同")
    subjects = tuple(_subject(_object(item)) for item in _list(top["subject"]))
    return Statement(origin, bytes.fromhex(root), _count(size, low=1), simulated, subjects, claims)


def _subject(item: Mapping[str, Json]) -> Subject:
    if set(item) != {"digest", "name"}:
        raise _bad("keys of a subject", "对象的键不符")
    name, digest = item["name"], _object(item["digest"]).get("sha256")
    if not isinstance(name, str) or not is_member_name(name):
        raise _bad("name of a subject", "对象名称不合法")
    if not isinstance(digest, str) or HEX64.fullmatch(digest) is None:
        raise _bad("digest of a subject", "对象摘要不合法")
    return Subject(name, bytes.fromhex(digest))


def _claim(item: Mapping[str, Json]) -> Claim:
    required = _COMMON - {"detail", "lead"}
    if not required <= set(item):
        raise _bad(f"a claim lacks {sorted(required - set(item))}", "指标缺少必需的键")
    window = _list(item["window"])
    if len(window) != 2:
        raise _bad("window of a claim", "指标的窗口不合法")
    first, last = _count(window[0]), _count(window[1])
    return Claim(
        id=_text(item["id"]),
        algorithm=_text(item["algorithm"]),
        first=first,
        last=last,
        grace=_count(item["grace"]),
        num=_decimal(item["num"]),
        den=_decimal(item["den"]),
        unit=_text(item["unit"]),
        coverage=item["coverage"],
        lead=_count(item.get("lead", 0)),
        detail=item.get("detail"),
        parameters={key: value for key, value in item.items() if key not in _COMMON},
    )


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise _bad("an object is expected", "此处应为对象")
    return value


def _list(value: Json) -> Sequence[Json]:
    if not isinstance(value, list):
        raise _bad("a list is expected", "此处应为列表")
    return value


def _text(value: Json) -> str:
    if not isinstance(value, str) or not value:
        raise _bad("a text is expected", "此处应为文本")
    return value


def _count(value: Json, *, low: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= MAX_INTEGER:
        raise _bad("a count is expected", "此处应为非负整数")
    return value


def _decimal(value: Json) -> str:
    text = _text(value)
    if len(text) > MAX_DECIMAL_DIGITS or DECIMAL_INTEGER.fullmatch(text) is None:
        raise _bad(f"{text[:40]!r} is no integer in decimal", f"{text[:40]!r} 不是十进制整数")
    return text


def _bad(en: str, zh: str) -> Refusal:
    return Refusal("statement", f"statement: {en}", f"声明：{zh}")
