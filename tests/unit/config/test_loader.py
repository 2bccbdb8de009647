"""Faults of a plant file: exact line, column, text and hint, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from config.base import ConfigModel, Host, Port
from config.faults import ConfigFaultsError
from config.loader import LoadedPlant, Protocol, load_plant, parse_plant


class _Connection(ConfigModel):
    protocol: Literal["modbus"] = "modbus"
    """Protocol."""
    host: Host
    """Host."""
    port: Port = 502
    """Port."""


class _Address(ConfigModel):
    address: int
    """Register."""


PROTOCOLS = {"modbus": Protocol(_Connection, _Address)}

GOOD = """\
site:
  enterprise: 91500000TEST000017
  name: 一号车间
  workshop: ws1
  realm: sim
calendar:
  day_start: 08:00
  shifts:
    - {name: 早班, start: 08:00, end: 20:00}
    - {name: 晚班, start: 20:00, end: 08:00}
devices:
  - id: plc-01
    name: 装配线
    class: plc
    nc: true
    ideal_cycle: 7/min
    connection: {protocol: modbus, host: 127.0.0.1}
    signals:
      - {name: good, role: count_good, type: uint, address: {address: 10}}
"""


def load(text: str | bytes, environment: dict[str, str] | None = None) -> LoadedPlant:
    data = text if isinstance(text, bytes) else text.encode()
    return parse_plant(data, Path("site.yaml"), protocols=PROTOCOLS, environment=environment or {})


def faults(text: str | bytes) -> list[tuple[int, int, str, str]]:
    with pytest.raises(ConfigFaultsError) as caught:
        load(text)
    return [(f.line, f.column, f.zh, f.hint_zh) for f in caught.value.faults]


def test_good_file_loads_with_times_of_day_as_minutes() -> None:
    plant = load(GOOD)
    assert [(s.start, s.end) for s in plant.config.calendar.shifts] == [(480, 1200), (1200, 480)]
    assert plant.devices[0].protocol == "modbus"
    assert plant.config.devices[0].ideal_cycle is not None
    assert str(plant.config.devices[0].ideal_cycle) == "60000/7"


def test_unknown_setting_names_key_and_suggests() -> None:
    text = GOOD.replace("    nc: true", "    ncc: true")
    assert faults(text) == [(15, 5, "devices.0.ncc 未知的配置项", "是不是想写 nc ？")]


def test_misspelt_setting_suggests_the_right_one() -> None:
    text = GOOD.replace("workshop: ws1", "workshp: ws1")
    found = faults(text)
    assert (4, 3, "site.workshp 未知的配置项", "是不是想写 workshop ？") in found
    assert (2, 3, "site.workshop 缺少", "") in found or any(
        z == "site.workshop 缺少" for _, _, z, _ in found
    )


def test_rendering_has_caret_under_wide_characters() -> None:
    with pytest.raises(ConfigFaultsError) as caught:
        load(GOOD.replace("{name: 早班, start: 08:00", "{name: 早班, start: 25:99"))
    text = caught.value.faults[0].render("zh")
    first, second, third = text.split("\n")
    assert first.startswith("site.yaml:9:25: 错误")
    # Two wide characters before the caret take four columns, so the caret is two further right than the column.
    assert third.index("^") == 4 + (25 - 1) + 2
    assert second.strip().startswith("- {name: 早班")


def test_full_width_colon_is_blamed_on_its_own_line() -> None:
    text = GOOD.replace("  name: 一号车间", "  name：一号车间")
    [(line, column, zh, hint)] = faults(text)
    assert (line, column) == (3, 7)
    assert zh == "全角字符“：”，YAML 需要半角 ':'"
    assert hint == "请切换到英文半角输入"


def test_missing_blank_after_colon_is_named() -> None:
    [(line, column, zh, _)] = faults(GOOD.replace("  realm: sim", "  realm:sim"))
    assert (line, zh) == (5, "冒号后面缺少空格")
    assert column == 8


def test_tab_indent_is_named() -> None:
    [(line, column, zh, _)] = faults(GOOD.replace("  realm: sim", "\trealm: sim"))
    assert (line, column, zh) == (5, 1, "用了制表符缩进")


def test_gbk_file_is_said_plainly() -> None:
    [(line, _, zh, hint)] = faults(GOOD.encode("gbk"))
    assert line == 3
    assert zh.startswith("文件不是 UTF-8 编码")
    assert "GBK" in hint


def test_bom_of_notepad_is_accepted() -> None:
    assert load(b"\xef\xbb\xbf" + GOOD.encode()).config.site.workshop == "ws1"


def test_duplicate_key_names_both_lines() -> None:
    [(line, _, zh, _)] = faults(GOOD.replace("  workshop: ws1", "  workshop: ws1\n  workshop: ws2"))
    assert (line, zh) == (5, "重复的键 'workshop'（第一次在第 4 行）")


def test_unknown_profile_lists_or_suggests() -> None:
    text = GOOD.replace("    nc: true", "    profile: no-such-thing-at-all")
    found = faults(text)
    assert any(line == 15 and "未知的设备模板" in zh for line, _, zh, _ in found)


def test_unknown_protocol_suggests() -> None:
    found = faults(GOOD.replace("protocol: modbus", "protocol: modbos"))
    assert found[0][:2] == (17, 28)
    assert found[0][3] == "是不是想写 modbus ？"


def test_bad_connection_and_address_are_both_reported() -> None:
    text = GOOD.replace("host: 127.0.0.1", "host: 127.0.0.1, port: 99999").replace(
        "address: 10", "address: ten"
    )
    found = faults(text)
    assert [(line, zh) for line, _, zh, _ in found] == [
        (17, "devices.0.connection.port 不能大于 65535"),
        (19, "devices.0.signals.0.address.address 必须是整数"),
    ]


def test_environment_is_replaced_and_missing_is_a_fault() -> None:
    text = GOOD.replace("host: 127.0.0.1", "host: '${PLC_HOST}', port: '${PLC_PORT}'")
    plant = load(text, {"PLC_HOST": "10.0.0.7", "PLC_PORT": "1502"})
    assert plant.devices[0].connection is not None
    assert plant.devices[0].connection.model_dump() == {
        "protocol": "modbus",
        "host": "10.0.0.7",
        "port": 1502,
    }
    assert {zh for _, _, zh, _ in faults(text)} >= {"环境变量 PLC_HOST 没有设置"}


def test_overlapping_shifts_are_refused() -> None:
    [(line, _, zh, _)] = faults(
        GOOD.replace("start: 20:00, end: 08:00", "start: 19:00, end: 08:00")
    )
    assert (line, zh) == (10, "班次“晚班”与“早班”重叠")


def test_duplicate_device_id_is_refused() -> None:
    block = GOOD[GOOD.index("  - id: plc-01") :]
    [(line, _, zh, _)] = faults(GOOD + block)
    assert (line, zh) == (20, "设备编号“plc-01”重复（第一次在第 12 行）")


def test_counter_of_wrong_type_is_refused() -> None:
    [(_, _, zh, _)] = faults(GOOD.replace("type: uint", "type: float"))
    assert zh == "角色 count_good 需要类型 int, uint"


def test_plain_http_on_the_network_needs_consent() -> None:
    [(_, _, zh, hint)] = faults(GOOD + "server: {host: 0.0.0.0}\n")
    assert zh == "看板将以明文在网络地址 0.0.0.0 上公开"
    assert "i_accept_plain_http" in hint
    assert load(GOOD + "server: {host: 0.0.0.0, i_accept_plain_http: true}\n")


def test_stop_without_offset_is_refused() -> None:
    text = GOOD.replace(
        "devices:",
        "  stops:\n    - {asset: plc-01, start: 2026-11-20T08:00, end: 2026-11-20T09:00, kind: pm}\ndevices:",
        1,
    )
    [(line, _, zh, _)] = faults(text)
    assert (line, zh) == (12, "calendar.stops.0 计划停机的时刻要带时区，例如 +08:00")


def test_duration_without_unit_is_refused() -> None:
    [(_, _, zh, _)] = faults(GOOD.replace("    nc: true", "    minor_stop: 5"))
    assert zh == "devices.0.minor_stop 时长要写数字和单位：500 ms、5 min、2 h"


def test_missing_file_is_a_fault_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigFaultsError, match="No such file"):
        load_plant(tmp_path / "none.yaml", protocols=PROTOCOLS, environment={})


@pytest.mark.parametrize("text", ["", "\n\n", "- 1\n- 2\n", "site: [", "just words", "site: {}"])
def test_any_garbage_gives_faults_not_a_crash(text: str) -> None:
    assert faults(text)
