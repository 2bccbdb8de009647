"""Topics, pointers, values and times of MQTT messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import topic_matches_sub
from pydantic import ValidationError

from connectors.mqtt.config import MqttAddress, MqttConnection, QualityFormat, TimeFormat
from connectors.mqtt.decode import (
    Decoder,
    Rows,
    UndecodableError,
    find,
    read_json,
    route_of,
    split_pointer,
    topic_matches,
)
from connectors.mqtt.values import MISMATCH, to_cell, to_status, to_unix_ns
from model.flags import RowFlag
from model.signal import SignalType
from model.status import BAD, GOOD, UNCERTAIN

# RFC 6901, 5: the document and its evaluations.
RFC_6901 = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC_6901),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_pointer_of_rfc_6901(pointer: str, value: object) -> None:
    assert find(RFC_6901, split_pointer(pointer)) == value


@pytest.mark.parametrize(
    "pointer", ["/x", "/foo/2", "/foo/-", "/foo/00", "/foo/-1", "/foo/0/x", "/foo/9999999999999"]
)
def test_pointer_that_leads_nowhere_is_not_null(pointer: str) -> None:
    found = find(RFC_6901, split_pointer(pointer))
    assert found is not None
    assert found == find({}, ("absent",))


LEVELS = st.lists(st.sampled_from(["a", "b", "", "$SYS"]), min_size=1, max_size=4)


@given(topic=LEVELS, data=st.data())
def test_topic_matching_agrees_with_paho(topic: list[str], data: st.DataObject) -> None:
    pattern = data.draw(
        st.lists(st.sampled_from(["a", "b", "", "+", "$SYS"]), min_size=1, max_size=4)
    )
    if data.draw(st.booleans()):
        pattern.append("#")
    assert topic_matches(pattern, topic) == topic_matches_sub("/".join(pattern), "/".join(topic))


@pytest.mark.parametrize(
    ("value", "form", "ns"),
    [
        (1.001, TimeFormat.S, 1_001_000_000),
        ("1588934532430", TimeFormat.MS, 1_588_934_532_430_000_000),
        (0, TimeFormat.MS, 0),
        (True, TimeFormat.MS, None),
        (None, TimeFormat.MS, None),
        ("soon", TimeFormat.MS, None),
        ("1e400", TimeFormat.S, None),
        (9_214_646_400, TimeFormat.S, None),
        (9_214_646_399, TimeFormat.S, 9_214_646_399_000_000_000),
        (1.7e308, TimeFormat.S, None),
        ("1970-01-01T00:00:00.000000001Z", TimeFormat.ISO8601, 1),
        ("1970-01-01t00:00:01,5z", TimeFormat.ISO8601, 1_500_000_000),
        ("1970-01-01 08:00:00+0800", TimeFormat.ISO8601, 0),
        ("1969-12-31T23:59:59Z", TimeFormat.ISO8601, None),
        ("1970-01-01T00:00:60Z", TimeFormat.ISO8601, None),
        ("1970-01-01", TimeFormat.ISO8601, None),
    ],
)
def test_to_unix_ns(value: object, form: TimeFormat, ns: int | None) -> None:
    assert to_unix_ns(value, form) == ns


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (255, GOOD),
        (192, GOOD),
        (191, BAD),
        (127, UNCERTAIN),
        (64, UNCERTAIN),
        (63, BAD),
        (0, BAD),
        (256, BAD),
        (-1, BAD),
        (True, BAD),
        ("192", BAD),
    ],
)
def test_quality_of_classic_opc(value: object, status: int) -> None:
    assert to_status(value, QualityFormat.OPC_CLASSIC) == status


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("12", SignalType.INT, 12),
        (" -3 ", SignalType.INT, -3),
        ("2.0", SignalType.INT, 2),
        ("18446744073709551615", SignalType.UINT, -1),
    ],
)
def test_number_written_as_text_counts_when_asked(text: str, kind: SignalType, value: int) -> None:
    assert to_cell(text, kind, text_numbers=True) == (value, GOOD, 0, None)
    assert to_cell(text, kind, text_numbers=False) is MISMATCH


@pytest.mark.parametrize("text", ["", "0x10", "1_000", "١٢", "nan", "12 pcs", "2.5"])
def test_text_that_is_no_whole_number_is_a_mismatch(text: str) -> None:
    assert to_cell(text, SignalType.INT, text_numbers=True) is MISMATCH


@pytest.mark.parametrize(("length", "kept"), [(1024, 1024), (1025, 1024)])
def test_text_is_cut_at_1024_bytes(length: int, kept: int) -> None:
    cell = to_cell("x" * length, SignalType.TEXT, text_numbers=False)
    assert len(cell.text or b"") == kept
    assert bool(cell.flags & RowFlag.TEXT_CUT) == (length > kept)


def test_text_is_cut_between_code_points() -> None:
    cell = to_cell("工" * 342, SignalType.TEXT, text_numbers=False)  # 1026 bytes
    assert cell.text == ("工" * 341).encode()  # 1023 bytes


def test_lone_surrogate_becomes_the_replacement_character() -> None:
    cell = to_cell("a\ud800b", SignalType.TEXT, text_numbers=False)
    assert (cell.text or b"").decode().strip("�").startswith("a")
    assert b"\xed\xa0\x80" not in (cell.text or b"")


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"\xff\xfe", b'{"a":NaN', b"run", b"[" * 5000, b"[" * 5000 + b"NaN"]
)
def test_what_is_no_json_is_undecodable(payload: bytes) -> None:
    with pytest.raises(UndecodableError):
        read_json(payload)


@given(payload=st.binary(max_size=200), topic=st.text(max_size=20))
def test_decoder_takes_any_bytes(payload: bytes, topic: str) -> None:
    route = route_of(0, SignalType.FLOAT, MqttAddress(topic="#", pointer="/a", time_pointer="/t"))
    try:
        Decoder([route]).decode(topic, payload, 1, rows := Rows(), retained=False)
    except UndecodableError:
        return
    rows.batch()


def test_simulated_is_noticed_in_the_message_and_in_an_element() -> None:
    route = route_of(0, SignalType.INT, MqttAddress(topic="t", items="/l", pointer="/v"))
    for payload, simulated in (
        (b'{"simulated":true,"l":[]}', True),
        (b'{"l":[{"v":1,"simulated":true}]}', True),
        (b'{"simulated":1,"l":[{"v":1}]}', False),
        (b'{"l":[{"v":1,"note":"simulated"}]}', False),
    ):
        rows = Rows()
        Decoder([route]).decode("t", payload, 1, rows, retained=False)
        assert rows.simulated is simulated


@pytest.mark.parametrize(
    "address",
    [
        {"topic": ""},
        {"topic": "a/b+"},
        {"topic": "a/#/b"},
        {"topic": "a#"},
        {"topic": "t", "pointer": "a"},
        {"topic": "t", "pointer": "/a~2"},
        {"topic": "t", "time_format": "minutes"},
        {"topic": "t", "qos": 1},
    ],
)
def test_address_that_makes_no_sense_is_refused(address: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MqttAddress.model_validate(address)


@pytest.mark.parametrize(
    "change",
    [
        {"version": "3.1"},
        {"qos": 2},
        {"keep_alive": "500 ms"},
        {"keep_alive": "1.5 s"},
        {"password_file": "x"},
        {"tls": {"cert": "x"}},
        {"password": "secret"},
    ],
)
def test_connection_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MqttConnection.model_validate({"protocol": "mqtt", "host": "h", **change})
