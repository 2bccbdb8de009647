"""Faults of a scheme file: place, words in both languages, the nearest known word; all files at once."""

from __future__ import annotations

from typing import Any

import pytest

from config.faults import ConfigFaultsError, Fault
from config.schemes.files import builtin_library, builtin_schemes, builtin_sources
from config.schemes.ids import ids_of
from config.schemes.library import build_library
from kpi.schemes.rules import Exclusive
from tests.support.schemes import DOCUMENT, group, library_of, row, scheme_file

FEW = [
    s
    for s in builtin_sources()
    if s[0] in ("cq18.yaml", "cq18-workshop.yaml", "facts.yaml", "ambiguities.yaml")
]
TEXT = """\
kind: scheme
id: MINE
zh: 甲
en: a
document: CQ18-DOC
clause: 第四条
seed: "000:29"
lead: 申报重庆市数字化车间的基本条件
items:
  - id: MINE-1
    clause: 第四条（二）
    zh: 数控装备占生产装备总数的50％以上
    en: NC equipment
    seed: "000:33"
    metric: nc-ratio
    operator: ">="
    threshold: 50
    unit: "%"
    source: [R]
    grade: D
"""


def faults_of(text: str) -> list[Fault]:
    with pytest.raises(ConfigFaultsError) as caught:
        build_library([*FEW, ("mine.yaml", text.encode())])
    return [f for f in caught.value.faults if f.file == "mine.yaml"]


def place_of(text: str, part: str) -> tuple[int, int]:
    at = text.index(part)
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def test_file_of_a_user_stands_beside_the_built_in_ones() -> None:
    library = build_library([*FEW, ("mine.yaml", TEXT.encode())])
    assert library.schemes["MINE"].document == "渝经信发〔2018〕22号"
    assert set(library.schemes) == {"CQ18-WS", "MINE"}


@pytest.mark.parametrize(
    ("old", "new", "en", "zh", "hint"),
    [
        ("    threshold: 50", "    thresold: 50", "items.0.thresold: unknown key", "未知的键", "threshold"),
        ("nc-ratio", "nc-rato", "unknown metric 'nc-rato'", "未知的指标“nc-rato”", "nc-ratio"),
        ('">="', '"=>"', "operator must be one of", "operator 只能是", ""),
        ("[R]", "[X]", "source.0 must be one of", "source.0 只能是", ""),
        ("grade: D", "grade: E", "grade must be one of", "grade 只能是", ""),
        ("CQ18-DOC", "CQ18-DOX", "unknown document 'CQ18-DOX'", "未知的文件“CQ18-DOX”", "CQ18-DOC"),
        ("kind: scheme", "kind: schem", "kind must be one of", "kind 只能是", "scheme"),
        ("id: MINE-1", "id: CQ18-WS-2", "is already used in cq18-workshop.yaml", "已在 cq18-workshop.yaml 中使用", ""),
        ("threshold: 50", "threshold: half", "write an exact number", "请写精确的数", ""),
        ('"000:33"', '"33"', "seed does not match the pattern", "不符合格式", ""),
        ('unit: "%"', "unit: 台", "the metric nc-ratio has the unit %", "指标 nc-ratio 的单位是 %", ""),
    ],
)  # fmt: skip
def test_typo_is_shown_at_its_place_with_the_nearest_word(
    old: str, new: str, en: str, zh: str, hint: str
) -> None:
    text = TEXT.replace(old, new)
    (fault,) = faults_of(text)
    assert en in fault.en
    assert zh in fault.zh
    if hint:
        assert fault.hint_en == f"did you mean {hint} ?"
        assert fault.hint_zh == f"是不是想写 {hint} ？"
    line, column = place_of(text, new)
    # The fault stands at the wrong key or value: what follows the colon, or stands in the list.
    before = len(new) - len(new.lstrip(" [")) if "unknown key" in en or new[0] == "[" else 0
    if ": " in new and "unknown key" not in en:
        before = new.index(": ") + 2
    assert (fault.line, fault.column) == (line, column + before)


