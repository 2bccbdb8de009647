from __future__ import annotations

import pytest
from pydantic import ValidationError

from config.base import milliseconds
from connectors.opcua import SPEC
from connectors.opcua.config import OpcUaAddress, OpcUaConnection
from connectors.opcua.errors import RefusedError, no_endpoint, refused, timed_out, unreachable
from model.errors import PermanentError, TransientError

URL = "opc.tcp://192.168.0.10:4840"


def test_security_must_be_written_even_when_none() -> None:
    with pytest.raises(ValidationError, match="security"):
        OpcUaConnection.model_validate({"url": URL})
    connection = OpcUaConnection.model_validate({"url": URL, "security": "none"})
    assert milliseconds(connection.publishing_interval) == 500
    assert connection.publish_requests == 3
    assert milliseconds(connection.reread) == 60_000


@pytest.mark.parametrize(
    "more",
    [
        {"url": "opc.tcp://user:secret@10.0.0.1:4840"},
        {"url": "http://10.0.0.1"},
        {"certificate_file": "a.der"},
        {"password_file": "p.txt"},
        {"namespaces": {"MT": "urn:x"}},
        {"publish_requests": 0},
        {"colour": "blue"},
    ],
)
def test_connection_that_cannot_be_meant_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OpcUaConnection.model_validate({"url": URL, "security": "none", **more})


@pytest.mark.parametrize(
    "node", ["ns=2;s=/Channel/State/actParts[u1,1]", "nsu=urn:x;i=5", "i=2258", 'ns=3;s="DB"."x"']
)
def test_address_by_node(node: str) -> None:
    assert OpcUaAddress.model_validate({"node": node}).node == node


@pytest.mark.parametrize(
    "address",
    [
        {},
        {"node": "i=1", "path": ["MT:X"]},
        {"node": "Channel/State"},
        {"node": "ns=x;s=1"},
        {"node": "i=1", "deadband": 0},
        {"node": "i=1", "index": -1},
        {"path": ["MT:Monitoring", ""]},
        {"path": ["MY:Machines", "<MT>"]},
    ],
)
def test_address_that_cannot_be_meant_is_refused(address: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OpcUaAddress.model_validate(address)


def test_spec_names_the_models() -> None:
    assert SPEC.protocol == "opcua"
    assert SPEC.connection_model is OpcUaConnection
    assert SPEC.address_model is OpcUaAddress


@pytest.mark.parametrize(
    ("code", "kind", "word_en", "word_zh"),
    [
        (0x80210000, PermanentError, "password_file", "用户名"),
        (0x801A0000, PermanentError, "trusted list", "受信任"),
        (0x80170000, PermanentError, "application URI", "URI"),
        (0x80560000, TransientError, "no session left", "会话"),
        (0x80AB0000, TransientError, "0x80AB0000", "0x80AB0000"),
    ],
)
def test_error_says_what_to_do_in_both_languages(
    code: int, kind: type[Exception], word_en: str, word_zh: str
) -> None:
    error = refused(
        RefusedError(code, "BadSomething"), URL, "ActivateSession", "pki/own/plantproof.der"
    )
    assert isinstance(error, kind)
    assert word_en in error.en
    assert word_zh in error.zh
    assert URL in error.en
    assert URL in error.zh


def test_errors_of_the_network_name_the_server() -> None:
    for error in (unreachable(URL, "refused"), timed_out(URL, "Read", 4.0)):
        assert isinstance(error, TransientError)
        assert URL in error.text("zh")
    assert "Basic256Sha256/Sign" in no_endpoint(URL, "none", "Basic256Sha256/Sign").en
