"""The schemes as lists: which there are, what one asks for, which statements of the official texts are covered."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any, Final

from rich.console import Console

from agent.assessment.lines import rule_text
from agent.assessment.outcome import required_text
from agent.assessment.printing import PARTS
from agent.language import choose
from agent.reporting.clause_table import ClauseTable, print_line
from config.schemes.coverage import Coverage
from config.schemes.library import SchemeLibrary
from kpi.bilingual import Bilingual
from kpi.metrics import METRICS
from kpi.schemes.clauses import Clause
from kpi.schemes.document import Force, force_of
from kpi.schemes.scheme import Group, MachineEvidence, Scheme

FORCES: Final = {
    Force.IN_FORCE: Bilingual("有效", "in force"),
    Force.NOT_YET: Bilingual("未发布", "not yet"),
    Force.EXPIRED: Bilingual("已过期", "expired"),
    Force.ROUND_OVER: Bilingual("本轮已截止", "round over"),
    Force.DRAFT: Bilingual("征求意见稿", "draft"),
    Force.NOT_SAID: Bilingual("未说明", "not said"),
}
EVIDENCE: Final = {
    MachineEvidence.MAIN: Bilingual("主要部分可证", "its main part"),
    MachineEvidence.PART: Bilingual("部分可证", "a part"),
    MachineEvidence.NONE: Bilingual("不能", "nothing"),
}


def print_schemes(library: SchemeLibrary, on: date, language: str, out: Console) -> None:
    """Print every scheme with its document, whether that is in force, and how many rows it has."""

    def say(zh: str, en: str) -> str:
        return choose(language, zh, en)

    table = ClauseTable(
        out,
        (
            (say("编号", "Id"), 15),
            (say("方案", "Scheme"), 33),
            (say("文件", "Document"), 33),
            (say("状态", "State"), 12),
            (say("条目", "Rows"), 6),
            (say("有数值", "Numeric"), 8),
            (say("栏目", "Cells"), 6),
        ),
    )
    for scheme in library.schemes.values():
        table.add(
            scheme.id,
            say(scheme.zh, scheme.en),
            scheme.document,
            FORCES[force_of(scheme.source, on).force].of(language),
            str(len(scheme.rows)),
            str(sum(r.target is not None for r in scheme.rows)),
            str(sum(1 for f in library.forms_of(scheme.id) for _ in f.fields())),
        )
    table.print()
    print_line(
        out,
        say(
            f"状态按 {on} 判断。查看一个方案：plantproof schemes 编号；评估：plantproof assess --scheme 编号 …",
            f"State on {on}. One scheme: plantproof schemes ID; assess it: plantproof assess --scheme ID …",
        ),
        "dim",
    )


def print_scheme(scheme: Scheme, on: date, language: str, out: Console) -> None:
    """Print the clause table of a scheme, its scenes, its rules and what of it is ours."""

    def say(zh: str, en: str) -> str:
        return choose(language, zh, en)

    title = f"{scheme.id}  {say(scheme.zh, scheme.en)}  {scheme.document} {scheme.clause}"
    print_line(out, title, "bold")
    print_line(out, force_of(scheme.source, on).text.of(language))
    for note in (*scheme.source.notes, *scheme.notes):
        print_line(out, note.of(language), "dim")
    out.print()
    table = ClauseTable(
        out,
        (
            (say("编号", "Id"), 17),
            (say("条款", "Clause"), 14),
            (say("要求", "Requirement"), 39),
            (say("阈值", "Required"), 10),
            (say("指标", "Metric"), 16),
            (say("来源", "From"), 6),
            (say("等级", "Best"), 5),
            (say("出处", "Text"), 11),
        ),
    )
    _add(table, scheme.root, language, 0)
    table.print()
    print_line(
        out,
        say(
            "来源：M 实测，R 台账，I 导入经营记录，N 叙述（专家评定），P 证明文件。"
            "等级：该条能达到的最高等级。「」内为原文。",
            "From: M measured, R registry, I imported records, N narrative (experts), P papers. Best: highest grade "
            "that the row can reach. 「」 is verbatim.",
        ),
        "dim",
    )
    _print_scenes(scheme, language, out)
    out.print()
    print_line(out, say("规则", "Rules"), "bold")
    for rule in scheme.rules:
        ours = say("【含本项目规则】", "[partly ours] ") if rule.proposed else ""
        wording = say(rule.wording, rule.en)
        print_line(out, f"  {rule.id} {rule.clause} {ours}{wording} [{rule.seed}]")
    proposals = [(g.id, p) for g in scheme.root.groups() for p in g.proposed]
    proposals += [(r.id, p) for r in scheme.rows for p in r.proposed]
    if proposals:
        out.print()
        title = say("本项目自定、原文没有的部分", "What is ours and in no official text")
        print_line(out, title, "bold")
    for name, proposal in proposals:
        what = PARTS[proposal.what].of(language)
        print_line(out, f"  {name} {what}{say('：', ': ')}{proposal.reason.of(language)}")


def _add(table: ClauseTable, group: Group, language: str, depth: int) -> None:
    for item in group.items:
        indent = "  " * depth
        wording = choose(language, item.wording, item.en)
        if isinstance(item, Group):
            rule = rule_text(item).of(language)
            head = (item.id, item.clause, f"{indent}{wording} [{rule}]")
            table.add(*((text, "bold") for text in head), "", "", "", "", item.seed)
            _add(table, item, language, depth + 1)
            continue
        required = required_text(item.target)
        table.add(
            item.id,
            item.clause,
            indent + wording,
            required.zh if required else "",
            item.target.metric if item.target else "",
            "+".join(s.value for s in item.sources),
            item.grade.value,
            item.seed,
        )


def _print_scenes(scheme: Scheme, language: str, out: Console) -> None:
    if not scheme.links:
        return
    out.print()
    title = choose(
        language,
        "场景目录（机器数据能证明多少，是本项目的说法）",
        "Catalogue of scenes (how much machine data can show is our statement)",
    )
    print_line(out, title, "bold")
    for link in scheme.links:
        print_line(out, f"  {link.number} {link.name.of(language)}")
        for scene in link.scenes:
            shown = EVIDENCE[scene.evidence].of(language)
            colon = choose(language, "：", ": ")
            why = f"{colon}{scene.why.of(language)}" if scene.why is not None else ""
            print_line(out, f"    {scene.number} {scene.name.of(language)} — {shown}{why}")


def print_metrics(language: str, out: Console) -> None:
    """Print the catalogue of metrics."""
    table = ClauseTable(
        out,
        (
            (choose(language, "指标", "Metric"), 30),
            (choose(language, "名称", "Name"), 50),
            (choose(language, "单位", "Unit"), 10),
            (choose(language, "来源", "From"), 8),
        ),
    )
    for metric in METRICS.values():
        year = choose(language, "（按年：-2020）", " (by year: -2020)") if metric.by_year else ""
        name = choose(language, metric.zh, metric.en)
        table.add(metric.id, name + year, metric.unit, "+".join(s.value for s in metric.sources))
    table.print()


def print_coverage(found: Coverage, language: str, out: Console) -> None:
    """Print how many statements of each official text are covered, and by what."""

    def say(zh: str, en: str) -> str:
        return choose(language, zh, en)

    table = ClauseTable(
        out,
        (
            (say("文本", "Text"), 8),
            (say("条数", "Count"), 8),
            ("Q", 6),
            ("C", 6),
            (say("由何覆盖", "Covered by"), 70),
        ),
    )
    for name in sorted({e.at.split(":")[0] for e in found.entries}):
        entries = [e for e in found.entries if e.at.startswith(f"{name}:")]
        kinds = Counter(found.kinds[e.covers[0]] if e.covers else "—" for e in entries)
        table.add(
            name,
            str(len(entries)),
            str(sum(e.with_number for e in entries)),
            str(sum(not e.with_number for e in entries)),
            ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()),
        )
    table.print()
    print_line(
        out, say(f"共 {len(found.entries)} 条。", f"{len(found.entries)} statements."), "dim"
    )


def scheme_json(library: SchemeLibrary, scheme: Scheme, on: date) -> dict[str, Any]:
    """Return a scheme as JSON values, in both languages."""
    force = force_of(scheme.source, on)
    return {
        "id": scheme.id,
        "title": {"zh": scheme.zh, "en": scheme.en},
        "document": scheme.document,
        "clause": scheme.clause,
        "force": {
            "state": force.force.value,
            "until": force.until.isoformat() if force.until else None,
            "text": {"zh": force.text.zh, "en": force.text.en},
        },
        "rows": [_row_json(r) for r in scheme.rows],
        "rules": [
            {"id": r.id, "kind": r.kind.value, "clause": r.clause, "wording": r.zh, "seed": r.seed}
            for r in scheme.rules
        ],
        "forms": {f.id: sum(1 for _ in f.fields()) for f in library.forms_of(scheme.id)},
    }


def _row_json(row: Clause) -> dict[str, Any]:
    target = row.target
    return {
        "id": row.id,
        "clause": row.clause,
        "wording": row.zh,
        "verbatim": row.verbatim,
        "en": row.en,
        "seed": row.seed,
        "metric": target.metric if target else None,
        "operator": target.operator.value if target else None,
        "threshold": f"{target.threshold.numerator}/{target.threshold.denominator}"
        if target
        else None,
        "unit": target.unit if target else None,
        "source": [s.value for s in row.sources],
        "best_grade": row.grade.value,
        "base": {"zh": row.base.zh, "en": row.base.en} if row.base else None,
        "ambiguities": list(row.ambiguities),
        "proposed": [
            {"what": p.what.value, "zh": p.reason.zh, "en": p.reason.en} for p in row.proposed
        ],
    }
