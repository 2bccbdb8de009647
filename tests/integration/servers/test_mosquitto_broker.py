"""mosquitto starts, passes a message on, and stops."""

from __future__ import annotations

import queue

import paho.mqtt.client as mqtt
import pytest

from tests.support.process import accepts
from tests.support.servers import MqttBroker, ServerFailed, mosquitto

pytestmark = pytest.mark.integration


def test_published_message_reaches_a_subscriber(mosquitto_broker: MqttBroker) -> None:
    received: queue.Queue[tuple[str, bytes]] = queue.Queue(maxsize=4)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_connect = lambda *_: client.subscribe("proof/one", qos=1)
    client.on_subscribe = lambda *_: client.publish("proof/one", b"1.5", qos=1)
    client.on_message = lambda _client, _data, message: received.put(
        (message.topic, message.payload)
    )
    client.connect(mosquitto_broker.host, mosquitto_broker.port)
    client.loop_start()
    try:
        assert received.get(timeout=120) == ("proof/one", b"1.5")
    finally:
        client.disconnect()
        client.loop_stop()


def test_broker_is_gone_after_its_context() -> None:
    with mosquitto() as broker:
        assert accepts(broker.port)
    assert not accepts(broker.port)


def test_wrong_setting_is_reported_with_the_log() -> None:
    with pytest.raises(ServerFailed, match="no_such_setting"), mosquitto("no_such_setting true"):
        pass
