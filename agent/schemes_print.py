"""The schemes as lists: which there are, what one asks for, which statements of the official texts are covered."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.assessment import required_text
from agent.assessment_lines import rule_text
from agent.assessment_print import PARTS
from agent.language import choose
from config.scheme_coverage import Coverage
from config.scheme_library import SchemeLibrary
from kpi.bilingual import Bilingual
from kpi.clauses import Clause
from kpi.metrics import METRICS
from kpi.scheme import Group, Scheme
from kpi.scheme_document import Force, force_of

FORCES: Final = {
    Force.IN_FORCE: Bilingual("有效", "in force"),
    Force.NOT_YET: Bilingual("未发布", "not yet"),
    Force.EXPIRED: Bilingual("已过期", "expired"),
    Force.ROUND_OVER: Bilingual("本轮已截止", "round over"),
    Force.DRAFT: Bilingual("征求意见稿", "draft"),
    Force.NOT_SAID: Bilingual("未写有效期", "no term stated"),
}


def _table(*columns: tuple[str, int]) -> Table:
    table = Table(box=SIMPLE_HEAD, expand=True, padding=(0, 1), pad_edge=False)
    for title, ratio in columns:
        table.add_column(title, ratio=ratio, overflow="fold")
    return table


def print_schemes(library: SchemeLibrary, on: date, language: str, out: Console) -> None:
    """Print every scheme with its document, whether that is in force, and how many rows it has."""

    def say(zh: str, en: str) -> str:
        return choose(language, zh, en)

    table = _table(
        (say("编号", "Id"), 17),
        (say("方案", "Scheme"), 34),
        (say("文件", "Document"), 34),
        (say("状态", "State"), 12),
        (say("条目", "Rows"), 6),
        (say("有数值", "Numeric"), 8),
        (say("栏目", "Cells"), 6),
    )
    for scheme in library.schemes.values():
        force = force_of(scheme.source, on)
        table.add_row(
            Text(scheme.id),
            Text(say(scheme.zh, scheme.en)),
            Text(scheme.document),
            Text(FORCES[force.force].of(language)),
            str(len(scheme.rows)),
            str(sum(r.target is not None for r in scheme.rows)),
            str(sum(1 for f in library.forms_of(scheme.id) for _ in f.fields())),
        )
    out.print(table)
    out.print(
        say(
            f"状态按 {on} 判断。查看一个方案：plantproof schemes 编号；评估：plantproof assess --scheme 编号 …",
            f"State on {on}. One scheme: plantproof schemes ID; assess it: plantproof assess --scheme ID …",
        ),
        style="dim",
    )


def print_scheme(scheme: Scheme, on: date, language: str, out: Console) -> None:
    """Print the clause table of a scheme, its rules and what of it is ours."""

    def say(zh: str, en: str) -> str:
        return choose(language, zh, en)

    out.print(
        Text(f"{scheme.id}  {say(scheme.zh, scheme.en)}  {scheme.document} {scheme.clause}"),
        style="bold",
    )
    out.print(Text(force_of(scheme.source, on).text.of(language)))
    for note in (*scheme.source.notes, *scheme.notes):
        out.print(Text(note.of(language)), style="dim")
    table = _table(
        (say("编号", "Id"), 16),
        (say("条款", "Clause"), 15),
        (say("要求", "Requirement"), 45),
        (say("阈值", "Required"), 9),
        (say("指标", "Metric"), 18),
        (say("来源", "Source"), 7),
        (say("最高等级", "Best grade"), 6),
        (say("出处", "Text"), 9),
    )
    _add(table, scheme.root, language, 0)
    out.print(table)
    out.print(
        say(
            "来源：M 实测，R 台账，I 导入经营记录，N 叙述（专家评定），P 证明文件。「」内为原文。",
            "Source: M measured, R registry, I imported records, N narrative (experts), P papers. 「」 is verbatim.",
        ),
        style="dim",
    )
    out.print()
    out.print(say("规则", "Rules"), style="bold")
    for rule in scheme.rules:
        proposed = say("【本项目】", "[ours] ") if rule.proposed else ""
        out.print(
            Text(f"  {rule.id} {rule.clause} {proposed}{say(rule.wording, rule.en)} ({rule.seed})")
        )
    ours = [(r.id, p) for r in scheme.rows for p in r.proposed]
    ours += [(g.id, p) for g in scheme.root.groups() for p in g.proposed]
    if ours:
        out.print()
        out.print(
            say("本项目自定、原文没有的部分", "What is ours and in no official text"), style="bold"
        )
        for name, proposal in ours:
            what = PARTS[proposal.what].of(language)
            out.print(Text(f"  {name} {what}{say('：', ': ')}{proposal.reason.of(language)}"))


def _add(table: Table, group: Group, language: str, depth: int) -> None:
    for item in group.items:
        indent = "  " * depth
        wording = choose(language, item.wording, item.en)
        if isinstance(item, Group):
            rule = rule_text(item).of(language)
            table.add_row(
                Text(item.id, "bold"),
                Text(item.clause, "bold"),
                Text(f"{indent}{wording} [{rule}]", "bold"),
                *("", "", "", ""),
                Text(item.seed),
            )
            _add(table, item, language, depth + 1)
            continue
        required = required_text(item.target)
        table.add_row(
            Text(item.id),
            Text(item.clause),
            Text(indent + wording),
            Text(required.zh if required else ""),
            Text(item.target.metric if item.target else ""),
            Text("+".join(s.value for s in item.sources)),
            item.grade.value,
            Text(item.seed),
        )


def print_metrics(language: str, out: Console) -> None:
    """Print the catalogue of metrics."""
    table = _table(
        (choose(language, "指标", "Metric"), 30),
        (choose(language, "名称", "Name"), 50),
        (choose(language, "单位", "Unit"), 10),
        (choose(language, "来源", "Source"), 8),
    )
    for metric in METRICS.values():
        year = choose(language, "（按年：-2020）", " (by year: -2020)") if metric.by_year else ""
        table.add_row(
            Text(metric.id),
            Text(choose(language, metric.zh, metric.en) + year),
            Text(metric.unit),
            Text("+".join(s.value for s in metric.sources)),
        )
    out.print(table)


def print_coverage(found: Coverage, language: str, out: Console) -> None:
    """Print how many statements of each official text are covered, and by what."""

    def say(zh: str, en: str) -> str:
        return choose(language, zh, en)

    table = _table(
        (say("文本", "Text"), 8), (say("条数", "Statements"), 8), ("Q", 6), ("C", 6),
        (say("由何覆盖", "Covered by"), 70),
    )  # fmt: skip
    for name in sorted({e.at.split(":")[0] for e in found.entries}):
        entries = [e for e in found.entries if e.at.startswith(f"{name}:")]
        kinds = Counter(found.kinds[e.covers[0]] if e.covers else "—" for e in entries)
        table.add_row(
            name,
            str(len(entries)),
            str(sum(e.with_number for e in entries)),
            str(sum(not e.with_number for e in entries)),
            ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()),
        )
    out.print(table)
    out.print(
        say(f"共 {len(found.entries)} 条。", f"{len(found.entries)} statements."), style="dim"
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
