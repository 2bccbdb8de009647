"""Which faults of a broker can be cured by trying again."""

from __future__ import annotations

import ssl

import pytest

from connectors.mqtt.errors import lost, not_connected, refused, unreadable
from model.errors import PermanentError, TransientError
from model.flags import MissedCause


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0x84, PermanentError),  # unsupported protocol version
        (0x85, PermanentError),  # client identifier not valid
        (0x86, PermanentError),  # bad user name or password
        (0x87, PermanentError),  # not authorised
        (0x88, TransientError),  # server unavailable
        (0x89, TransientError),  # server busy
        (0x97, TransientError),  # quota exceeded
    ],
)
def test_reason_of_a_refused_connection(code: int, kind: type[Exception]) -> None:
    error = refused("broker:1883", code, "Name of the code")
    assert isinstance(error, kind)
    assert isinstance(error, TransientError) == (kind is TransientError)
    assert "broker:1883" in error.en
    assert error.zh != error.en


def test_cause_of_a_missed_slot_follows_from_the_fault() -> None:
    causes = [
        lost("b:1", 0x80, "Unspecified error").cause,
        lost("b:1", 0x8E, "Session taken over").cause,
        getattr(not_connected("b:1", ConnectionRefusedError()), "cause", None),
        getattr(not_connected("b:1", TimeoutError()), "cause", None),
    ]
    assert causes == [
        MissedCause.SERVER,
        MissedCause.AGENT,
        MissedCause.SERVER,
        MissedCause.NETWORK,
    ]


def test_session_taken_over_names_the_client_id() -> None:
    assert "same client id" in lost("b:1", 0x8E, "Session taken over").en
    assert "client_id" in lost("b:1", 0x8E, "Session taken over").zh


def test_untrusted_certificate_is_permanent_and_a_refused_socket_is_not() -> None:
    untrusted = ssl.SSLCertVerificationError("bad")
    untrusted.verify_message = "self-signed certificate"
    assert isinstance(not_connected("b:1", untrusted), PermanentError)
    assert isinstance(not_connected("b:1", ConnectionRefusedError(111, "refused")), TransientError)
    assert "TimeoutError" in not_connected("b:1", TimeoutError()).en


def test_unreadable_file_names_the_file_and_not_its_content() -> None:
    error = unreadable(
        "b:1", "password_file /etc/x", UnicodeDecodeError("utf-8", b"secret\xff", 6, 7, "bad")
    )
    assert "/etc/x" in error.en
    assert "secret" not in error.en + error.zh
