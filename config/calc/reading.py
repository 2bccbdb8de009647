"""A case file → inputs of the calculator: faults of writing stop it, findings take the place of single figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path as FilePath
from typing import Final

from pydantic import ValidationError

from config.base import milliseconds
from config.calc.case import CalcCase
from config.calc.context import Context, whole_ms
from config.calc.days import periods_input
from config.calc.machines import equipment_input, offsets_only, plan_input, window_input
from config.calc.registry import points_input, registry_input
from config.calc.uses import energy_input
from config.faults import ConfigFaultsError, Fault
from config.model_faults import faults_of
from config.yaml_document import parse_yaml
from config.zone_offsets import zone_offsets
from kpi.calc.case import CaseInput, ExpectInput, RequireInput
from kpi.calc.findings import CaseFinding
from kpi.calc.given import CapabilityInput, OperationInput
from kpi.calc.inputs import WindowInput
from kpi.registry.automatic_control import LoopRecord, ModeChange, OutputSample, UnitChange
from kpi.registry.content import Loop

_EPOCH: Final = date(1970, 1, 1).toordinal()
_HOLD_MS: Final = 300_000
_MOST_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class LoadedCase:
    """A case without faults of writing."""

    name: str
    case: CalcCase
    inputs: CaseInput
    findings: tuple[CaseFinding, ...]
    """Of reading: what cannot be used, and how the rest was taken."""


def load_case(path: FilePath) -> LoadedCase:
    """Return the case of a file; raises ConfigFaultsError with every fault of writing."""
    try:
        data = path.read_bytes()
    except OSError as exc:
        text = exc.strerror or str(exc)
        fault = Fault(str(path), 1, 1, "", f"cannot be read: {text}", f"无法读取：{text}")
        raise ConfigFaultsError([fault]) from exc
    return parse_case(data, path.name)


def parse_case(data: bytes, name: str) -> LoadedCase:
    """Return the case of bytes; see `load_case`."""
    if len(data) > _MOST_BYTES:
        size = f"{len(data)} bytes: a case written by hand needs far fewer"
        fault = Fault(name, 1, 1, "", size, f"有 {len(data)} 字节：手写案例远小于此")
        raise ConfigFaultsError([fault])
    document, faults = parse_yaml(data, name)
    if document.value is None:
        raise ConfigFaultsError(faults)
    try:
        case = CalcCase.model_validate(document.value)
    except ValidationError as exc:
        faults += faults_of(exc, CalcCase, document, root="case")
        raise ConfigFaultsError(sorted(faults, key=lambda f: (f.line, f.column))) from exc
    if faults:
        raise ConfigFaultsError(faults)
    calendar = offsets_only(case.zone, zone_offsets(case.zone))
    context = Context(document, case.day.toordinal() - _EPOCH, calendar)
    inputs = _inputs(case, context)
    return LoadedCase(name, case, inputs, tuple(context.findings))


def _inputs(case: CalcCase, context: Context) -> CaseInput:
    plan = plan_input(case.calendar, context) if case.calendar is not None else None
    window = window_input(case, context)
    registry = registry_input(case, context)
    return CaseInput(
        equipment=equipment_input(case, context, plan, window),
        numbers=_numbers(case),
        capability=tuple(
            CapabilityInput(c.name, c.values, c.lower, c.upper, c.kind == "process")
            for c in case.capability
        ),
        operations=tuple(OperationInput(o.name, o.inspected, o.good) for o in case.operations),
        registry=registry,
        points=points_input(case, context, registry, plan, window),
        energy=energy_input(case, context, window if case.window is not None else None),
        loops=_loops(case, context),
        loop_window=_loop_window(case, context, window),
        periods=periods_input(case, context),
        expect=tuple(
            ExpectInput(
                figure=e.figure,
                value=e.value,
                note_zh=e.note.zh if e.note else "",
                note_en=e.note.en if e.note else "",
                place=context.place(("expect", i, "figure")),
            )
            for i, e in enumerate(case.expect)
        ),
        require=tuple(
            RequireInput(
                figure=r.figure,
                value=r.at_least or r.at_most or "",
                at_least=r.at_least is not None,
                place=context.place(("require", i, "figure")),
            )
            for i, r in enumerate(case.require)
        ),
    )


def _numbers(case: CalcCase) -> dict[str, Fraction]:
    """Return the numbers that no machine gives, by the symbols of ISO 22400-2."""
    found: dict[str, Fraction | int | None] = {}
    if (o := case.orders) is not None:
        found |= {
            "AOET": whole_ms(o.execution_time),
            "ΣAUBT": whole_ms(o.busy_time),
            "ΣAPT": whole_ms(o.production_time),
            "PQ": o.produced,
            "PQ of the first operation": o.produced_first,
            "SQ": o.scrap,
            "PSQ": o.planned_scrap,
            "IP": o.inspected,
            "GP": o.good_first_pass,
            "equipment production capacity": o.capacity,
        }
    if (w := case.workers) is not None:
        found |= {"APWT": whole_ms(w.work), "APAT": whole_ms(w.attendance)}
    if (m := case.maintenance) is not None:
        found |= {"CMT": whole_ms(m.corrective), "PMT": whole_ms(m.planned)}
    if (x := case.material) is not None:
        found |= {
            "CM": x.consumed,
            "GQ": x.good,
            "IGQ": x.integrated_good,
            "PL": x.production_loss,
            "STL": x.storage_loss,
            "OL": x.other_loss,
            "throughput": x.throughput,
            "average inventory": x.average_inventory,
        }
    return {symbol: Fraction(n) for symbol, n in found.items() if n is not None}


def _loops(case: CalcCase, context: Context) -> tuple[LoopRecord, ...]:
    found = []
    for i, loop in enumerate(case.loops):
        if loop.low >= loop.high:
            context.stop(
                "loops.span",
                ("loops", i, "low"),
                f"回路 {loop.id} 的量程下限 {loop.low} 不小于上限 {loop.high}：该回路未采用",
                f"the span of loop {loop.id} runs from {loop.low} to {loop.high}: the loop is not used",
            )
            continue
        found.append(
            LoopRecord(
                loop=Loop(
                    id=loop.id,
                    name=loop.name,
                    unit=loop.unit,
                    normally_automatic=loop.normally_automatic,
                    span=(loop.low, loop.high),
                ),
                modes=tuple(
                    ModeChange(at, m) for at, m in sorted((context.ms(t), m) for t, m in loop.modes)
                ),
                units=tuple(
                    UnitChange(at, s)
                    for at, s in sorted((context.ms(t), s) for t, s in loop.running)
                ),
                outputs=tuple(
                    OutputSample(at, v)
                    for at, v in sorted((context.ms(t), v) for t, v in loop.outputs)
                ),
                hold_ms=milliseconds(loop.hold) if loop.hold is not None else _HOLD_MS,
            )
        )
    return tuple(found)


def _loop_window(
    case: CalcCase, context: Context, window: WindowInput | None
) -> WindowInput | None:
    if case.loops and case.window is None:
        context.stop(
            "loops.no-window",
            ("loops",),
            "有控制回路但没有写 window：不知道统计哪段时间",
            "control loops without a window: which time they are of is not known",
        )
        return None
    return window
