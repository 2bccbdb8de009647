"""Title, formula and source of every claim algorithm, as the board explains a figure."""

from __future__ import annotations

from typing import Final

from reports.words import Text

FORMULAS: Final[dict[str, tuple[Text, Text, Text]]] = {
    "upload-rate/1": (
        Text("数据上传率", "Upload rate"),
        Text(
            "各设备得率的平均值；设备得率 = 其必采点（按时 + 证实存活）槽数 ÷ 应采槽数 的平均值",
            "mean over assets of the mean over their required points of (on time + proven alive) / expected slots",
        ),
        Text(
            "本项目定义（官方文件未给出公式）", "our definition (no official text gives a formula)"
        ),
    ),
    "networked/1": (
        Text("设备联网率（实测）", "Networked ratio (observed)"),
        Text(
            "存活槽 ≥ 95 % 且连续在役 ≥ 14 天的生产装备台数 ÷ 生产装备登记台数",
            "production equipment alive in ≥ 95 % of its slots over ≥ 14 days / registered production equipment",
        ),
        Text(
            "本项目定义（官方文件未给出公式）", "our definition (no official text gives a formula)"
        ),
    ),
    "nc-ratio/1": (
        Text("数控装备占比", "NC ratio"),
        Text("数控生产装备台数 ÷ 生产装备总台数", "NC production equipment / production equipment"),
        Text("渝经信发〔2018〕22号 第四条（二）", "CQ 2018 No. 22, art. 4 (2)"),
    ),
    "oee-iso22400/1": (
        Text("设备综合效率 OEE（iso22400）", "OEE (iso22400)"),
        Text(
            "Σ(理想节拍 × 合格件数) ÷ Σ计划忙碌时间 PBT",
            "Σ(ideal cycle × good pieces) / Σ planned busy time PBT",
        ),
        Text("ISO 22400-2:2014 + Amd 1:2017", "ISO 22400-2:2014 + Amd 1:2017"),
    ),
    "utilisation/1": (
        Text("日历利用率", "Calendar utilisation"),
        Text("Σ生产时间 APT ÷ Σ日历时间", "Σ actual production time APT / Σ calendar time"),
        Text("本项目定义", "our definition"),
    ),
    "energy-per-piece/1": (
        Text("单位产品电耗", "Energy per good piece"),
        Text("Σ电表电量 (Wh) ÷ Σ合格件数", "Σ meter energy (Wh) / Σ good pieces"),
        Text("本项目定义；表格单位 吨标准煤/件 由固定系数换算", "our definition"),
    ),
    "oee/2": (
        Text("设备综合效率 OEE（分产品）", "OEE by product"),
        Text(
            "Σ(该产品理想节拍 × 一次合格件数) ÷ Σ(计划忙碌时间 PBT + 计划外有产出的未知时间)；计数器漏计给出上下界",
            "Σ(ideal cycle of the product × pieces good at the first pass) / Σ(PBT + unknown time outside the plan "
            "with pieces made); gaps of counters give the bounds",
        ),
        Text(
            "ISO 22400-2:2014（OEE）；分产品、上下界与分母为本项目定义",
            "ISO 22400-2:2014 (OEE); products, bounds and base are ours",
        ),
    ),
    "defect-rate/1": (
        Text("不良品率", "Defect rate"),
        Text(
            "Σ(产出 − 一次合格) ÷ Σ产出，返工计为不良；计数器漏计给出上下界",
            "Σ(made − good at the first pass) / Σ made, rework counts as defective; gaps of counters give the bounds",
        ),
        Text("本项目定义", "our definition"),
    ),
    "registry-ratio/1": (
        Text("台账比率", "Ratio of the registry"),
        Text(
            "具备某一属性的台套数 ÷ 具备另一属性的台套数；分子须在时期内每个版本都成立，分母只要任一版本成立",
            "sets with one property / sets with another; above the line only what holds in every version of the "
            "period, below it what holds in any",
        ),
        Text("本项目定义", "our definition"),
    ),
    "unit-energy/1": (
        Text("单位产品综合能耗", "Energy per weighted piece"),
        Text(
            "Σ(计量读数增量 × 折标系数) ÷ Σ(合格件数 × 产品权重)",
            "Σ(booked quantity × coefficient) / Σ(good pieces × weight of the product)",
        ),
        Text(
            "本项目定义；系数取配置所列的表", "our definition; coefficients of the configured table"
        ),
    ),
    "automatic-control/1": (
        Text("自控投用率", "Automatic control in service"),
        Text(
            "Σ回路自动且输出未限位的运行时间 ÷ Σ回路所属设备的运行时间",
            "Σ running time of loops in automatic, output not at a limit / Σ running time of their equipment",
        ),
        Text("本项目定义（按时间加权）", "our definition (weighted by time)"),
    ),
    "before-after/1": (
        Text("改造前后变化", "Change before / after"),
        Text(
            "提高：A/B − 1；降低：1 − A/B；区间 CI-1（90 % 双侧）",
            "increase: A/B − 1; reduction: 1 − A/B; interval CI-1 (90 %, two-sided)",
        ),
        Text("本项目定义（CI-1）", "our definition (CI-1)"),
    ),
    "energy-per-piece/2": (
        Text("单位产品电耗", "Energy per good piece"),
        Text(
            "Σ电表电量 (Wh) ÷ Σ一次合格件数；倍率变更按段换算，不计入一步假电量",
            "Σ meter energy (Wh) / Σ pieces good at the first pass; a changed transformer ratio books no step",
        ),
        Text("本项目定义；表格单位 吨标准煤/件 由固定系数换算", "our definition"),
    ),
    "before-after/2": (
        Text("改造前后变化", "Change before / after"),
        Text(
            "提高：A/B − 1；降低：1 − A/B；区间 CI-1（90 % 双侧）；与剔除日期、全部设备、最不利情形并列，取较弱的结论",
            "increase: A/B − 1; reduction: 1 − A/B; interval CI-1 (90 %, two-sided), beside exclusions, all devices "
            "and the worst case; the weaker word is taken",
        ),
        Text("本项目定义（CI-1）", "our definition (CI-1)"),
    ),
}
"""Title, formula and source of each algorithm."""