def test_missing_key_is_named_and_shown_at_its_row() -> None:
    text = TEXT.replace("    en: NC equipment\n", "")
    (fault,) = faults_of(text)
    assert (fault.line, fault.en) == (10, "items.0.en is missing")
    assert fault.zh == "items.0.en 缺少"


def test_row_with_half_a_target_is_refused() -> None:
    (fault,) = faults_of(TEXT.replace('    operator: ">="\n', ""))
    assert fault.en == "metric, operator, threshold and unit come together or not at all"


def test_every_fault_of_every_file_is_shown_at_once() -> None:
    first = TEXT.replace("nc-ratio", "nc-rato").replace("CQ18-DOC", "CQ18-DOX")
    second = TEXT.replace("id: MINE", "id: OTHER").replace("nc-ratio", "ratio-nc")
    with pytest.raises(ConfigFaultsError) as caught:
        build_library([*FEW, ("a.yaml", first.encode()), ("b.yaml", second.encode())])
    assert [(f.file, f.line) for f in caught.value.faults] == [
        ("a.yaml", 5),
        ("a.yaml", 15),
        ("b.yaml", 15),
    ]


def fault_of(*items: dict[str, Any], **more: Any) -> str:
    with pytest.raises(ConfigFaultsError) as caught:
        library_of(DOCUMENT, scheme_file(*items, **more))
    (fault,) = caught.value.faults
    return fault.en


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([group("g", "k_of_n", row("a"), k=2)], "k is 2, but there are 1 items"),
        ([group("g", "k_of_n", row("a"))], "`k` belongs to k_of_n"),
        ([group("g", "all", row("a"), k=1)], "`k` belongs to k_of_n"),
        ([group("g", "k_of_n", row("a"), k=1, mandatory=["b"])], "unknown item of this group 'b'"),
        ([group("g", "all", row("a"), selection="declared")], "need the rule k_of_n"),
        ([group("g", "al", row("a"))], "rule must be one of"),
        ([row("a"), row("a")], "the id 'a' is already used"),
        ([row("a", when={"fact": "mod", "is": ["discrete"]})], "unknown fact 'mod'"),
        ([row("a", when={"fact": "mode", "is": ["discret"]})], "unknown option 'discret'"),
        ([row("a", ambiguities=["AMB-99"])], "unknown ambiguity 'AMB-99'"),
        ([row("a", beside=["nothing"])], "unknown metric 'nothing'"),
        ([row("a", decision="unanimous")], "unanimous needs alternatives"),
        (
            [row("a", alternatives=[{"reading": "AMB-02.ratios", "metric": "oee"}])],
            "unknown reading 'AMB-02.ratios'",
        ),
        (
            [row("a", alternatives=[{"reading": "AMB-02.ratio"}])],
            "write either points_of, or metric or threshold",
        ),
        ([row("a", metric="oee-change", operator="<=")], "only >= and > compare it"),
        ([{"include": "NOTHING"}], "unknown group 'NOTHING'"),
        ([], "items needs at least 1 entries"),
    ],
)
def test_fault_of_a_scheme(items: list[dict[str, Any]], words: str) -> None:
    assert words in fault_of(*items)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"kind": "valdity"}, "rules.0.kind must be one of"),
        ({"kind": "validity"}, "rules.0.years is missing"),
        ({"kind": "validity", "years": 5, "yers": 5}, "rules.0.yers: unknown key"),
        (
            {"kind": "validity", "years": 5, "starts": [{"event": "awarded"}]},
            "unknown date 'awarded'",
        ),
        (
            {"kind": "sanction", "bans": [{"causes": ["fraude"], "years": 3, "clawback": True}]},
            "unknown cause 'fraude'",
        ),
        ({"kind": "mutual exclusion", "between": ["S", "T"]}, "unknown scheme 'T'"),
        ({"kind": "path", "schemes": ["T"]}, "unknown scheme 'T'"),
        ({"kind": "deadline", "last_day": "tomorrow"}, "last_day must be a date"),
    ],
)
def test_fault_of_a_rule(rule: dict[str, Any], words: str) -> None:
    document = {**DOCUMENT, "rules": [{"id": "R", "zh": "甲", "en": "a", "seed": "000:1", **rule}]}
    with pytest.raises(ConfigFaultsError) as caught:
        library_of(document, scheme_file(row()))
    assert words in caught.value.faults[0].en


