"""Why a figure cannot be known, in the words of the claim and in both languages."""

from __future__ import annotations

from enum import StrEnum

from model.ratio import Undefined


class Reason(StrEnum):
    """Value of `detail.undefined`."""

    NO_PLANNED_TIME = "no_planned_time"
    NO_PIECES = "no_pieces"
    NO_REGISTERED_ASSET = "no_registered_asset"
    NO_EXPECTED_SLOT = "no_expected_slot"
    NO_ENERGY = "no_energy"
    NO_REJECT_SIGNAL = "no_reject_signal"
    NO_BASELINE = "no_baseline"
    NO_IDEAL_CYCLE = "no_ideal_cycle"
    NO_RUNNING_TIME = "no_running_time"
    NO_COEFFICIENT = "no_coefficient"

    @property
    def text(self) -> Undefined:
        """Return the reason in both languages."""
        return _TEXTS[self]


_TEXTS = {
    Reason.NO_PLANNED_TIME: Undefined("no planned time in the window", "窗口内没有计划工作时间"),
    Reason.NO_PIECES: Undefined("no good piece in the window", "窗口内没有合格品"),
    Reason.NO_REGISTERED_ASSET: Undefined(
        "no production equipment in the registry", "台账中没有生产装备"
    ),
    Reason.NO_EXPECTED_SLOT: Undefined(
        "no slot was expected of any required point", "没有任何必采点有应采时隙"
    ),
    Reason.NO_ENERGY: Undefined("a meter gave no reading", "有电表没有读数"),
    Reason.NO_REJECT_SIGNAL: Undefined(
        "no signal tells good pieces from rejects, so quality is not measured",
        "没有区分合格品与不合格品的信号，质量未测量",
    ),
    Reason.NO_IDEAL_CYCLE: Undefined(
        "no asset has an ideal cycle all the time", "没有始终具备理想节拍的设备"
    ),
    Reason.NO_RUNNING_TIME: Undefined(
        "no control loop ran in the window", "窗口内没有控制回路在运行"
    ),
    Reason.NO_COEFFICIENT: Undefined(
        "an energy carrier has no coefficient, or the coefficients change inside the window",
        "有能源品种没有折标系数，或折标系数在窗口内有变化",
    ),
    Reason.NO_BASELINE: Undefined(
        "no valid day before or after, so nothing can be compared",
        "建设前或建设后没有有效日，无法比较",
    ),
    Reason.NO_IDEAL_CYCLE: Undefined("no asset has an ideal cycle", "没有任何设备登记理想节拍"),
    Reason.NO_RUNNING_TIME: Undefined(
        "no control loop, or the unit did not run in the window", "没有控制回路，或窗口内装置未运行"
    ),
    Reason.NO_COEFFICIENT: Undefined(
        "an energy carrier has no coefficient, or its coefficient changed in the window",
        "有能源品种没有折标系数，或系数在窗口内变更",
    ),
}
