"""Schemes of certification clauses as data, and their evaluation against exact figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from kpi.claims import ClaimResult
from kpi.comparison import Word
from kpi.fields import Fields
from kpi.grades import Letter
from kpi.logic import Verdict, all_of, at_least, one_of
from model.ratio import Ratio, Undefined


class SourceClass(StrEnum):
    """Who can know a row: the criteria's own classes."""

    MEASURED = "M"
    REGISTRY = "R"
    IMPORTED = "I"
    NARRATIVE = "N"
    PROOF = "P"


class Operator(StrEnum):
    """Comparison of a figure with its threshold."""

    AT_LEAST = ">="
    MORE_THAN = ">"
    AT_MOST = "<="
    LESS_THAN = "<"


class Rule(StrEnum):
    """How the rows of a scheme combine."""

    ALL = "all"
    ONE_OF = "one_of"
    K_OF_N = "k_of_n"


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must reach, as an exact number (10 % = 1/10)."""

    metric: str
    operator: Operator
    threshold: Fraction
    unit: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One row of a scheme."""

    id: str
    clause: str
    """Number of the clause in the document, as printed there."""
    zh: str
    """The wording, verbatim."""
    en: str
    seed: str
    """File and line of the wording in the text that was read."""
    sources: tuple[SourceClass, ...]
    target: Target | None
    """None = nothing that a number decides."""
    twin: str
    """A measured figure printed beside the row without deciding it, or empty."""
    grade: Letter
    """Best evidence grade that the row can reach."""
    reading: str
    """How an ambiguous wording is read, printed with the row; or empty."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A list of criteria with its rule."""

    id: str
    zh: str
    en: str
    document: str
    """Number of the document, like 渝经信发〔2018〕22号."""
    clause: str
    rule: Rule
    k: int
    """Rows that must pass under `k_of_n`, else 0."""
    mandatory: frozenset[str]
    rows: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """What is known of a metric: a value with its own bounds, or the word of a comparison."""

    value: Ratio
    low: Fraction | None = None
    """Lower bound where unknown data leave a range; None = the value itself."""
    high: Fraction | None = None
    """Upper bound; None = the value itself."""
    unbounded: bool = False
    """There is no upper bound."""
    word: Word | None = None
    """Word of a before/after comparison; it decides instead of the value."""


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """Verdict of one row with its reason in both languages (empty where the numbers speak)."""

    row: Clause
    verdict: Verdict
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class SchemeVerdict:
    """Verdict of a scheme and of each row."""

    scheme: Scheme
    verdict: Verdict
    rows: tuple[RowVerdict, ...]


_ABSENT: Final = {
    SourceClass.MEASURED: ("没有实测数据", "not measured"),
    SourceClass.REGISTRY: ("设备台账中没有所需数据", "the registry does not hold it"),
    SourceClass.IMPORTED: (
        "由企业提供材料（导入经营记录）",
        "to be provided by the enterprise (imported records)",
    ),
    SourceClass.NARRATIVE: (
        "由企业提供材料并经专家评审",
        "described by the enterprise and judged by experts",
    ),
    SourceClass.PROOF: (
        "由企业提供材料（证明文件）",
        "to be provided by the enterprise (certificates)",
    ),
}
_WORDS: Final = {
    Word.PASS: (Verdict.PASS, "", ""),
    Word.FAIL: (Verdict.FAIL, "", ""),
    Word.POINT_ONLY: (
        Verdict.UNDETERMINED,
        "点值达到阈值；但区间未达到，或有效生产日少于 60 天（暂定）",
        "the point reaches the threshold; the interval does not, or fewer than 60 valid days make it provisional",
    ),
    Word.INCONCLUSIVE: (
        Verdict.UNDETERMINED,
        "数据不足以判断",
        "the data do not decide it",
    ),
    Word.UNDETERMINED: (
        Verdict.UNDETERMINED,
        "有效生产日不足",
        "too few valid production days",
    ),
}


def judge(scheme: Scheme, figures: Mapping[str, Figure]) -> SchemeVerdict:
    """Return the verdicts of a scheme; a row without figure is undetermined, with the reason."""
    rows = tuple(judge_row(row, figures) for row in scheme.rows)
    verdicts = [r.verdict for r in rows]
    return SchemeVerdict(scheme, _combined(scheme, verdicts), rows)


def _combined(scheme: Scheme, verdicts: Sequence[Verdict]) -> Verdict:
    match scheme.rule:
        case Rule.ALL:
            return all_of(verdicts)
        case Rule.ONE_OF:
            return one_of(verdicts)
        case Rule.K_OF_N:
            musts = [i for i, r in enumerate(scheme.rows) if r.id in scheme.mandatory]
            return at_least(scheme.k, verdicts, musts)


