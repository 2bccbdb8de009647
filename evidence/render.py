"""What a verification says, as text for people and as JSON for programs; pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, Literal

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.findings import NOT_PROVEN
from evidence.frame import FrameColumns
from evidence.grammar import NO_SOURCE_TIME, SLOT_MS
from evidence.reading import float_of
from evidence.refusal import Refusal
from evidence.texts import printable
from evidence.utc import utc_of
from evidence.verified import Finding, VerifiedBundle, VerifiedClaim
from model.flags import MissedCause, RowFlag
from model.signal import SignalType

Language = Literal["zh", "en"]

FLAG_LETTERS: Final = "EBHIMNOST"
STEP_NAMES: Final[Mapping[int, tuple[str, str]]] = {
    1: ("file rules and checksums", "文件规则与校验和"),
    2: ("trust policy and checkpoint", "信任策略与检查点"),
    3: ("log entries, leaves and root", "账本条目、叶哈希与根"),
    4: ("entry rules, coverage, documents", "条目规则、时隙覆盖、配置文档"),
    5: ("raw frames against their blocks", "原始帧与数据块"),
    6: ("statement, export record, files", "声明、导出记录、文件"),
    7: ("recomputation of every figure", "逐项重算指标"),
}
SIMULATED: Final = ("SIMULATED DATA: not from a real plant", "模拟数据：并非来自真实工厂")
_FORMULA_START: Final = tuple("=+-@\t\r\n＝＋－＠")


def say(en: str, zh: str, language: Language) -> str:
    """Return the text in the wanted language."""
    return zh if language == "zh" else en


def decimal_of(value: Fraction, digits: int = 6) -> str:
    """Return a fraction rounded half to even to `digits` decimals, for display only."""
    scaled = round(value * 10**digits)
    sign = "-" if scaled < 0 else ""
    whole, rest = divmod(abs(scaled), 10**digits)
    return f"{sign}{whole}.{rest:0{digits}d}"


def verdict_text(
    bundle: VerifiedBundle, language: Language, timings: Mapping[int, float] | None = None
) -> str:
    """Return the whole report on a bundle that passed, simulated mark first."""
    lines = []
    if bundle.simulated:
        lines += [f"*** {say(*SIMULATED, language)} ***", ""]
    scope = bundle.scope
    lines += [
        say("VERIFIED: every check passed", "通过：各项检查均成立", language),
        f"  {say('log', '日志', language)}  {bundle.origin}",
        f"  {say('head', '检查点', language)}  {bundle.size}  {bundle.root.hex()}",
        f"  {say('statement over', '声明对应', language)}  {bundle.statement_size}  {bundle.statement_root.hex()}",
        say(
            f"  scope  {scope.entries} entries, {scope.blocks} minute blocks, {scope.blocks_with_frames} with raw"
            f" frames ({scope.frames} frames, {scope.rows} rows, {scope.withheld} withheld)",
            f"  范围  {scope.entries} 个条目，{scope.blocks} 个分钟数据块，其中 {scope.blocks_with_frames} 个附原始帧"
            f"（{scope.frames} 帧，{scope.rows} 行，未提供 {scope.withheld} 帧）",
            language,
        ),
        "",
        say(
            "Figures, recomputed from the raw rows and equal:",
            "指标（由原始数据重算，与声明一致）：",
            language,
        ),
    ]
    lines += [_claim_line(claim, language) for claim in bundle.claims]
    lines += ["", say("Findings:", "须知事项：", language), *_findings(bundle.findings, language)]
    lines += ["", *not_proven_lines(language)]
    if timings:
        lines += ["", say("Checked:", "检查步骤：", language)]
        lines += [
            f"  {step}  {say(*STEP_NAMES[step], language)}  {seconds:.2f} s"
            for step, seconds in sorted(timings.items())
        ]
    return "\n".join(lines) + "\n"


def not_proven_lines(language: Language) -> list[str]:
    """Return the chapter on what no check can prove."""
    title = say("What this cannot prove:", "本报告不能证明的事项：", language)
    return [title, *_findings(NOT_PROVEN, language)]


def _findings(findings: tuple[Finding, ...], language: Language) -> list[str]:
    return [f"  - {say(finding.en, finding.zh, language)}" for finding in findings]


def _claim_line(verified: VerifiedClaim, language: Language) -> str:
    claim = verified.claim
    if verified.den:
        decimal = decimal_of(Fraction(verified.num, verified.den))
        value = (
            f"{verified.num}/{verified.den} ≈ {decimal} {claim.unit}{_bounds(verified, language)}"
        )
    else:
        reason = (
            verified.detail.get("undefined", "") if isinstance(verified.detail, Mapping) else ""
        )
        value = say(f"undefined ({reason})", f"无法定义（{reason}）", language)
    window = f"{utc_of(claim.first * SLOT_MS)[:16]}Z – {utc_of(claim.last * SLOT_MS)[:16]}Z"
    word = verified.detail.get("word") if isinstance(verified.detail, Mapping) else None
    tail = f"  [{word}]" if isinstance(word, str) else ""
    return f"  {claim.id}  {claim.algorithm}  {value}{tail}\n      {window}"


def _bounds(verified: VerifiedClaim, language: Language) -> str:
    """Return what missing data leave open, empty if the claim states no bounds or both are its value."""
    detail = verified.detail if isinstance(verified.detail, Mapping) else {}
    low, high = detail.get("low"), detail.get("high")
    value = f"{verified.num}/{verified.den}"
    if not isinstance(low, str) or not isinstance(high, str) or (low, high) == (value, value):
        return ""
    shown = [
        say("no limit", "不限", language)
        if edge in ("unbounded", "0/0")
        else decimal_of(Fraction(edge))
        for edge in (low, high)
    ]
    return f" [{shown[0]}, {shown[1]}]"


def refusal_text(fault: Refusal, language: Language) -> str:
    """Return what is said about a bundle that was refused."""
    name = say(*STEP_NAMES.get(fault.step, ("", "")), language)
    verdict = fault.verdict.value
    meaning = {
        "INVALID": ("something that is stated is false", "有陈述不成立"),
        "INCOMPLETE": ("something that is needed is absent", "缺少必需的内容"),
    }[verdict]
    return "\n".join(
        [
            f"{verdict}: {say(*meaning, language)}",
            f"  {say('step', '步骤', language)} {fault.step}  {name}",
            f"  {fault.kind}: {fault.text(language)}",
            "",
        ]
    )


def refusal_json(fault: Refusal) -> Json:
    """Return a refusal for programs."""
    return {
        "en": fault.en,
        "kind": fault.kind,
        "step": fault.step,
        "verdict": fault.verdict.value,
        "zh": fault.zh,
    }


def verdict_json(bundle: VerifiedBundle) -> Json:
    """Return a passed verification for programs."""
    scope = bundle.scope
    return {
        "claims": [
            {
                "algorithm": verified.claim.algorithm,
                "den": str(verified.den),
                "id": verified.claim.id,
                "num": str(verified.num),
                "unit": verified.claim.unit,
                "window": [verified.claim.first, verified.claim.last],
            }
            for verified in bundle.claims
        ],
        "cosignatures": [
            {"time_s": seen.time_s, "witness": seen.witness} for seen in bundle.cosignatures
        ],
        "findings": _findings_json(bundle.findings),
        "not_proven": _findings_json(bundle.not_proven),
        "origin": str(bundle.origin),
        "root": bundle.root.hex(),
        "scope": {
            "blocks": scope.blocks,
            "blocks_with_frames": scope.blocks_with_frames,
            "entries": scope.entries,
            "frames": scope.frames,
            "rows": scope.rows,
            "withheld": scope.withheld,
        },
        "simulated": bundle.simulated,
        "size": bundle.size,
        "statement_root": bundle.statement_root.hex(),
        "statement_size": bundle.statement_size,
        "verdict": "VERIFIED",
    }


def _findings_json(findings: tuple[Finding, ...]) -> list[Json]:
    return [{"code": finding.code, "en": finding.en, "zh": finding.zh} for finding in findings]


def frame_csv(document: ConfigDocument, stream: str, columns: FrameColumns) -> str:
    """Return the rows of a verified frame as CSV; no cell can start a formula in a spreadsheet program."""
    index = document.index_of[stream]
    names, types = document.signal_names[index], document.layouts[index].types
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        [
            "received_utc",
            "source_utc",
            "signal",
            "type",
            "value",
            "status",
            "flags",
            "received_ms",
            "source_ms",
        ]
    )
    for row in range(columns.rows):
        signal = columns.signal[row]
        received, source = columns.received_ms[row], columns.source_ms[row]
        none = source == NO_SOURCE_TIME
        writer.writerow(
            [
                utc_of(received),
                "" if none else utc_of(source),
                names[signal],
                types[signal].value,
                _cell(columns, row, types[signal]),
                f"0x{columns.status[row]:08X}",
                flag_letters(columns.flags[row]),
                received,
                "" if none else source,
            ]
        )
    return out.getvalue()


def flag_letters(flags: int) -> str:
    """Return the letters of the flags that are set."""
    return "".join(letter for bit, letter in enumerate(FLAG_LETTERS) if flags >> bit & 1)


def _cell(columns: FrameColumns, row: int, kind: SignalType) -> str:
    flags, bits = columns.flags[row], columns.value[row]
    if flags & RowFlag.NO_VALUE:
        return ""
    if flags & RowFlag.MISSED:
        return f"missed: {MissedCause(bits).name.lower()}"
    match kind:
        case SignalType.TEXT:
            return safe_cell(columns.text(row).decode("utf-8"))
        case SignalType.FLOAT:
            return repr(float_of(bits))
        case SignalType.UINT:
            return str(bits & (2**64 - 1))
        case SignalType.INT | SignalType.BOOL:
            return str(bits)


def safe_cell(text: str) -> str:
    """Return a text that neither a spreadsheet nor a terminal can take for a command.

    An apostrophe is put before what would be a formula; control and bidirectional marks are spelled out.
    """
    shown = printable(text)
    return f"'{shown}" if text.startswith(_FORMULA_START) else shown
