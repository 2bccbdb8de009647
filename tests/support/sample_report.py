"""A plausible report for tests: 28 days before, 28 after, nine devices, nothing random."""

from __future__ import annotations

import base64
import hashlib
from datetime import date, timedelta
from fractions import Fraction

from model.state import Atom, MachineState
from reports.model import (
    Attachment,
    CalendarUsed,
    ClauseLine,
    ConfigChange,
    DailyPoint,
    DailySeries,
    DeviceRow,
    Finding,
    Gap,
    KpiRow,
    LogHead,
    Measured,
    Period,
    ReportData,
    Scheme,
    ShiftLine,
    Site,
    Software,
    StateSegment,
)
from reports.statistics_model import (
    CounterGap,
    EnergyRow,
    ImportLine,
    LoopRow,
    ProductRow,
    RatioRow,
)
from reports.words import Grade, KpiKey, Text, Unit, VerdictWord
from tests.support.board import EV_ORIGIN, ROOT, SIM_ORIGIN, clauses

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
BEFORE_FIRST = 1_790_812_800_000  # 2026-10-01 08:00 +08:00
BEFORE = Period(
    first_ms=BEFORE_FIRST, last_ms=BEFORE_FIRST + 28 * DAY_MS, sealed_ms=BEFORE_FIRST + 29 * DAY_MS
)
AFTER = Period(first_ms=BEFORE_FIRST + 30 * DAY_MS, last_ms=BEFORE_FIRST + 58 * DAY_MS)


def note(origin: str, size: int, root: str) -> str:
    """Return a checkpoint note with a signature line of the right length."""
    head = f"{origin}\n{size}\n{base64.b64encode(bytes.fromhex(root)).decode()}\n"
    signature = base64.b64encode(bytes(range(4)) + hashlib.sha512(head.encode()).digest()).decode()
    return f"{head}\n— {origin} {signature}\n"


def _series(
    key: KpiKey, unit: Unit, start: Fraction, end: Fraction, target: Fraction | None = None
) -> DailySeries:
    def points(first: date, level: Fraction, holes: set[int]) -> list[DailyPoint]:
        return [
            DailyPoint(
                day=(first + timedelta(days=i)).isoformat(),
                value=None
                if i in holes
                else level * (1000 + ((i * 37) % 11 - 5) * 8 + ((i * 53) % 7 - 3) * 6) / 1000,
                valid=i % 13 != 9,
            )
            for i in range(28)
        ]

    return DailySeries(
        key=key,
        unit=unit,
        before=points(date(2026, 10, 1), start, set()),
        after=points(date(2026, 10, 31), end, {11}),
        target=target,
    )


