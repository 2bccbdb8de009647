"""Definition texts of ratios over the registry, upload, control and energy, as they are printed beside the figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Definition:
    """How a ratio is named, what is divided by what, and where that comes from."""

    metric: str
    zh: str
    en: str
    formula_zh: str
    formula_en: str
    source: str
    """Official wording with `seed:line`, or a clause; [SRC] = read in a public source, not in the original."""
    ours: str = ""
    """What of it no official text says, in Chinese and English; empty if nothing."""


_OURS: Final = "公式与读法由本项目确定，官方文件未给出 (formula and reading are ours, no official text gives them)"

_ALL: Final = (
    Definition(
        "nc-ratio",
        "数控装备占生产装备总数的比例",
        "NC share of production equipment",
        "数控生产装备台套数 ÷ 生产装备台套数",
        "sets of NC production equipment / sets of production equipment",
        "渝经信发〔2018〕22号 第四条（二）、第五条（四） [000:33, 000:49]",
        _OURS,
    ),
    Definition(
        "manufacturing-nc-rate",
        "制造装备数控化率",
        "NC rate of manufacturing equipment",
        "数控制造装备台套数 ÷ 制造装备台套数",
        "sets of NC manufacturing equipment / sets of manufacturing equipment",
        "晋经信技术函〔2018〕91号 [003:127]; 重庆市智能化改造项目认定标准 装备数控化率提高 [002:73]",
        _OURS,
    ),
    Definition(
        "key-equipment-nc-rate",
        "关键设备数控化率",
        "NC rate of key equipment",
        "数控关键设备台套数 ÷ 关键设备台套数",
        "sets of NC key equipment / sets of key equipment",
        "工信厅联通装函〔2021〕263号 附表 当前成效 1 [001:666]",
        _OURS,
    ),
    Definition(
        "key-process-nc-rate",
        "关键工序数控化率（按设备）",
        "NC rate of key processes, by equipment",
        "关键工序内数控设备台套数 ÷ 关键工序内设备台套数",
        "sets of NC equipment in key processes / sets of equipment in key processes",
        "成都市认定要素（征求意见稿） [004:145, 004:368]; kpi.md B.3 (b)",
        "默认读法（按设备）由本项目选定，另列按工序的读法 (default reading is ours; by process is printed beside)",
    ),
    Definition(
        "key-process-nc-rate-by-process",
        "关键工序数控化率（按工序）",
        "NC rate of key processes, by process",
        "由数控系统或过程控制系统控制的关键工序数 ÷ 关键工序数",
        "key processes under NC or process control / key processes",
        "成都市认定要素（征求意见稿） [004:145, 004:368]; kpi.md B.3 (a)",
        "另一读法 (the other reading)",
    ),
    Definition(
        "digital-equipment-rate",
        "数字化设备比率",
        "rate of digital equipment",
        "数字化生产设备台套数 ÷ 生产设备台套数",
        "sets of digital production equipment / sets of production equipment",
        "GB/T 37393-2019 §6.1 [SRC]; 中小企业数字化水平评测指标（2024） 设备数字化率 [SRC]",
        "",
    ),
    Definition(
        "smart-share",
        "自动化、智能化设备占全部设备比重",
        "share of automated or smart equipment",
        "自动化、智能化设备台套（产线）数 ÷ 全部设备台套数",
        "sets (lines) of automated or smart equipment / sets of all equipment",
        "渝经信发〔2018〕22号 申报书 [000:292, 000:308-310, 000:484]",
        "全部设备是否含计量仪表，原文未说明 (whether instruments are equipment is not said)",
    ),
    Definition(
        "smart-networked-share",
        "自动化、智能化设备联网数占其总数的比重",
        "networked share of automated or smart equipment",
        "联网的自动化、智能化设备台套数 ÷ 自动化、智能化设备台套数",
        "sets of networked smart equipment / sets of smart equipment",
        "渝经信发〔2018〕22号 申报书 [000:315-317]",
        "以实测联网为默认 (observed networking is our default)",
    ),
    Definition(
        "production-networked-of-smart",
        "生产设备联网数占智能化、自动化设备总量的比例",
        "networked production equipment over smart equipment",
        "联网的生产设备台套数 ÷ 自动化、智能化设备台套数（分子不在分母之内，可超过 100 %）",
        "sets of networked production equipment / sets of smart equipment (numerator not inside: may exceed 100 %)",
        "渝经信发〔2018〕22号 申报书 第三章（二） [000:486]",
        "以实测联网为默认 (observed networking is our default)",
    ),
    Definition(
        "networked",
        "设备联网率",
        "networked ratio",
        "联网的生产装备台套数 ÷ 生产装备台套数",
        "sets of networked production equipment / sets of production equipment",
        "中小企业数字化水平评测指标（2024） 设备联网率 [SRC]; kpi.md B.5",
        _OURS,
    ),
    Definition(
        "key-equipment-networked",
        "关键设备联网率",
        "networked ratio of key equipment",
        "联网的关键设备台套数 ÷ 关键设备台套数",
        "sets of networked key equipment / sets of key equipment",
        "成都市认定要素（征求意见稿） [004:145, 004:368]; 工信厅联通装函〔2021〕263号 [001:668]; kpi.md B.5",
        _OURS,
    ),
    Definition(
        "data-acquisition-rate",
        "生产工艺数据自动数采率（静态）",
        "automatic acquisition rate of process data, static",
        "自动采集的必采工艺数据点数 ÷ 必采工艺数据点数",
        "required points of process data collected automatically / required points of process data",
        "渝经信发〔2018〕22号 附件1 流程型 2 [000:132]; GB/T 37393-2019 §6.1 [SRC]",
        _OURS,
    ),
    Definition(
        "data-acquisition-coverage",
        "生产工艺数据自动数采率（时隙覆盖）",
        "automatic acquisition rate of process data, slot coverage",
        "必采工艺数据点的时隙覆盖率：设备内各点平均，再对设备平均；非自动采集的点计 0",
        "slot coverage of required points of process data: mean over points, then over assets; points not collected "
        "automatically count 0",
        "渝经信发〔2018〕22号 附件1 流程型 2 [000:132]; kpi-audit U7",
        _OURS,
    ),
    Definition(
        "equipment-data-rate",
        "设备数据采集率",
        "equipment data collection rate",
        "必采点的时隙覆盖率：设备内各点平均，再对设备平均",
        "slot coverage of the required points: mean over points, then over assets",
        "渝经信发〔2018〕22号 申报书 [000:328]（空格，无公式 a blank cell without formula）; kpi-audit U7",
        _OURS,
    ),
    Definition(
        "upload-rate",
        "信息的上传率",
        "information upload rate",
        "各设备得率的平均值；设备得率 = 其必采点（按时 + 证实存活）时隙 ÷ 应采时隙 的平均值",
        "mean over assets of the mean over their required points of (on time + proven alive) / expected slots",
        "渝经信发〔2018〕22号 第四条（三） [000:35]; kpi-audit U7, E9",
        _OURS,
    ),
    Definition(
        "automatic-control-rate",
        "自控投用率",
        "automatic-control in-service rate",
        "Σ 回路处于自动及以上且输出未限位的时间 ÷ Σ 装置运行时间",
        "Σ loop time in automatic or higher with the output not at its limit / Σ time in which the unit runs",
        "渝经信发〔2018〕22号 附件1 流程型 3 [000:134]; 晋经信技术函〔2018〕91号 [003:145]; kpi-audit U7 (B.7)",
        _OURS,
    ),
    Definition(
        "automatic-control-rate-static",
        "自控投用率（静态）",
        "automatic-control rate, static",
        "正常为自动的回路数 ÷ 回路总数",
        "loops that are meant to run in automatic / loops",
        "kpi.md B.7 [000:134]",
        "另一读法，许多企业如此填报 (the other reading, as many plants report)",
    ),
    Definition(
        "unit-energy",
        "单位生产能耗（吨标准煤/件）",
        "unit energy consumption (tce a piece)",
        "Σ 折标系数 × 实物量 ÷ Σ 合格品数 × 权重 ÷ 1000",
        "Σ coefficient · amount / Σ good pieces · weight / 1000",
        "渝经信发〔2018〕22号 申报书 [000:456-458]; GB/T 2589 [SRC]",
        "产品权重在基线冻结 (product weights are frozen with the baseline)",
    ),
    Definition(
        "energy-utilisation-change",
        "能源利用率提高（按单耗下降）",
        "rise of energy utilisation, as the drop of unit consumption",
        "1 − 建成后单耗 ÷ 建设前单耗",
        "1 − unit consumption after / before",
        "渝经信发〔2018〕22号 [000:41, 000:460]; 成都市认定要素（征求意见稿） [004:314, 004:548]",
        "两种读法中较严者为默认 (the stricter of two readings is our default)",
    ),
    Definition(
        "energy-utilisation-gain",
        "能源利用率提高（按单耗倒数）",
        "rise of energy utilisation, as the reciprocal of unit consumption",
        "建设前单耗 ÷ 建成后单耗 − 1",
        "unit consumption before / after − 1",
        "渝经信发〔2018〕22号 [000:41, 000:460]; 成都市认定要素（征求意见稿） [004:314, 004:548]",
        "另一读法 (the other reading)",
    ),
)
DEFINITIONS: Final = {d.metric: d for d in _ALL}
"""Definition by metric id."""
