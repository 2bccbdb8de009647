"""What the texts say and is easily left out: one test for each of 22 known omissions (O1 to O22)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from config.schemes.files import builtin_library
from kpi.schemes.clauses import ListRule
from kpi.schemes.facts import Facts
from kpi.schemes.figures import Figure
from kpi.schemes.forms import FieldKind, Form
from kpi.schemes.judging import judge
from kpi.schemes.limits import LimitKind, TextLimit
from kpi.schemes.rules import RuleKind, Validity
from kpi.schemes.scheme import Group, Rule
from kpi.schemes.verdicts import Answer
from tests.support.schemes import branch, builtin, cell, clause, rule, section


def form(name: str) -> Form:
    return builtin_library().forms[name]


def entries(name: str) -> list[str]:
    listed = clause(name).checklist
    assert listed is not None
    return [i.name.zh for i in listed.items]


def test_o1_factory_has_growth_and_its_effects_are_against_the_time_before() -> None:
    assert (clause("CQ18-SF-10f").zh, clause("CQ18-SF-10f").seed) == (
        "并具有良好的增长性",
        "000:61",
    )
    for letter in "abcde":
        base = clause(f"CQ18-SF-10{letter}").base
        assert base is not None
        assert base.zh == "与智能工厂建设前相比较"


@pytest.mark.parametrize("name", ["CQ18-MODE-PROC", "SX18-MODE-PROC"])
def test_o2_process_element_5_is_for_plants_with_high_risk(name: str) -> None:
    mode = branch(name)
    assert len(mode.items) == 7
    when = clause(f"{name}-5").when
    assert when is not None
    assert (when.fact, when.values) == ("high-safety-risk", ("yes",))
    scheme = builtin("CQ18-SF" if name.startswith("CQ18") else "SX18")
    low_risk = Facts(choices={"mode": ("process",), "high-safety-risk": ("no",)})
    found = next(r for r in judge(scheme, {}, low_risk).rows if r.row.id == f"{name}-5")
    assert found.answer is Answer.NOT_APPLICABLE


def test_o2_chapter_5_of_the_forms_is_conditional_too() -> None:
    for name in ("CQ18-SF-FORM.process-5", "SX18-FORM.process-5"):
        when = cell(name).when
        assert when is not None
        assert when.fact == "high-safety-risk"


def test_o3_integration_of_four_links_and_big_data_are_two_rows() -> None:
    assert entries("CQ18-SF-9a") == ["产品设计", "经营管理", "生产制造", "产品运维"]
    assert entries("CQ18-SF-9b") == ["大数据", "人工智能"]


def test_o4_lists_of_the_modes_can_be_checked_entry_by_entry() -> None:
    mes = [e for e in entries("CQ18-MODE-DISC-5") if e.startswith("MES")]
    erp = [e for e in entries("CQ18-MODE-DISC-5") if e.startswith("ERP")]
    assert [e.split("：")[1] for e in mes] == ["计划", "调度", "质量", "设备", "生产", "能效"]
    assert [e.split("：")[1] for e in erp] == ["供应链", "物流", "成本"]
    assert entries("CQ18-MODE-PROC-2a") == ["物流", "能流", "物性", "资产"]
    assert "实时的质量预警" in entries("CQ18-MODE-PROC-2d")
    assert "支持IPv4、IPv6等技术的工业互联网" in entries("CQ18-MODE-REM-1")
    closing = {"DISC": 126, "PROC": 144, "NET": 160, "CUST": 172, "REM": 184}
    for mode, line in closing.items():
        note = branch(f"CQ18-MODE-{mode}").note
        assert note is not None
        assert f"000:{line}" in note.zh


def test_o4_modes_have_7_7_6_4_5_elements() -> None:
    for scheme in ("CQ18", "SX18"):
        modes = [branch(f"{scheme}-MODE-{m}") for m in ("DISC", "PROC", "NET", "CUST", "REM")]
        assert [len(m.items) for m in modes] == [7, 7, 6, 4, 5]
    assert [len(branch(f"SX18-TECH-{t}").items) for t in ("IOT", "AI")] == [5, 4]


def test_o5_build_status_is_a_choice_of_both_forms_and_decides_three_rules() -> None:
    for name in ("CQ18-WS-FORM", "CQ18-SF-FORM"):
        status = cell(f"{name}.build-status")
        assert {c.id for c in status.choices} == {"under-construction", "finished"}
        photos = cell(f"{name}.photos").when
        assert photos is not None
        assert photos.fact == "build-status"
    assert {p.when.fact for p in rule("CQ18-R4").parts if p.when} == {"build-status", "titles"}
    validity = rule("CQ18-R9").terms
    assert isinstance(validity, Validity)
    assert {s.when.fact for s in validity.starts if s.when} == {"build-status"}
    assert cell("CQ18-SF-FORM.workshop-names").kind is FieldKind.LIST


def test_o6_identity_block_of_both_forms_is_there() -> None:
    labels = {
        name: [f.label for f in section(f"{name}.enterprise")]
        for name in ("CQ18-WS-FORM", "CQ18-SF-FORM")
    }
    assert labels["CQ18-WS-FORM"] == [
        *("企业名称", "所属行业", "所在区县或主管单位", "统一社会信用代码", "成立时间", "详细地址"),
        *("姓名", "电话", "职务", "手机", "传真", "E-mail"),
    ]
    assert labels["CQ18-SF-FORM"] == [
        *("统一社会信用代码", "机构代码", "成立时间", "单位地址", "姓名", "电话", "职务", "手机", "传真", "E-mail"),
        *("姓名", "职务和职称", "电话"),
    ]  # fmt: skip


def test_o7_five_ratios_of_one_document_are_five_cells_or_rows() -> None:
    ratios = {
        "000:33": clause("CQ18-WS-2").target,
        "000:310": cell("CQ18-WS-FORM.smart-share"),
        "000:317": cell("CQ18-WS-FORM.smart-networked-share"),
        "000:484": cell("CQ18-WS-FORM.chapter-3-1-share"),
        "000:486": cell("CQ18-WS-FORM.chapter-3-2-networked"),
    }
    metrics = [getattr(x, "metric", "") for x in ratios.values()]
    assert metrics == [
        *("nc-ratio", "smart-share", "smart-networked-share", "smart-share"),
        "production-networked-of-smart",
    ]
    assert "可超过 100 %" in cell("CQ18-WS-FORM.chapter-3-2-networked").proposed[0].reason.zh
    counted = cell("CQ18-WS-FORM.chapter-3-1-share").formula
    assert counted is not None
    assert "台套（产线）" in counted.zh
    assert builtin_library().ambiguities["AMB-30"].chosen is None


def test_o8_audit_report_needs_stamp_and_signature_and_the_factory_has_chapter_four() -> None:
    for name in ("CQ18-WS-FORM", "CQ18-SF-FORM"):
        assert "含会计师事务所盖章和注册会计师签字" in cell(f"{name}.audit-report").prompt
    assert cell("CQ18-SF-FORM.chapter-4").label == "四、示范作用"
    prompt = cell("CQ18-SF-FORM.chapter-2-2").prompt
    assert "与国内外先进水平的比较，目标产品市场前景分析" in prompt


def test_o9_chapters_of_the_factory_form_and_the_figures_that_chapter_six_asks() -> None:
    chapters = [f.label[:2] for f in section("MIIT21-FACTORY-FORM.chapters")]
    assert chapters == [
        "二、",
        "三、",
        "四、",
        "五、",
        "六、",
        "（一",
        "（二",
        "（三",
        "（四",
        "八、",
    ]
    six = cell("MIIT21-FACTORY-FORM.chapter-6")
    assert "如投资回报率、降低成本比例、劳动生产率、生产效率等" in six.prompt
    assert six.note is not None
    assert "表格中没有" in six.note.zh


def test_o10_end_state_and_every_metric_of_the_effects() -> None:
    assert clause("MIIT21-F-R-level").zh == "整体智能化水平达到行业领先"
    metrics = [f.metric for f in section("MIIT21-FACTORY-FORM.effects")]
    assert metrics == [
        *("key-equipment-nc-rate", "key-equipment-networked", "productivity-change"),
        *(
            "resource-utilisation-change",
            "rd-cycle-change",
            "operating-cost-change",
            "defect-change",
        ),
        *("staff-change", "oee-change", "inventory-turnover-change", "platform-enterprises"),
        *("on-time-delivery-change", "order-cycle-change", "logistics-cost-change"),
    ]
    assert all(f.optional for f in form("MIIT21-FACTORY-FORM").fields() if ".effect-" in f.id)
    assert "operating-cost-change" in {m for r in branch("SX18-5").rows() for m in r.beside}


def test_o11_sub_industries_and_the_extra_demand_of_electronics() -> None:
    counts = {code: len(entries(f"MIIT21-F-{code}-SUB")) for code in ("RAW", "EQ", "CONS", "EL")}
    assert counts == {"RAW": 5, "EQ": 8, "CONS": 11, "EL": 1}
    for code in counts:
        listed = clause(f"MIIT21-F-{code}-SUB").checklist
        assert listed is not None
        assert (listed.rule, listed.open) == (ListRule.ONE_OF, True)
    assert clause("MIIT21-F-EL-security").zh.startswith("实施企业网络安全分类分级管理")


def test_o11_each_industry_has_its_six_links() -> None:
    links = {
        code: [
            r.zh
            for r in branch(f"MIIT21-F-{code}").rows()
            if not r.id.endswith(("SUB", "security"))
        ]
        for code in ("RAW", "EQ", "CONS", "EL")
    }
    assert links == {
        "RAW": ["生产作业", "质量管控", "设备管理", "安全管控", "能源管理", "环保管控"],
        "EQ": ["工艺设计", "计划调度", "生产作业", "质量管控", "设备管理", "供应链管理"],
        "CONS": ["计划调度", "生产作业", "仓储配送", "质量管控", "营销管理", "供应链管理"],
        "EL": ["工艺设计", "计划调度", "生产作业", "仓储配送", "质量管控", "设备管理"],
    }
    assert branch("MIIT21-F-TASK").rule is Rule.ONE_OF


def test_o12_dates_progress_reports_definition_of_accidents_and_validity_of_scenes() -> None:
    documents = builtin_library().documents
    assert documents["CQ21-DOC"].issued == date(2021, 11, 5)
    assert documents["CQ21-DOC"].printed == date(2021, 11, 8)
    assert documents["MIIT21-DOC"].issued is None
    assert rule("MIIT21-PROGRESS").kind is RuleKind.DUTY
    assert "国务院令第493号）第三条（一）（二）" in rule("MIIT21-ACCIDENT").zh
    assert "国办函〔2014〕119号）附件1第一条、第二条" in rule("MIIT21-ACCIDENT").zh
    assert "AMB-40" in rule("MIIT21-ACCIDENT").ambiguities
    assert rule("MIIT21-VALIDITY").schemes == ("MIIT21-FACTORY",)
    assert "MIIT21-VALIDITY" not in {r.id for r in builtin("MIIT21-SCENE").rules}


def test_o13_rules_of_the_procedure_of_2021() -> None:
    assert "鼓励系统解决方案供应商联合申报" in rule("CQ21-ENCOURAGED").zh
    assert rule("CQ21-NEW-SCENES").zh.startswith("新增场景需立足制造本质")
    assert "盖章后重新上传" in rule("CQ21-UPLOAD").zh
    assert rule("MIIT21-ZONE").zh == "先行区申报按照一事一议方式开展。"
    assert rule("MIIT21-PAPER").zh == "纸质版申报材料应与网上填报内容一致"
    assert [(a.id, a.value) for a in rule("MIIT21-DEADLINE").amounts] == [("copies", Fraction(2))]
    assert {p.id for p in rule("MIIT21-RANKED").parts} == {"scenes", "factories", "quota"}


def test_o14_cells_of_both_forms_of_2021() -> None:
    scene = {f.id.split(".")[1] for f in form("MIIT21-SCENE-FORM").fields()}
    assert scene >= {"credit-grade", "scene-name", "scene-address", "scene-supplier", "promise"}
    factory = {f.id.split(".")[1] for f in form("MIIT21-FACTORY-FORM").fields()}
    assert factory >= {
        *("ownership", "national-pilot", "national-benchmark", "provincial-pilot", "accident"),
        *("task-industry", "task-sub-industry", "task-integrators", "task-dates", "promise"),
    }
    assert "数量不限" in rule("MIIT21-SCENE-COUNT").zh
    assert any("推断" in n.zh for n in form("MIIT21-SCENE-FORM").notes)


def test_o15_worked_example_is_no_threshold() -> None:
    example = rule("MIIT21-EXAMPLE")
    assert example.kind is RuleKind.EXAMPLE
    assert {p.seed for p in example.parts} == {"001:455", "001:456", "001:779", "001:780"}
    rows = [*builtin("MIIT21-FACTORY").rows, *builtin("MIIT21-SCENE").rows]
    numbers = {r.target.threshold for r in rows if r.target}
    assert numbers == {Fraction(2), Fraction(0)}, "maturity level 2 and no accident, nothing else"


def test_o16_every_category_of_a_retrofit_has_its_own_item_1() -> None:
    for n in (1, 2, 3, 4):
        listed = clause(f"CQ-RETRO-{n}-1").checklist
        assert listed is not None
        assert listed.rule is ListRule.ONE_OF
    assert entries("CQ-RETRO-1-1")[1].startswith(
        "利用智能化技术改造非数字化装备，部署在线监控（检测）"
    )
    assert len(entries("CQ-RETRO-3-1")) == 6
    assert "车间级和工厂级工业通信网" in entries("CQ-RETRO-2-0")
    notes = " ".join(n.zh for n in builtin_library().documents["CQ-RETRO-DOC"].notes)
    for words in (
        "附件2",
        "无文号、无日期",
        "有效期、复评、比较期间、申报表均未说明",
        "微型未提及",
    ):
        assert words in notes


@pytest.mark.parametrize(
    ("size", "cloud", "amount", "expected"),
    [
        ("large", "private", "100", Answer.PASS),
        ("large", "hybrid", "99.99", Answer.FAIL),
        ("medium", "public", "20", Answer.PASS),
        ("small", "public", "19.99", Answer.FAIL),
        ("large", "public", "500", Answer.UNDETERMINED),  # not covered by the text
        ("small", "private", "500", Answer.UNDETERMINED),
        ("micro", "public", "500", Answer.UNDETERMINED),
    ],
)
def test_o16_cloud_investment_by_size_and_kind_of_cloud(
    size: str, cloud: str, amount: str, expected: Answer
) -> None:
    facts = Facts(choices={"enterprise-size": (size,), "cloud": (cloud,)})
    figures = {"done-investment": Figure(Fraction(amount))}
    found = judge(builtin("CQ-RETRO"), figures, facts)
    assert next(g.answer for g in found.root.groups() if g.group.id == "CQ-RETRO-3-2") is expected


def test_o17_shanxi_growth_several_modes_promise_lists_and_ranking() -> None:
    assert "具有良好的增长性，能起到示范引领作用" in clause("SX18-5f").zh
    assert "开展多种模式的试点示范" in rule("SX18-PREFERRED").zh
    assert "均真实、完整, 如有不实" in cell("SX18-FORM.promise").prompt
    assert len(entries("SX18-MODE-DISC-4")) == 5
    assert len(entries("SX18-MODE-DISC-5")) == 9
    assert rule("SX18-RANKED").zh == "推荐试点示范排名有先后"
    assert builtin_library().documents["SX18-DOC"].issued is None


def test_o18_body_of_chengdu_lists_all_effects_and_the_annex_lets_choose_five() -> None:
    for scheme, line in (("CD-SF", 27), ("CD-WS", 39)):
        effects = clause(f"{scheme}-6")
        assert effects.seed == f"004:{line}"
        assert effects.target is None
        assert "AMB-31" in effects.ambiguities
        assert "行业较好水平" in clause(f"{scheme}-3").zh
        assert "并在一种新模式应用中成效突出" in clause(f"{scheme}-5").zh


def test_o19_site_path_duty_and_change_of_chengdu() -> None:
    assert clause("CD-SF-2a").zh == "申报工厂所在地在成都市"
    assert clause("CD-WS-2a").zh == "申报车间所在地在成都市"
    kinds = {r.id: r.kind for r in builtin("CD-WS").rules}
    assert kinds["CD-R3"] is RuleKind.PATH
    assert kinds["CD-R6"] is RuleKind.DUTY
    assert kinds["CD-R7"] is RuleKind.CHANGE


def test_o20_digital_workshop_of_chengdu_in_full() -> None:
    seeds = {r.id: r.seed.removeprefix("004:") for r in builtin("CD-WS").rows}
    assert [seeds[f"CD-WS-A{n}"] for n in (1, 2, 3)] == ["345", "368", "368"]
    assert [seeds[f"CD-WS-B{n}"] for n in range(1, 5)] == ["468", "475", "482", "489"]
    assert [seeds[f"CD-WS-C{n}"] for n in range(1, 6)] == ["498", "505", "512", "519", "526"]
    assert [seeds[f"CD-WS-D{n}"] for n in range(1, 7)] == ["533", "538", "543", "548", "553", "558"]
    assert branch("CD-WS-D").mandatory == {"CD-WS-D1", "CD-WS-D2"}
    assert "定期开展信息安全的风险评估" in entries("CD-WS-A14")
    assert len(branch("CD-WS-A").items) == 3 + 11


PHRASES = {
    "AMB-13": "公示期5天", "AMB-14": "在建", "AMB-15": "国家智能制造专项和智能制造试点示范名单", "AMB-16": "近三年",
    "AMB-17": "优化人员比例", "AMB-18": "具有独立法人资格或税收解缴关系在本市", "AMB-19": "研发设计工具普及率",
    "AMB-20": "取得明显效果", "AMB-21": "每个场景字数请控制在3000字以内",
}  # fmt: skip


def test_o21_register_has_the_nine_further_wordings() -> None:
    register = builtin_library().ambiguities
    assert {n: register[n].phrase for n in PHRASES} == PHRASES
    assert len(register) >= 12 + 9
    assert all(len(e.readings) >= 2 for e in register.values())
    undecided = {n for n, e in register.items() if e.chosen is None}
    assert "AMB-03" in undecided, "sales growth: do not decide"
    used = {n for s in builtin_library().schemes.values() for r in s.rows for n in r.ambiguities}
    assert used >= {"AMB-16", "AMB-18", "AMB-19", "AMB-21"}


def test_o21_limit_of_three_thousand_is_a_request_and_six_cells_hold_1100() -> None:
    assert rule("MIIT21-E5-LIMIT").terms == TextLimit(3000, LimitKind.REQUEST)
    for name in ("MIIT21-SCENE-FORM", "MIIT21-FACTORY-FORM"):
        limits = [
            f.limit.most for f in form(name).fields() if f.inside == f"{name}.scenes" and f.limit
        ]
        assert limits == [150, 150, 300, 150, 200, 150]
        assert sum(limits) == 1100


CLAUSES = {
    "CQ18-R1": "第二条", "CQ18-R2": "第六、七条", "CQ18-R3": "第七条", "CQ18-R4": "第八条", "CQ18-R5": "第九条",
    "CQ18-R6": "第十条", "CQ18-R7": "第十一条", "CQ18-R8": "第十二条", "CQ18-R12": "第十三条", "CQ18-R9": "第十四条",
    "CQ18-R10": "第十五条", "MIIT21-QUOTA": "三（三）", "MIIT21-DEADLINE": "三（二）",
    "MIIT21-BUILD": "附件1 四（三）", "MIIT21-VALIDITY": "附件1 四（六）", "CQ21-DEADLINE-ONLINE": "一（二）",
    "CQ21-EXCLUSIVE": "二（一）", "CQ21-TIMING": "二（三）", "CQ-RETRO-COMPETENCE": "二（三）", "SX18-QUOTA": "二(三)",
    "SX18-DEADLINE": "二(四)", "CD-R1": "第三条", "CD-R2": "第七条", "CD-R4": "第十条", "CD-R5": "第十一条",
    "CD-R8": "第十四条", "CD-R9": "第十五条", "CD-R10": "第十六、十七条",
}  # fmt: skip


@pytest.mark.parametrize(("name", "number"), CLAUSES.items())
def test_o22_clause_number_of_a_rule(name: str, number: str) -> None:
    assert rule(name).clause == number


def test_o22_clause_numbers_of_terms_and_eligibility() -> None:
    documents = builtin_library().documents
    assert documents["CQ18-DOC"].term.clause == "第十七条"
    assert documents["CD-DOC"].term.clause == "第十八条"
    assert [clause(f"MIIT21-E{n}").clause for n in (1, 2, 4, 5)] == [
        *("二（一）", "二（二）", "二（四）", "二（五）"),
    ]
    assert branch("MIIT21-E3").clause == "二（三）"
    assert branch("MIIT21-E6").clause == "二（六）"
    assert [branch(f"CQ-RETRO-{n}").clause for n in range(1, 5)] == [
        *("一（一）", "一（二）", "一（三）", "一（四）"),
    ]
    items = [
        i for i in builtin("SX18").root.items if not isinstance(i, Group) or i.id != "SX18-TECH"
    ]
    assert [i.clause for i in items] == [f"一（{x}）" for x in "一二三四五"]
