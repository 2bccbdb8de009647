"""What a reader must know although every check passed, and what no check can prove."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from evidence import bundle as files
from evidence.bundle import Bundle
from evidence.recompute.plant import counting_stops, parse_plant
from evidence.record_files import RecordImport
from evidence.record_findings import record_findings
from evidence.refusal import Refusal
from evidence.statement import Claim, Statement
from evidence.utc import utc_of
from evidence.verified import Finding, VerifiedLog
from evidence.verify_frames import FrameCounts

NOT_PROVEN: Final = (
    Finding(
        "wiring",
        "that sensors and transformers are wired and scaled rightly",
        "不能证明传感器/互感器接线与倍率正确",
    ),
    Finding(
        "before-entry",
        "that data were true before they entered the log",
        "不能证明入账前的数据真实",
    ),
    Finding(
        "rebuild",
        "that the log was not rebuilt as a whole before its first anchor",
        "不能证明首次锚定前账本未整体重建",
    ),
    Finding(
        "program",
        "that the owner of the machine did not alter the collecting program",
        "不能证明设备所有者未改动采集程序",
    ),
    Finding(
        "quality",
        "that the products are good, unless the inspection stream is in the log too",
        "不能证明产品合格（除非质检流同时入账）",
    ),
    Finding(
        "imported",
        "more than time of entry and no later change for manual and imported records",
        "人工录入与历史导入只证明录入时间与未再改动",
    ),
    Finding(
        "gap-reasons",
        "the reasons of missing periods: they are statements of the applicant",
        "缺数时段的原因只是申报方陈述",
    ),
)
"""Text of the chapter "what this report cannot prove"; printed with every verdict."""

_MAX_LISTED: Final = 20


def find(
    bundle: Bundle,
    log: VerifiedLog,
    statement: Statement,
    counts: FrameCounts,
    records: Sequence[RecordImport] = (),
) -> list[Finding]:
    """Return the findings of a bundle that passed every check."""
    found = [*_anchors(log), *_coverage(log, counts)]
    windows: dict[tuple[int, int], list[Claim]] = {}
    for claim in statement.claims:
        windows.setdefault((claim.first, claim.last), []).append(claim)
    for claims in windows.values():
        found += _in_window(log, claims)
    found += _late_stops(log)
    found += record_findings(records)
    found += _unsigned(bundle, statement)
    return found


def _anchors(log: VerifiedLog) -> list[Finding]:
    if not log.cosignatures:
        return [
            Finding(
                "no-anchor",
                "no existence/uniqueness anchor in this bundle: age is not proven, other versions may exist",
                "本证据包没有存在性/唯一性锚定：无法证明形成时间，可能存在其他版本",
            )
        ]
    return [
        Finding(
            "cosigned",
            f"witness {seen.witness} cosigned this head at Unix second {seen.time_s}, by its own clock",
            f"见证方 {seen.witness} 在其时钟 Unix 秒 {seen.time_s} 时副署了本检查点",
        )
        for seen in log.cosignatures
    ]


def _coverage(log: VerifiedLog, counts: FrameCounts) -> list[Finding]:
    found = []
    rules = log.rules
    unclean = [index for index, boot in rules.boots.items() if not boot.clean]
    if unclean:
        found.append(
            Finding(
                "unclean-boot",
                f"{len(unclean)} starts after an unclean stop (entries {_some(unclean)})",
                f"{len(unclean)} 次非正常停机后的启动（条目 {_some(unclean)}）",
            )
        )
    torn = sum(boot.torn_bytes for boot in rules.boots.values())
    if torn:
        found.append(
            Finding(
                "torn", f"{torn} torn bytes were cut at starts", f"启动时共截去 {torn} 字节残缺数据"
            )
        )
    off = sum(run.last - run.first for run in rules.offs)
    if off:
        found.append(
            Finding("off", f"no collection ran in {off} slots", f"共有 {off} 个时隙没有采集")
        )
    unknown = rules.blocks.clocks.count(b"U")
    if unknown:
        found.append(
            Finding(
                "clock",
                f"clock state unknown in {unknown} blocks",
                f"{unknown} 个数据块的时钟状态未知",
            )
        )
    recovered = rules.blocks.durations.count(0)
    if recovered:
        found.append(
            Finding(
                "recovered",
                f"{recovered} blocks were recovered after a crash",
                f"{recovered} 个数据块是崩溃后恢复的",
            )
        )
    if counts.withheld:
        names = ", ".join(sorted(counts.withheld_streams))
        found.append(
            Finding(
                "withheld",
                f"{counts.withheld} frames are withheld, of {names}",
                f"未提供 {counts.withheld} 个帧，数据流：{names}",
            )
        )
    unseen = counts.seen.count(0)
    if unseen:
        found.append(
            Finding(
                "headers-only",
                f"{unseen} blocks were checked without their frames",
                f"{unseen} 个数据块没有附帧，只核对了条目",
            )
        )
    return found


def _in_window(log: VerifiedLog, claims: Sequence[Claim]) -> list[Finding]:
    """Return every configuration change and all off slots inside the one window of some claims."""
    claim, many = claims[0], len(claims) > 1
    en = f"{'claims' if many else 'claim'} {', '.join(c.id for c in claims)}"
    zh = f"指标 {'、'.join(c.id for c in claims)}"
    rules = log.rules
    blocks = rules.blocks
    low, high = blocks.first_at_or_after(claim.first), blocks.first_at_or_after(claim.last)
    found = []
    for row in range(max(low, 1), high):
        old, new = blocks.configs[row - 1], blocks.configs[row]
        if old != new:
            same = rules.documents[old] is rules.documents[new]
            found.append(
                Finding(
                    "config-change",
                    f"{en}: configuration entry {new} in force from slot {blocks.slots[row]}"
                    + (" (same document)" if same else ""),
                    f"{zh}：从时隙 {blocks.slots[row]} 起改用配置条目 {new}"
                    + ("（文档相同）" if same else ""),
                )
            )
    off = sum(max(0, min(run.last, claim.last) - max(run.first, claim.first)) for run in rules.offs)
    if off:
        found.append(
            Finding(
                "off-in-window",
                f"{en}: {off} of {claim.last - claim.first} minutes without collection",
                f"{zh}：{claim.last - claim.first} 分钟中有 {off} 分钟没有采集",
            )
        )
    return found


def _late_stops(log: VerifiedLog) -> list[Finding]:
    """Return the declared stops that do not count because they were registered after they began."""
    rules, blocks = log.rules, log.rules.blocks

    def first_block_from(slot: int) -> int | None:
        row = blocks.first_at_or_after(slot)
        return blocks.entry[row] if row < len(blocks) else None

    plants = []
    for entry, document in sorted(rules.documents.items()):
        with suppress(Refusal):  # a document without registry is fine as long as no claim needs one
            plants.append((entry, parse_plant(document)))
    declared = {stop for _, plant in plants for stop in plant.calendar.stops}
    late = sorted(declared - counting_stops(plants, first_block_from))
    if not late:
        return []
    shown = ", ".join(
        f"{stop.asset} {stop.kind} {utc_of(stop.start)}" for stop in late[:_MAX_LISTED]
    )
    return [
        Finding(
            "late-stop",
            f"{len(late)} stops were registered after they began and stay planned time: {shown}",
            f"{len(late)} 个停机申报晚于开始时间，仍按计划时间计算：{shown}",
        )
    ]


def _unsigned(bundle: Bundle, statement: Statement) -> list[Finding]:
    """Return the files that nothing signed covers; `SHA256SUMS` is transport only."""
    covered = {subject.name for subject in statement.subjects}
    loose = sorted(
        name
        for name in bundle.sizes()
        if name not in covered
        and name not in files.REQUIRED
        and not name.startswith(("docs/", "frames/"))
    )
    if not loose:
        return []
    return [
        Finding(
            "unsigned-files",
            f"files that no signature covers: {', '.join(loose[:_MAX_LISTED])}",
            f"没有签名覆盖的文件：{', '.join(loose[:_MAX_LISTED])}",
        )
    ]


def _some(numbers: Sequence[int]) -> str:
    text = ", ".join(map(str, numbers[:_MAX_LISTED]))
    return text + (", …" if len(numbers) > _MAX_LISTED else "")
