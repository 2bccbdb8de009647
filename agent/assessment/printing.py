"""An assessed scheme on a terminal or in a file; everything with simulated data says so, first and last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Console

from agent.assessment.known_figures import origin_name
from agent.assessment.lines import (
    ambiguities_of,
    cells_of,
    lines_of,
    proposals_of,
)
from agent.assessment.schemes import SchemeAssessment
from agent.language import choose
from agent.reporting.clause_table import ClauseTable, print_line
from kpi.bilingual import Bilingual
from kpi.grades import Origin
from kpi.metrics import metric_of
from kpi.schemes.clauses import Part
from kpi.schemes.logic import Verdict
from kpi.schemes.verdicts import Answer, Combination, GroupVerdict, RuleAnswer, RuleState

OVERALL: Final = {
    Verdict.PASS: Bilingual("达到", "met"),
    Verdict.FAIL: Bilingual("未达到", "not met"),
    Verdict.UNDETERMINED: Bilingual("无法判定", "undetermined"),
}
STATES: Final = {
    RuleState.INFORMS: Bilingual("告知", "informs"),
    RuleState.APPLIES: Bilingual("按企业自报适用", "applies by its own word"),
    RuleState.DOES_NOT_APPLY: Bilingual("不适用", "does not apply"),
    RuleState.BARS: Bilingual("按企业自报不得申报", "bars, by its own word"),
    RuleState.CLEAR: Bilingual("按企业自报无此情形", "clear by its own word"),
    RuleState.MET: Bilingual("符合", "met"),
    RuleState.NOT_MET: Bilingual("不符合", "not met"),
    RuleState.OVER: Bilingual("已截止", "over"),
    RuleState.OPEN: Bilingual("未申报", "open"),
}
PARTS: Final = {
    Part.OPERATOR: Bilingual("比较方式", "operator"),
    Part.THRESHOLD: Bilingual("数值", "threshold"),
    Part.FORMULA: Bilingual("算法", "formula"),
    Part.BASE: Bilingual("比较基准", "base"),
    Part.GROUPING: Bilingual("组合方式", "grouping"),
    Part.CONDITION: Bilingual("适用条件", "condition"),
    Part.DATE: Bilingual("日期", "date"),
    Part.EVIDENCE: Bilingual("可证程度", "evidence"),
}
SIMULATED: Final = Bilingual(
    "模拟数据：数值由模拟器产生，不得用于认定申报",
    "SIMULATED DATA: made by a simulator, not for any application",
)
_STYLES: Final = {
    Answer.PASS: "green",
    Answer.FAIL: "bold red",
    Answer.POINT_ONLY: "yellow",
    Answer.INCONCLUSIVE: "yellow",
    Answer.UNDETERMINED: "yellow",
}


def print_assessment(assessment: SchemeAssessment, language: str, out: Console) -> None:
    """Print everything that is known of an assessed scheme."""
    _Printer(assessment, language, out).print_all()


class _Printer:
    """Prints one assessment in one language."""

    def __init__(self, assessment: SchemeAssessment, language: str, out: Console) -> None:
        self._a = assessment
        self._language = language
        self._out = out

    def print_all(self) -> None:
        self._banner()
        self._head()
        self._table()
        self._overall()
        self._combinations()
        self._open_rows()
        self._rules()
        self._further()
        self._form_cells()
        self._readings()
        self._ours()
        self._banner()

    def _say(self, zh: str, en: str) -> str:
        return choose(self._language, zh, en)

    def _of(self, text: Bilingual) -> str:
        return text.of(self._language)

    def _line(self, text: str, style: str = "") -> None:
        print_line(self._out, text, style)

    def _title(self, zh: str, en: str) -> None:
        self._out.print()
        self._line(self._say(zh, en), "bold")

    def _banner(self) -> None:
        if self._a.simulated:
            self._line(f"■ {SIMULATED.zh} / {SIMULATED.en}", "bold red")

    def _head(self) -> None:
        scheme = self._a.scheme
        title = self._say(scheme.zh, scheme.en)
        self._line(f"{scheme.id}  {title}  {scheme.document} {scheme.clause}", "bold")
        force = self._a.verdict.force
        if force is not None:
            state = self._of(force.text)
            self._line(
                self._say(f"文件（{self._a.on}）：{state}", f"Document ({self._a.on}): {state}")
            )
        source = self._a.source
        if source is not None:
            self._line(self._say("数据：", "Figures: ") + self._of(source.text))
        if self._a.declared is not None:
            self._line(
                self._say(
                    "申报事实：均为企业自报，等级 D，本程序不能证明",
                    "Declared facts: the enterprise's own word, grade D, not proven here",
                )
            )

    def _table(self) -> None:
        chinese = self._language == "zh"
        table = ClauseTable(
            self._out,
            (
                (self._say("条款", "Clause"), 15),
                (self._say("要求", "Requirement"), 36 if chinese else 32),
                (self._say("阈值", "Required"), 9 if chinese else 10),
                (self._say("数值", "Figure"), 13),
                (self._say("结论", "Verdict"), 10 if chinese else 15),  # "undetermined"
                (self._say("等级", "Grade"), 6),
                (self._say("读法与原因", "Reading and reason"), 38 if chinese else 36),
            ),
        )
        separator = self._say("；", "; ")
        for line in lines_of(self._a):
            style = "bold" if line.group else ""
            table.add(
                (line.clause, style),
                ("  " * line.depth + self._of(line.wording), style),
                (line.required, ""),
                (line.figure, ""),
                (self._of(line.word), _STYLES.get(line.answer, "")),
                (line.grade, ""),
                (separator.join(map(self._of, line.remarks)), "" if line.group else "dim"),
            )
        table.print()

    def _overall(self) -> None:
        verdict, tally = self._a.verdict, self._a.verdict.tally
        word = self._of(OVERALL[verdict.verdict])
        self._line(self._say(f"总结论：{word}", f"Overall: {word}"), "bold")
        if verdict.reason is not None:
            self._line(f"  {self._of(verdict.reason)}")
        passed, failed = self._by_origin(tally.passed), self._by_origin(tally.failed)
        self._line(
            self._say(
                f"  达到 {passed}；未达到 {failed}；待定 {tally.open}"
                f"（有数据但不足以判定 {tally.undetermined}，缺数据 {tally.no_figure}，须由人评定 {tally.people}）；"
                f"不计入 {tally.left_out}",
                f"  met {passed}; not met {failed}; open {tally.open} "
                f"(figure does not decide {tally.undetermined}, no figure {tally.no_figure}, "
                f"for people to judge {tally.people}); left out {tally.left_out}",
            )
        )

    def _by_origin(self, counts: Mapping[Origin, int]) -> str:
        total = sum(counts.values())
        if not total:
            return "0"
        parts = [f"{self._of(origin_name(o))} {n}" for o, n in counts.items()]
        separator = self._say("，", ", ")
        return f"{total}{self._say('（', ' (')}{separator.join(parts)}{self._say('）', ')')}"

    def _combinations(self) -> None:
        for group, combination in self._a.verdict.combinations:
            self._line(combination_text(group, combination).of(self._language))

    def _open_rows(self) -> None:
        people = [
            r.row.id
            for r in self._a.verdict.root.counted()
            if r.answer is Answer.NOT_EVALUATED and r.row.target is None and not r.optional
        ]
        missing = missing_metrics(self._a, self._language)
        if not people and not missing:
            return
        self._title("未评定", "Not evaluated")
        if missing:
            self._line(self._say("  缺数据：", "  No figure for: ") + self._join(missing))
        if people:
            self._line(self._say("  须由人评定：", "  For people to judge: ") + self._join(people))

    def _join(self, items: Sequence[str]) -> str:
        return self._say("、", ", ").join(items)

    def _rules(self) -> None:
        speaking = [r for r in self._a.verdict.rules if speaks(r)]
        if not speaking:
            return
        self._title("规则", "Rules")
        for answer in speaking:
            rule = answer.rule
            parts = self._join([p.zh if self._language == "zh" else p.en for p in answer.parts])
            said = [x for x in (parts, self._of(answer.text) if answer.text else "") if x]
            colon = self._say("：", ": ")
            state = self._of(STATES[answer.state])
            head = f"  {rule.clause} {self._say(rule.wording, rule.en)} — {state}"
            self._line(head + (colon + self._say("；", "; ").join(said) if said else ""))

    def _further(self) -> None:
        if self._a.contradictions:
            self._title("来源不一致", "Sources that differ")
            for found in self._a.contradictions:
                self._line(f"  {self._of(found.text)}", "yellow")
        if self._a.texts:
            self._title("字数", "Length of texts")
            for name, checked in self._a.texts.items():
                mark = {True: "✓", False: "✗", None: "·"}[checked.within]
                self._line(f"  {mark} {name}: {self._of(checked.text)}")

    def _form_cells(self) -> None:
        cells = list(cells_of(self._a))
        if not cells:
            return
        self._title(
            "申报书中有数值可填的栏目（未印单位的按指标单位）",
            "Cells of the application form that a figure fills",
        )
        for cell in cells:
            ours = self._say("（算法为本项目规则）", " (formula ours)") if cell.ours else ""
            grade = self._say(f"，等级 {cell.grade}", f", grade {cell.grade}") if cell.grade else ""
            colon = self._say("：", ": ")
            label = f"{self._of(cell.label)} [{self._of(cell.metric)}]"
            self._line(f"  {cell.id} {label}{colon}{cell.value}{grade}{ours}")

    def _readings(self) -> None:
        found = ambiguities_of(self._a)
        if not found:
            return
        self._title(
            "原文有多种读法之处（默认读法均为本项目规则）",
            "Wordings with several readings (every default is ours)",
        )
        for entry in found:
            chosen = entry.chosen
            others = [r.name for r in entry.readings if r is not chosen]
            default = (
                self._of(chosen.name)
                if chosen is not None
                else self._say("不代为选择", "not decided by us")
            )
            rest = self._say("；", "; ").join(map(self._of, others))
            self._line(
                self._say(
                    f"  {entry.id} “{entry.phrase}”→ {default}（其他读法：{rest}）",
                    f"  {entry.id} {entry.phrase} → {default} (others: {rest})",
                )
            )

    def _ours(self) -> None:
        proposals = list(proposals_of(self._a))
        if not proposals:
            return
        self._title("本项目自定、原文没有的部分", "What is ours and in no official text")
        for name, clause, proposal in proposals:
            what = self._of(PARTS[proposal.what])
            self._line(
                f"  {name or clause} {what}{self._say('：', ': ')}{self._of(proposal.reason)}"
            )


def speaks(answer: RuleAnswer) -> bool:
    """Return whether a rule says something about this applicant or date."""
    return answer.state not in (RuleState.INFORMS, RuleState.DOES_NOT_APPLY) or bool(answer.parts)


def missing_metrics(assessment: SchemeAssessment, language: str) -> list[str]:
    """Return the metrics that would decide rows that take part and have no figure, as `id (name)`."""
    found = {}
    for verdict in assessment.verdict.root.counted():
        if verdict.answer is Answer.NOT_EVALUATED and verdict.row.target is not None:
            name = verdict.row.target.metric
            metric = metric_of(name)
            if metric is not None:
                found[name] = choose(language, f"{name}（{metric.zh}）", f"{name} ({metric.en})")
    return list(found.values())


def combination_text(group: GroupVerdict, found: Combination) -> Bilingual:
    """Return how the asked items of a group stand, and which were chosen."""
    chosen_zh = "未申报选择" if found.chosen is None else f"已选 {'、'.join(found.chosen)}"
    chosen_en = "none declared" if found.chosen is None else f"chosen {', '.join(found.chosen)}"
    must_zh = f"，必选 {'、'.join(found.mandatory)}" if found.mandatory else ""
    must_en = f", mandatory {', '.join(found.mandatory)}" if found.mandatory else ""
    name = group.group.id
    return Bilingual(
        f"  {name}：{found.of} 选 {found.k}{must_zh}；{chosen_zh}；达到 {found.passed}，未达到 {found.failed}，"
        f"待定 {found.open}；共有 {found.possible} 种选法",
        f"  {name}: {found.k} of {found.of}{must_en}; {chosen_en}; met {found.passed}, not met {found.failed}, "
        f"open {found.open}; {found.possible} possible choices",
    )