def test_every_id_is_unique_and_every_scheme_has_rows() -> None:
    library = builtin_library()
    assert sorted(library.schemes) == [
        *("CD-SF", "CD-WS", "CQ-RETRO", "CQ18-SF", "CQ18-WS", "MIIT21-FACTORY", "MIIT21-SCENE", "SX18"),
    ]  # fmt: skip
    # A doubled id would have been refused; entries, parts and cells are named below the one that holds them.
    assert len(ids_of(library)) > 1100
    for scheme in library.schemes.values():
        assert scheme.rows


def test_cq18_workshop_has_the_rows_it_always_had() -> None:
    scheme = builtin_schemes()["CQ18-WS"]
    assert scheme.document == "渝经信发〔2018〕22号"
    assert [r.id.removeprefix("CQ18-WS-") for r in scheme.rows] == [
        *("1", "2", "3a", "3b", "4", "5", "6a", "6b", "6c", "6d", "6e"),
    ]
    assert {r.seed for r in scheme.rows} == {f"000:{n}" for n in (31, 33, 35, 37, 39, 41)}


def test_row_of_a_change_says_what_it_is_compared_with() -> None:
    for scheme in builtin_schemes().values():
        for r in scheme.rows:
            if r.target is not None and r.target.metric.endswith("-change"):
                assert r.base is not None, r.id


def test_row_under_several_readings_says_which_part_is_ours() -> None:
    for scheme in builtin_schemes().values():
        for r in scheme.rows:
            if r.alternatives:
                assert r.proposed or r.ambiguities, r.id


def test_clause_number_stands_on_every_row_group_and_rule() -> None:
    library = builtin_library()
    for scheme in library.schemes.values():
        assert [r.id for r in scheme.rows if not r.clause] == []
        assert [g.id for g in scheme.root.groups() if not g.clause] == []
    for rules in library.rules.values():
        assert [r.id for r in rules if not r.clause] == []


def test_every_entry_of_the_register_and_every_fact_is_used() -> None:
    texts = {name: data.decode() for name, data in builtin_sources()}
    rest = "".join(t for n, t in texts.items() if n not in ("ambiguities.yaml", "facts.yaml"))
    library = builtin_library()
    assert [a for a in library.ambiguities if a not in rest] == []
    # These four are asked by rules that the code answers: who applies for what, when and why a title ended, the size.
    by_code = {"applies-for", "revoked-on", "employees", "annual-revenue"}
    used = {f for f in library.facts if f"fact: {f}," in rest or f"event: {f}}}" in rest}
    assert set(library.facts) - used == by_code


def test_option_of_a_fact_is_a_box_of_the_form_where_the_form_has_one() -> None:
    library = builtin_library()
    cells = {c.id: {o.id for o in c.choices} for f in library.forms.values() for c in f.fields()}
    for name, fact in (
        ("CQ18-WS-FORM.build-status", "build-status"),
        ("CQ18-SF-FORM.build-status", "build-status"),
        ("SX18-FORM.mode", "mode"),
        ("SX18-FORM.new-technology", "new-technology"),
        ("MIIT21-FACTORY-FORM.task-industry", "task-industry"),
        ("MIIT21-FACTORY-FORM.enterprise-size", "enterprise-size"),
    ):
        assert cells[name] == {o.id for o in library.facts[fact].options}, name
    assert cells["CQ18-SF-FORM.mode"] == {o.id for o in library.facts["mode"].options} - {"other"}


def test_schemes_that_exclude_each_other_are_options_of_the_fact_that_is_asked() -> None:
    library = builtin_library()
    options = {o.id for o in library.facts["applies-for"].options}
    exclusive = {
        scheme
        for rules in library.rules.values()
        for r in rules
        if isinstance(r.terms, Exclusive)
        for scheme in r.terms.schemes
    }
    assert options == exclusive
