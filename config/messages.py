"""Texts in both languages for what pydantic finds, with a hint where one is known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

_TEXTS: dict[str, tuple[str, str]] = {
    "missing": ("is missing", "缺少"),
    "enum": ("must be one of {expected}", "只能是 {expected} 之一"),
    "literal_error": ("must be {expected}", "只能是 {expected}"),
    "string_type": ("must be text", "必须是文字"),
    "int_type": ("must be a whole number", "必须是整数"),
    "int_parsing": ("must be a whole number", "必须是整数"),
    "int_from_float": ("must be a whole number", "必须是整数"),
    "bool_type": ("must be true or false", "只能是 true 或 false"),
    "bool_parsing": ("must be true or false", "只能是 true 或 false"),
    "float_parsing": ("must be a number", "必须是数字"),
    "greater_than_equal": ("must be at least {ge}", "不能小于 {ge}"),
    "greater_than": ("must be greater than {gt}", "必须大于 {gt}"),
    "less_than_equal": ("must be at most {le}", "不能大于 {le}"),
    "too_short": ("needs at least {min_length} entries", "至少需要 {min_length} 项"),
    "string_too_short": ("must not be empty", "不能为空"),
    "string_too_long": ("is longer than {max_length} characters", "超过 {max_length} 个字符"),
    "string_pattern_mismatch": ("does not match the pattern {pattern}", "不符合格式 {pattern}"),
    "tuple_type": ("must be a list", "必须是列表"),
    "list_type": ("must be a list", "必须是列表"),
    "dict_type": ("must be a mapping of keys", "必须是键值表"),
    "model_type": ("must be a mapping of keys", "必须是键值表"),
    "model_attributes_type": ("must be a mapping of keys", "必须是键值表"),
    "datetime_from_date_parsing": (
        "must be an instant like 2026-11-20T08:00+08:00",
        "必须是时刻，例如 2026-11-20T08:00+08:00",
    ),
    "datetime_parsing": (
        "must be an instant like 2026-11-20T08:00+08:00",
        "必须是时刻，例如 2026-11-20T08:00+08:00",
    ),
    "date_from_datetime_parsing": ("must be a date like 2026-10-01", "必须是日期，例如 2026-10-01"),
    "date_parsing": ("must be a date like 2026-10-01", "必须是日期，例如 2026-10-01"),
}

_OWN: dict[str, str] = {
    "a duration needs a number and a unit: 500 ms, 1.5 s, 5 min, 2 h, 7 d": "时长要写数字和单位：500 ms、5 min、2 h",
    "durations are whole milliseconds": "时长必须是整毫秒",
    "an ideal cycle is a time per piece (90 s) or a rate (7/min)": "理想节拍要写每件时间（90 s）或速率（7/min）",
    "write an exact number as text: 1000, 0.01 or 1/3": "请写精确的数：1000、0.01 或 1/3",
    'a time of day is written "08:00" (with quotes or without)': "时刻要写成 08:00",
    "a planned stop needs instants with an offset, like +08:00": "计划停机的时刻要带时区，例如 +08:00",
    "the end of a planned stop lies before its start": "计划停机的结束早于开始",
    "a counter event needs an instant with an offset, like +08:00": "计数器事件的时刻要带时区，例如 +08:00",
    "inputs are state, optionally followed by mode and order": "inputs 是 state，其后可加 mode 和 order",
    "a table with several inputs needs rows, not map": "有多个输入的状态表要写 rows，不能写 map",
    "every row needs one value per input": "每一行的 values 个数要与 inputs 相同",
    "a threshold is at_least or at_most": "阈值写 at_least 或 at_most，二选一",
    "machines are written at the top or in `machines`, not both": "设备写在最外层，或写在 machines 中，不能两处都写",
    "unknown time zone; write for example Asia/Shanghai": "没有这个时区；例如 Asia/Shanghai",
    "an energy unit is one of kWh, MWh, kJ, MJ, GJ, kg, t, m3, L, 万kWh, 万m3": (
        "能源单位只能是 kWh、MWh、kJ、MJ、GJ、kg、t、m3、L、万kWh、万m3"
    ),
    "time is written in exactly one of atoms, iso22400, tpm, semi_e10, vdi3423": (
        "time 只能写 atoms、iso22400、tpm、semi_e10、vdi3423 中的一个"
    ),
    "a highest rate is written 60/min, 5000/h or unlimited": "最大速率写成 60/min、5000/h 或 unlimited",
    "an instant is written 08:00, 2026-03-02T08:00 or 2026-03-02T08:00+08:00": (
        "时刻写成 08:00、2026-03-02T08:00 或 2026-03-02T08:00+08:00"
    ),
    "a share is written 10 %, 0.1 or 1/10": "比例写成 10 %、0.1 或 1/10",
    "a point has slots by outcome or values with times, not both": (
        "一个采集点写 slots（按结果计数）或 values（带时刻的值），二选一"
    ),
    "a duration is at most 1000000 d": "时长最长 1000000 d",
    "a time per piece has at most 15 digits": "每件时间最多 15 位数字",
}


def describe(error: dict[str, Any]) -> tuple[str, str]:
    """Return (en, zh) for one entry of `ValidationError.errors()`, without the path."""
    kind = error["type"]
    context = {k: v for k, v in error.get("ctx", {}).items() if k != "error"}
    if kind == "value_error":
        en = error["msg"].removeprefix("Value error, ")
        return en, _OWN.get(en, en)
    if kind in _TEXTS:
        en, zh = _TEXTS[kind]
        return en.format_map(context), zh.format_map(context)
    message = error["msg"]
    return message, message


def suggestion(word: str, known: Iterable[str]) -> tuple[str, str]:
    """Return the hint "did you mean …" in both languages, or empty texts."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    if not close:
        return "", ""
    return f"did you mean {close[0]} ?", f"是不是想写 {close[0]} ？"
