"""A plausible board for tests and pictures: values drift, one change a tick, nothing random."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from fractions import Fraction

from agent.web.state import (
    Alarm,
    BoardSnapshot,
    ClauseRow,
    CompareRow,
    DeviceTile,
    Explanation,
    HealthItem,
    KpiCard,
    Level,
    Link,
    LogView,
    Member,
    Operand,
    ParetoItem,
    SiteView,
    UploadTrend,
)
from model.state import MachineState
from reports.words import Grade, KpiKey, Text, Unit, VerdictWord

START_MS = 1_795_185_668_000
"""2026-11-20 22:41:08 +08:00."""
SIM_ORIGIN = "sim/91500000DEMO000001/ws1/1"
EV_ORIGIN = "ev/91500000TEST000001/ws1/1"
ROOT = "3f6c0a5b9d1e7c24f8a6b3d2e1c09f8e7d6c5b4a39281706f5e4d3c2b1a09f8e"

SITE = SiteView(
    name="一号车间",
    enterprise="91500000DEMO000001",
    workshop="ws1",
    utc_offset_min=480,
    zone="Asia/Shanghai",
)

_MACHINES = (
    ("cnc-01", "五轴加工中心", "Five-axis machining centre", "OPC UA", MachineState.RUN, 66, 382),
    ("cnc-02", "数控车床", "CNC lathe", "SINUMERIK", MachineState.RUN, 71, 353),
    ("robot-01", "六轴焊接机器人", "Welding robot", "OPC UA", MachineState.WAIT, 64, 702),
    ("plc-01", "装配线", "Assembly line", "Modbus TCP", MachineState.RUN, 78, 1986),
    ("press-01", "冲压机", "Press", "MQTT", MachineState.FAULT, 69, 4107),
)


def spark(seed: int, phase: int = 0, known: int = 40) -> tuple[float | None, ...]:
    """Return 40 points; those after `known` are absent."""
    return tuple(
        None
        if i >= known
        else 0.62 + 0.3 * math.sin((i + phase) * (0.5 + seed * 0.11)) * math.cos(i * 0.9 + seed)
        for i in range(40)
    )


def trend(now_ms: int) -> UploadTrend:
    """Return 24 hours in windows of five minutes with one bad half hour and one window without data."""
    points: list[float | None] = []
    for i in range(288):
        value = 0.962 + 0.018 * math.sin(i / 19) + 0.008 * math.sin(i * 1.7)
        if 150 <= i < 157:
            value = 0.868 + 0.006 * math.sin(i * 2.1)
        points.append(None if 60 <= i < 63 else min(1.0, value))
    return UploadTrend(start_ms=now_ms - 288 * 300_000, step_ms=300_000, points=tuple(points))


def tiles(now_ms: int, tick: int = 0) -> tuple[DeviceTile, ...]:
    """Return the demo plant: five machines, two meters, one offline, two that are registered only."""
    found = [
        DeviceTile(
            id=device,
            name=Text(zh, en),
            kind=Text(kind, kind),
            link=Link.ONLINE,
            state=state,
            since_ms=now_ms - (709 + 431 * i) * 1000,
            value=Fraction(oee, 100),
            good=good + tick // (i + 1),
            spark=spark(i, tick),
        )
        for i, (device, zh, en, kind, state, oee, good) in enumerate(_MACHINES)
    ]
    power = {"value_label": Text("功率", "power"), "value_unit": "kW", "decimals": 1}
    found += [
        DeviceTile(
            id="meter-01",
            name=Text("总电表 A", "Main meter A"),
            kind=Text("Modbus TCP", "Modbus TCP"),
            link=Link.ONLINE,
            state=None,
            value=Fraction(347, 10),
            spark=spark(7, tick),
            **power,
        ),
        DeviceTile(
            id="meter-02",
            name=Text("电表 B", "Meter B"),
            kind=Text("Modbus TCP", "Modbus TCP"),
            link=Link.OFFLINE,
            since_ms=now_ms - 1618_000,
            spark=spark(8, 0, 23),
            note=Text("连接超时", "connection timed out"),
            **power,
        ),
        DeviceTile(
            id="manual-01",
            name=Text("手动钻床", "Manual drill"),
            kind=Text("仅登记", "registry only"),
            link=Link.UNCONNECTED,
        ),
        DeviceTile(
            id="insp-01",
            name=Text("三坐标检测", "Coordinate measuring"),
            kind=Text("仅登记", "registry only"),
            link=Link.UNCONNECTED,
        ),
    ]
    return tuple(found)


def cards(tick: int = 0) -> tuple[KpiCard, ...]:
    """Return the six figures of the top row."""
    today = Text("今日 08:00 起", "today since 08:00")
    days = Text("近 14 个生产日", "last 14 production days")
    return (
        KpiCard(
            key=KpiKey.UPLOAD_RATE,
            value=Fraction(9362 + tick % 5, 10000),
            target=Fraction(9, 10),
            verdict=VerdictWord.PASS,
            window=Text("近 24 小时", "last 24 hours"),
        ),
        KpiCard(
            key=KpiKey.NETWORKED,
            value=Fraction(5, 6),
            decimals=1,
            note=Text("6 台生产设备中 5 台证实联网", "5 of 6 production machines observed"),
            window=days,
        ),
        KpiCard(
            key=KpiKey.NC_RATIO,
            value=Fraction(5, 6),
            decimals=1,
            target=Fraction(1, 2),
            verdict=VerdictWord.PASS,
            window=Text("设备台账", "plant registry"),
        ),
        KpiCard(key=KpiKey.OEE, value=Fraction(684 + tick % 3, 1000), decimals=1, window=today),
        KpiCard(
            key=KpiKey.ENERGY_PER_PIECE,
            value=Fraction(41237, 1000),
            unit=Unit.WH_PER_PIECE,
            decimals=1,
            note=Text("较改造前 −12.1 %", "−12.1 % against before"),
            window=today,
        ),
        KpiCard(
            key=KpiKey.PIECES_TODAY,
            value=Fraction(7530 + tick),
            unit=Unit.PIECES,
            decimals=0,
            note=Text("较改造前日均 +17.8 %", "+17.8 % against the daily mean before"),
            window=today,
        ),
    )


def clauses() -> tuple[ClauseRow, ...]:
    """Return the checklist of the 2018 digital workshop, article 4."""

    def row(
        part: str,
        number: tuple[str, str],
        wording: tuple[str, str],
        evaluated: tuple[str, str],
        verdict: VerdictWord,
        required: tuple[str, str] | None = None,
        value: Fraction | None = None,
        threshold: Fraction | None = None,
        grade: Grade | None = None,
        explain: str | None = None,
    ) -> ClauseRow:
        return ClauseRow(
            id=f"CQ18-WS-{part}",
            number=number[0],
            wording=Text(*wording),
            evaluated=Text(*evaluated),
            verdict=verdict,
            required=Text(*required) if required else None,
            value=value,
            threshold=threshold,
            grade=grade,
            explain=explain,
        )

    word = VerdictWord
    narrative = (
        "须由企业提交材料，机器数据不能评价",
        "papers of the enterprise; machine data cannot answer",
    )
    imported = ("须导入财务或工时记录，尚未导入", "needs imported records; none imported")
    ten, eight = Fraction(1, 10), Fraction(8, 100)
    return (
        row(
            "1",
            ("（一）", "(1)"),
            ("独立法人，符合产业政策", "Registered legal person; fits policy"),
            narrative,
            word.NOT_EVALUATED,
        ),
        row(
            "2",
            ("（二）", "(2)"),
            (
                "数控装备占生产装备总数的 50 % 以上",
                "NC equipment is 50 % or more of production equipment",
            ),
            ("台账中 6 台生产设备，5 台数控", "registry: 5 of 6 production machines are NC"),
            word.PASS,
            ("≥ 50 %", "≥ 50 %"),
            Fraction(5, 6),
            Fraction(1, 2),
            Grade.A,
            "nc_ratio",
        ),
        row(
            "3a",
            ("（三）", "(3)"),
            (
                "加工、检测、物流设备联网运行并采集数据",
                "Processing, inspection and logistics networked",
            ),
            (
                "检测类 1 台未联网；物流类未登记",
                "1 inspection machine not networked; no logistics registered",
            ),
            word.FAIL,
            ("每类至少一台（本软件口径）", "one of each class (our reading)"),
            explain="networked",
        ),
        row(
            "3b",
            ("（三）", "(3)"),
            ("信息的上传率达到 90 %，实现实时监控", "Upload rate of 90 %, real-time monitoring"),
            ("18 个必采点按时槽统计，近 14 天", "18 required points by slot, last 14 days"),
            word.PASS,
            ("≥ 90 %", "≥ 90 %"),
            Fraction(9362, 10000),
            Fraction(9, 10),
            Grade.A,
            "upload_rate",
        ),
        row(
            "4",
            ("（四）", "(4)"),
            ("建立制造执行系统，车间可视化管理", "MES with visual management"),
            narrative,
            word.NOT_EVALUATED,
        ),
        row(
            "5",
            ("（五）", "(5)"),
            ("采集系统与 MES、管理设计系统集成", "Acquisition, MES and management integrated"),
            narrative,
            word.NOT_EVALUATED,
        ),
        row(
            "6a",
            ("（六）", "(6)"),
            ("运营成本降低 15 %", "Operating cost −15 %"),
            imported,
            word.UNDETERMINED,
            ("≥ 15 %", "≥ 15 %"),
        ),
        row(
            "6b",
            ("（六）", "(6)"),
            ("生产效率提高 10 %", "Production efficiency +10 %"),
            ("以 OEE 前后对比表示（物理口径）", "by OEE before and after (physical reading)"),
            word.PASS,
            ("≥ 10 %", "≥ 10 %"),
            Fraction(178, 1000),
            ten,
            Grade.B,
            "oee",
        ),
        row(
            "6c",
            ("（六）", "(6)"),
            ("产品不良品率降低 10 %", "Defect rate −10 %"),
            (
                "废品计数前后对比，区间跨过 10 %",
                "scrap counts before and after; interval spans 10 %",
            ),
            word.INCONCLUSIVE,
            ("≥ 10 %", "≥ 10 %"),
            Fraction(96, 1000),
            ten,
            Grade.B,
            "quality",
        ),
        row(
            "6d",
            ("（六）", "(6)"),
            ("能源利用率提高 8 %", "Energy utilisation +8 %"),
            ("单位产品电耗下降（较严口径）", "drop of energy per piece (stricter reading)"),
            word.PASS_POINT,
            ("≥ 8 %", "≥ 8 %"),
            Fraction(121, 1000),
            eight,
            Grade.A,
            "energy_per_piece",
        ),
        row(
            "6e",
            ("（六）", "(6)"),
            ("具有良好的增长性", "Good growth"),
            narrative,
            word.NOT_EVALUATED,
        ),
    )


def full(origin: str = SIM_ORIGIN, tick: int = 0) -> BoardSnapshot:
    """Return the board of a plant that has run for weeks."""
    now = START_MS + tick * 1000
    return BoardSnapshot(
        seq=tick + 1,
        at_ms=now,
        site=SITE,
        log=LogView(
            origin=origin,
            size=20_518,
            root=ROOT,
            signed_ms=START_MS - 2_468_000,
            anchored_ms=None,
            sealed_minutes=20_461,
        ),
        kpis=cards(tick),
        devices=tiles(START_MS, tick),
        trend=trend(START_MS),
        scheme=Text("数字化车间 第四条 · 渝经信发〔2018〕22号", "Digital workshop, art. 4 (2018)"),
        clauses=clauses(),
        compare=(
            CompareRow(
                key=KpiKey.OEE,
                before=Fraction(581, 1000),
                after=Fraction(684, 1000),
                change=Fraction(178, 1000),
                word=VerdictWord.PASS,
                threshold=Fraction(1, 10),
                explain="oee",
            ),
            CompareRow(
                key=KpiKey.UTILISATION,
                before=Fraction(548, 1000),
                after=Fraction(611, 1000),
                change=Fraction(115, 1000),
                word=VerdictWord.PASS_POINT,
            ),
            CompareRow(
                key=KpiKey.ENERGY_PER_PIECE,
                before=Fraction(469, 10),
                after=Fraction(412, 10),
                change=Fraction(121, 1000),
                word=VerdictWord.PASS_POINT,
                unit=Unit.WH_PER_PIECE,
                threshold=Fraction(8, 100),
                explain="energy_per_piece",
            ),
        ),
        compare_note=Text("前 28 天 · 后 28 天", "28 days before, 28 after"),
        pareto=(
            ParetoItem(label=Text("换刀等待", "Tool change"), ms=96 * 60_000),
            ParetoItem(label=Text("上料等待", "Loading"), ms=71 * 60_000),
            ParetoItem(label=Text("设备故障", "Fault"), ms=48 * 60_000),
            ParetoItem(label=Text("程序调试", "Programming"), ms=31 * 60_000),
            ParetoItem(label=Text("空闲故障", "Idle fault"), ms=18 * 60_000),
            ParetoItem(label=Text("未知", "Unknown"), ms=12 * 60_000),
        ),
        pareto_note=Text("本班次", "this shift"),
        health=(
            HealthItem(
                key="sources",
                level=Level.WARN,
                text=Text("7 个数据源，1 个正在重连", "7 sources, 1 reconnecting"),
            ),
            HealthItem(
                key="influx",
                level=Level.OK,
                text=Text("InfluxDB 正常，积压 0 批", "InfluxDB fine, backlog 0"),
            ),
            HealthItem(
                key="journal",
                level=Level.OK,
                text=Text("已落盘 1,284,306 行", "1,284,306 rows on disk"),
            ),
            HealthItem(
                key="ledger", level=Level.OK, text=Text("上一分钟已封存", "last minute sealed")
            ),
            HealthItem(
                key="anchor", level=Level.NONE, text=Text("未配置锚定", "no anchor configured")
            ),
            HealthItem(key="clock", level=Level.OK, text=Text("与时间源偏差 3 ms", "offset 3 ms")),
        ),
    )


def early(origin: str = SIM_ORIGIN) -> BoardSnapshot:
    """Return the board of the first seconds of a run: devices known, nothing measured."""
    return replace(
        full(origin),
        seq=0,
        log=LogView(origin=origin),
        kpis=tuple(
            KpiCard(key=c.key, value=None, unit=c.unit, decimals=c.decimals, target=c.target)
            for c in cards()
        ),
        devices=tuple(
            DeviceTile(
                id=d.id,
                name=d.name,
                kind=d.kind,
                link=Link.UNCONNECTED if d.link is Link.UNCONNECTED else Link.STARTING,
                value_label=d.value_label,
                value_unit=d.value_unit,
            )
            for d in tiles(START_MS)
        ),
        trend=None,
        clauses=tuple(
            replace(c, value=None, grade=None, explain=None, verdict=VerdictWord.UNDETERMINED)
            if c.verdict is not VerdictWord.NOT_EVALUATED
            else c
            for c in clauses()
        ),
        compare=(),
        compare_note=None,
        pareto=(),
        pareto_note=None,
        health=(
            HealthItem(
                key="sources",
                level=Level.NONE,
                text=Text("7 个数据源正在连接", "7 sources connecting"),
            ),
        ),
    )


ALARM = Alarm(
    id="press-01:7",
    level=Level.BAD,
    at_ms=START_MS,
    text=Text("冲压机：安全门打开", "Press: safety door open"),
)

EXPLANATION = Explanation(
    id="upload_rate",
    title=Text("数据上云率", "Upload rate"),
    formula=Text(
        "上云率 = 各设备（各点 按时或保持槽数 ÷ 应有槽数）的平均",
        "mean over devices of mean over points of on-time or held slots ÷ expected slots",
    ),
    algorithm="upload-rate/1",
    value=Fraction(4681, 5000),
    window_ms=(START_MS - 86_400_000, START_MS),
    operands=(
        Operand(label=Text("按时", "on time"), value="21,840", unit=Text("槽", "slots")),
        Operand(label=Text("应有", "expected"), value="25,920", unit=Text("槽", "slots")),
    ),
    members=(
        Member(
            id="cnc-01",
            name=Text("五轴加工中心", "Machining centre"),
            included=True,
            detail=Text("4,281/4,320", "4,281/4,320"),
        ),
        Member(
            id="insp-01",
            name=Text("三坐标检测", "Measuring"),
            included=False,
            detail=Text("非生产设备", "not a production machine"),
        ),
    ),
    excluded=(Text("登记在先的停采 0 次", "0 stops registered before"),),
    grade=Grade.A,
    source=Text("官方文件未给公式；本软件口径", "no official formula; our definition"),
)


class FakeBoard:
    """A board that tests move by hand: `publish` wakes every waiting stream."""

    def __init__(self, snapshot: BoardSnapshot) -> None:
        self.current = snapshot
        self.waiting = 0
        self._changed = asyncio.Event()

    def snapshot(self) -> BoardSnapshot:
        return self.current

    def publish(self, snapshot: BoardSnapshot) -> None:
        self.current = snapshot
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_change(self, seq: int, timeout: float) -> bool:
        if self.current.seq != seq:
            return True
        self.waiting += 1
        try:
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1
        return True

    def explain(self, figure: str) -> Explanation | None:
        return EXPLANATION if figure == "upload_rate" else None