def _atoms(seed: int) -> dict[Atom, int]:
    total = 28 * DAY_MS
    shares = {
        Atom.RUN: 590 + seed * 11,
        Atom.SETUP: 40,
        Atom.MINOR: 21,
        Atom.FAULT: 30 + seed,
        Atom.WAIT: 66 - seed * 4,
        Atom.IDLE: 38,
        Atom.TEST: 5,
        Atom.PM: 14,
        Atom.BRK: 41,
        Atom.UNK: 6 + seed,
    }
    found = {atom: total * share // 1000 for atom, share in shares.items()}
    found[Atom.OFF] = total - sum(found.values())
    return found


def _segments(seed: int, first: int) -> list[StateSegment]:
    order = (
        MachineState.RUN,
        MachineState.WAIT,
        MachineState.RUN,
        MachineState.SETUP,
        MachineState.RUN,
        MachineState.FAULT,
        MachineState.IDLE,
    )
    found, at, i = [], first, seed
    while at < first + DAY_MS:
        length = (23 + (i * 31 + seed * 17) % 120) * 60_000
        state = order[i % len(order)]
        if state is MachineState.FAULT:
            length //= 3
        found.append(
            StateSegment(first_ms=at, last_ms=min(at + length, first + DAY_MS), state=state)
        )
        at, i = at + length, i + 1
    return found


def _devices() -> list[DeviceRow]:
    names = (
        ("cnc-01", "五轴加工中心", "Machining centre", "加工", 90_000, "demo-cnc/1"),
        ("cnc-02", "数控车床", "CNC lathe", "加工", 60_000, "demo-sinumerik/1"),
        ("robot-01", "六轴焊接机器人", "Welding robot", "焊接", 45_000, "demo-robot/1"),
        ("plc-01", "装配线 PLC", "Assembly line", "装配", 20_000, "demo-plc/1"),
        ("press-01", "冲压机", "Press", "冲压", 6_000, "demo-press/1"),
    )
    first = AFTER.first_ms + 17 * DAY_MS
    found = []
    for i, (device, zh, en, kind, cycle, table) in enumerate(names):
        good = 14_000 + i * i * 9_300
        missed = 380 + i * 271
        expected = 3 * 28 * 1440
        gap = Gap(
            device=device,
            signal="state",
            first_ms=AFTER.first_ms + (5 + i) * DAY_MS,
            last_ms=AFTER.first_ms + (5 + i) * DAY_MS + (18 + i * 23) * 60_000,
            cause=Text("网络中断", "network"),
        )
        found.append(
            DeviceRow(
                id=device,
                name=Text(zh, en),
                kind=Text(kind, "production"),
                connected=True,
                nc=True,
                ideal_cycle_ms=Fraction(cycle),
                state_table=table,
                atoms=_atoms(i),
                good=good,
                scrap=good // 61,
                total=good + good // 61,
                oee=Fraction(66 + i, 100),
                outcomes={
                    "on_time": expected - missed - 5_200,
                    "held_alive": 5_000,
                    "late": 120,
                    "bad_quality": 80,
                    "missed_network": missed - 40,
                    "missed_device": 40,
                },
                upload_rate=Fraction(expected - missed - 200, expected),
                longest_gap=gap,
                resets=i % 2,
                quarantined=i % 3,
                segments=_segments(i, first),
            )
        )
    for i, name in enumerate(("总电表 A", "电表 B")):
        found.append(
            DeviceRow(
                id=f"meter-0{i + 1}",
                name=Text(name, f"Meter {'AB'[i]}"),
                kind=Text("电表", "meter"),
                connected=True,
                production=False,
                energy_wh=4_812_337 + i * 913_004,
                outcomes={
                    "on_time": 40_100 - i * 600,
                    "held_alive": 0,
                    "missed_network": 220 + i * 600,
                },
                upload_rate=Fraction(40_100 - i * 600, 40_320),
            )
        )
    found.append(
        DeviceRow(
            id="manual-01",
            name=Text("手动钻床", "Manual drill"),
            kind=Text("手动", "manual"),
            connected=False,
        )
    )
    found.append(
        DeviceRow(
            id="insp-01",
            name=Text("三坐标检测", "Measuring"),
            kind=Text("检测", "inspection"),
            connected=False,
            production=False,
        )
    )
    return found


def _ratios() -> list[RatioRow]:
    return [
        RatioRow(
            name=Text("关键工序数控化率（按设备）", "NC rate of key processes, by equipment"),
            before=Fraction(3, 4),
            after=Fraction(1),
            above=("cnc-01", "cnc-02", "robot-01"),
            below=("cnc-01", "cnc-02", "robot-01"),
            sets=(3, 3),
            grade=Grade.D,
        ),
        RatioRow(
            name=Text("关键工序数控化率（按工序）", "NC rate of key processes, by process"),
            before=None,
            after=None,
            above=(),
            below=(),
            sets=(0, 0),
            grade=Grade.D,
            reason=Text("没有登记的生产装备", "no registered production equipment"),
        ),
    ]


def _products() -> list[ProductRow]:
    def row(device: str, product: str, ideal: int, high: int, made: int | None) -> ProductRow:
        good = 12_031 if made is None else made * 97 // 100
        return ProductRow(
            device=device,
            product=product,
            ideal_ms=Fraction(ideal),
            ideal_high_ms=Fraction(high),
            made=made,
            good=good,
            scrap=None if made is None else made - good,
            rework=None,
        )

    return [
        row("cnc-01", "", 90_000, 120_000, 214),
        row("cnc-01", "壳体-A", 90_000, 90_000, 8_914),
        row("cnc-01", "法兰-B", 120_000, 120_000, 4_022),
        row("cnc-02", "", 60_000, 60_000, None),
    ]


def _counter_gaps() -> list[CounterGap]:
    first = AFTER.first_ms + 3 * DAY_MS
    return [
        CounterGap(
            device=f"plc-0{1 + i % 2}",
            role=Text("合格计数", "good counter"),
            signal="good",
            first_ms=first + i * HOUR_MS,
            last_ms=first + i * HOUR_MS + 720_000,
            planned_ms=720_000 - i * 60_000,
            most=None if i == 1 else 54 - i,
        )
        for i in range(3)
    ]


def _kpis() -> list[KpiRow]:
    full = Fraction(981, 1000)
    return [
        KpiRow(
            key=KpiKey.UPLOAD_RATE,
            algorithm="upload-rate/1",
            unit=Unit.PERCENT,
            decimals=2,
            before=Measured(value=Fraction(7_301, 9_001), coverage=Fraction(811, 1000)),
            after=Measured(value=Fraction(226_530, 241_920), coverage=full),
            threshold=Fraction(9, 10),
            word=VerdictWord.PASS,
            grade=Grade.A,
        ),
        KpiRow(
            key=KpiKey.OEE,
            algorithm="oee-iso22400/1",
            unit=Unit.PERCENT,
            decimals=2,
            before=Measured(
                value=Fraction(3_513_888, 6_048_001), coverage=Fraction(938, 1000), valid_days=26
            ),
            after=Measured(
                value=Fraction(4_136_917, 6_048_001),
                low=Fraction(4_136_917, 6_048_001),
                high=Fraction(4_150_001, 6_048_001),
                coverage=full,
                valid_days=25,
            ),
            change=Fraction(4_136_917, 3_513_888) - 1,
            interval=("0.14200345678901234567", "0.21310987654321098765"),
            change_threshold=Fraction(1, 10),
            word=VerdictWord.PASS,
            grade=Grade.A,
        ),
        KpiRow(
            key=KpiKey.OEE_BY_PRODUCT,
            algorithm="oee/2",
            unit=Unit.PERCENT,
            decimals=2,
            before=Measured(
                value=Fraction(58, 100),
                low=Fraction(57, 100),
                high=Fraction(59, 100),
                coverage=Fraction(938, 1000),
            ),
            after=Measured(
                value=Fraction(684, 1000), low=Fraction(68, 100), unbounded=True, coverage=full
            ),
            grade=Grade.A,
        ),
        KpiRow(
            key=KpiKey.DEFECT_RATE,
            algorithm="defect-rate/1",
            unit=Unit.PERCENT,
            decimals=2,
            before=Measured(value=Fraction(33, 1000), low=Fraction(33, 1000), high=Fraction(1)),
            after=Measured(value=Fraction(21, 1000), low=Fraction(2, 100), high=Fraction(23, 1000)),
            grade=Grade.B,
        ),
        KpiRow(
            key=KpiKey.UNIT_ENERGY,
            algorithm="unit-energy/1",
            unit=Unit.KGCE_PER_PIECE,
            decimals=6,
            before=Measured(value=Fraction(5_764, 10**6)),
            after=Measured(value=Fraction(5_067, 10**6)),
            grade=Grade.A,
        ),
        KpiRow(
            key=KpiKey.AUTOMATIC_CONTROL,
            algorithm="automatic-control/1",
            unit=Unit.PERCENT,
            decimals=2,
            after=Measured(value=Fraction(93, 100)),
            grade=Grade.B,
        ),
        KpiRow(
            key=KpiKey.ENERGY_PER_PIECE,
            algorithm="energy-per-piece/2",
            unit=Unit.WH_PER_PIECE,
            decimals=2,
            before=Measured(
                value=Fraction(5_725_341, 122_071), coverage=Fraction(99, 100), valid_days=27
            ),
            after=Measured(
                value=Fraction(5_725_341, 138_873), coverage=Fraction(97, 100), valid_days=26
            ),
            change=1 - Fraction(122_071, 138_873),
            interval=("0.07100000000000000000", "0.16812345678901234567"),
            change_threshold=Fraction(8, 100),
            word=VerdictWord.PASS_POINT,
            grade=Grade.A,
        ),
        KpiRow(
            key=KpiKey.NC_RATIO,
            algorithm="nc-ratio/1",
            unit=Unit.PERCENT,
            decimals=2,
            after=Measured(value=Fraction(5, 6)),
            threshold=Fraction(1, 2),
            word=VerdictWord.PASS,
            grade=Grade.A,
        ),
        KpiRow(
            key=KpiKey.NETWORKED,
            algorithm="networked/1",
            unit=Unit.PERCENT,
            decimals=2,
            after=Measured(value=Fraction(5, 6)),
        ),
        KpiRow(
            key=KpiKey.UTILISATION,
            algorithm="utilisation/1",
            unit=Unit.PERCENT,
            decimals=2,
            before=Measured(value=None, reason=Text("无状态信号", "no state signal")),
            after=Measured(value=Fraction(6_118, 10_000), coverage=full),
            word=VerdictWord.UNDETERMINED,
        ),
    ]


def sample(
    origin: str = SIM_ORIGIN, attachments: tuple[Attachment, ...] = (), name: str = "一号车间"
) -> ReportData:
    """Return a whole report; only the origin decides whether it is simulated."""
    devices = _devices()
    gaps = [d.longest_gap for d in devices if d.longest_gap]
    gaps += [
        Gap(
            device=f"cnc-0{1 + i % 2}",
            signal="good",
            first_ms=AFTER.first_ms + (i * 41 % 670) * HOUR_MS,
            last_ms=AFTER.first_ms + (i * 41 % 670) * HOUR_MS + (3 + i) * 60_000,
            cause=Text("服务端无应答", "server silent"),
        )
        for i in range(11)
    ]
    return ReportData(
        site=Site(
            name=name,
            enterprise=origin.split("/")[1],
            workshop="ws1",
            zone="Asia/Shanghai",
            utc_offset_min=480,
        ),
        log=LogHead(
            origin=origin,
            size=83_520,
            root=ROOT,
            note=note(origin, 83_520, ROOT),
            key=f"{origin}+00010203+AaTestKeyTestKeyTestKeyTestKeyTestKeyTestKey0=",
            signed_ms=AFTER.last_ms + 2 * HOUR_MS,
        ),
        before=BEFORE,
        after=AFTER,
        issued_ms=AFTER.last_ms + 3 * HOUR_MS,
        scheme=Scheme(
            id="CQ18-WS",
            title=Text("重庆市数字化车间认定 第四条", "Digital workshop of Chongqing, article 4"),
            document="渝经信发〔2018〕22号",
            note=Text(
                "该办法自 2018 年 4 月起试行两年，是否现行有效请以主管部门为准。",
                "A two-year trial from April 2018; ask the authority whether it is in force.",
            ),
            verdict=VerdictWord.FAIL,
        ),
        clauses=[
            ClauseLine(
                id=c.id,
                number=c.number,
                wording=c.wording,
                evaluated=c.evaluated,
                verdict=c.verdict,
                required=c.required,
                value=c.value,
                threshold=c.threshold,
                grade=c.grade,
            )
            for c in clauses()
        ],
        kpis=_kpis(),
        devices=devices,
        ratios=_ratios(),
        products=_products(),
        counter_gaps=_counter_gaps(),
        left_out=("insp-02",),
        coefficients="gb-t-2589-2020-annex-a",
        energy=[
            EnergyRow(
                meter="meter-01",
                carrier=Text("电力（当量值）", "electricity, equivalent value"),
                quantity=5_725_341,
                kgce=Fraction(5_725_341 * 1229, 10**7),
                marks=((Text("隔离", "quarantined"), 1), (Text("清零", "reset"), 2)),
            ),
            EnergyRow(
                meter="gas-01", carrier=Text("天然气", "natural gas"), quantity=None, kgce=None
            ),
        ],
        loops=[
            LoopRow(
                device="furnace-01",
                loop="tic-101",
                running_ms=500 * HOUR_MS,
                automatic_ms=465 * HOUR_MS,
                limit_ms=20 * HOUR_MS,
                unknown_ms=5 * HOUR_MS,
                changes=41,
            )
        ],
        imports=[
            ImportLine(
                number=3,
                table=Text("运营成本", "operating cost"),
                file="运营成本-建设前.xlsx",
                rows=12,
                by="张三",
                originals=1,
                digest=hashlib.sha256(b"import").hexdigest(),
            )
        ],
        daily=[
            _series(
                KpiKey.UPLOAD_RATE,
                Unit.PERCENT,
                Fraction(81, 100),
                Fraction(936, 1000),
                Fraction(9, 10),
            ),
            _series(KpiKey.OEE, Unit.PERCENT, Fraction(581, 1000), Fraction(684, 1000)),
            _series(
                KpiKey.ENERGY_PER_PIECE, Unit.WH_PER_PIECE, Fraction(469, 10), Fraction(412, 10)
            ),
        ],
        gantt_day="2026-11-17",
        gantt_ms=(AFTER.first_ms + 17 * DAY_MS, AFTER.first_ms + 18 * DAY_MS),
        gaps=gaps,
        config_changes=[
            ConfigChange(
                at_ms=BEFORE.first_ms - HOUR_MS,
                entry=1,
                digest=hashlib.sha256(b"a").hexdigest(),
                summary=Text("首份配置：9 台设备，18 个必采点", "first configuration"),
            ),
            ConfigChange(
                at_ms=AFTER.first_ms - DAY_MS,
                entry=41_771,
                digest=hashlib.sha256(b"b").hexdigest(),
                summary=Text("改造后：cnc-01 理想节拍由 100 s 改为 90 s", "after the retrofit"),
            ),
        ],
        findings=[
            Finding(
                code="anchor-none",
                text=Text("账本未锚定", "no anchor"),
                effect=Text("数据仅为企业自证", "self-asserted"),
            ),
            Finding(
                code="counter-reset",
                text=Text("cnc-02 合格计数在 2026-11-09 清零一次", "reset"),
                effect=Text("OEE 上界高于实测值", "bounds differ"),
            ),
        ],
        calendar=CalendarUsed(
            day_start_min=480,
            shifts=[
                ShiftLine(name="早班", from_min=480, to_min=1200, weekdays=(1, 2, 3, 4, 5, 6, 7)),
                ShiftLine(name="晚班", from_min=1200, to_min=1920, weekdays=(1, 2, 3, 4, 5)),
            ],
            breaks=[(720, 750), (1440, 1470)],
            holidays=["2026-10-01"],
            stops=2,
            late_stops=1,
        ),
        software=Software(
            version="plantproof 0.1.0", digest=hashlib.sha256(b"software").hexdigest()
        ),
        not_provable=[
            Text(
                "不能证明电表 B 的倍率与铭牌一致（未提供照片）。",
                "The ratio of meter B (no photograph).",
            )
        ],
        attachments=attachments,
    )


__all__ = ["AFTER", "BEFORE", "EV_ORIGIN", "SIM_ORIGIN", "note", "sample"]