def judge_row(row: Clause, figures: Mapping[str, Figure]) -> RowVerdict:
    """Return the verdict of one row: exact comparison, never rounded up."""
    figure = figures.get(row.target.metric) if row.target is not None else None
    if row.target is None or figure is None:
        zh, en = _ABSENT[row.sources[-1]]
        return RowVerdict(row, Verdict.UNDETERMINED, zh, en)
    if figure.word is not None:
        return RowVerdict(row, *_WORDS[figure.word])
    if isinstance(figure.value, Undefined):
        return RowVerdict(row, Verdict.UNDETERMINED, figure.value.zh, figure.value.en)
    low = figure.value if figure.low is None else figure.low
    high = figure.value if figure.high is None else figure.high
    worst, best = (low, high) if row.target.operator in _UPWARD else (high, low)
    open_best = figure.unbounded and row.target.operator in _UPWARD
    open_worst = figure.unbounded and not open_best
    if not open_worst and reaches(worst, row.target):
        return RowVerdict(row, Verdict.PASS, "", "")
    if not open_best and not reaches(best, row.target):
        return RowVerdict(row, Verdict.FAIL, "", "")
    return RowVerdict(
        row,
        Verdict.UNDETERMINED,
        "缺失数据使结果可能在阈值两侧",
        "missing data leave the figure on both sides of the threshold",
    )


_UPWARD: Final = (Operator.AT_LEAST, Operator.MORE_THAN)


def reaches(value: Fraction, target: Target) -> bool:
    """Return whether an exact value reaches the target."""
    match target.operator:
        case Operator.AT_LEAST:
            return value >= target.threshold
        case Operator.MORE_THAN:
            return value > target.threshold
        case Operator.AT_MOST:
            return value <= target.threshold
        case Operator.LESS_THAN:
            return value < target.threshold


def scheme_from_mapping(data: Mapping[str, object], path: str = "scheme") -> Scheme:
    """Return the scheme of a parsed file; raises ConfigError that names the row and key."""
    f = Fields.of(data, path)
    f.only("id", "zh", "en", "document", "clause", "rule", "k", "mandatory", "rows", "source")
    rows = tuple(_row(r) for r in f.children("rows"))
    ids = [r.id for r in rows]
    if not rows or len(set(ids)) != len(ids):
        raise f.error("rows", "at least one row, each with its own id")
    rule = Rule(f.one_of("rule", tuple(r.value for r in Rule)))
    mandatory = frozenset(f.texts("mandatory")) if f.has("mandatory") else frozenset[str]()
    if not mandatory <= set(ids):
        raise f.error("mandatory", "ids of rows")
    k = f.integer("k", low=1) if rule is Rule.K_OF_N else 0
    if k > len(rows):
        raise f.error("k", f"at most {len(rows)}, the number of rows")
    return Scheme(
        id=f.text("id"),
        zh=f.text("zh"),
        en=f.text("en"),
        document=f.text("document"),
        clause=f.text("clause"),
        rule=rule,
        k=k,
        mandatory=mandatory,
        rows=rows,
    )


def _row(f: Fields) -> Clause:
    f.only(
        *("id", "clause", "zh", "en", "seed", "source", "metric", "operator", "threshold", "unit"),
        *("twin", "grade", "reading"),
    )
    sources = (
        f.sequence("source") if not isinstance(f.data.get("source"), str) else [f.text("source")]
    )
    known = {s.value: s for s in SourceClass}
    if not sources or any(s not in known for s in sources):
        raise f.error("source", "a list of " + ", ".join(known))
    return Clause(
        id=f.text("id"),
        clause=f.text("clause"),
        zh=f.text("zh"),
        en=f.text("en"),
        seed=f.text("seed"),
        sources=tuple(known[str(s)] for s in sources),
        target=_target(f) if f.has("metric") else None,
        twin=f.text("twin") if f.has("twin") else "",
        grade=Letter(f.one_of("grade", tuple(x.value for x in Letter))),
        reading=f.text("reading") if f.has("reading") else "",
    )


def _target(f: Fields) -> Target:
    unit = f.text("unit")
    number = f.number("threshold")
    return Target(
        metric=f.text("metric"),
        operator=Operator(f.one_of("operator", tuple(o.value for o in Operator))),
        threshold=number / 100 if unit == "%" else number,
        unit=unit,
    )


def figure_of(result: ClaimResult) -> Figure:
    """Return what a claim result says to a row: its value, OEE bounds where there are, the word of a comparison."""
    word, high = result.detail.get("word"), result.detail.get("high")
    if isinstance(word, str):
        return Figure(result.ratio, word=Word(word))
    if not isinstance(high, str) or result.value is None:
        return Figure(result.ratio)
    unbounded = high == "unbounded"
    return Figure(result.value, high=None if unbounded else Fraction(high), unbounded=unbounded)


def measured_rows(scheme: Scheme) -> Sequence[Clause]:
    """Return the rows whose verdict a figure decides."""
    return [r for r in scheme.rows if r.target is not None]
