"""MQTT: JSON messages of devices and gateways."""

from connectors.base import ConnectorSpec
from connectors.mqtt.config import MqttAddress, MqttConnection
from connectors.mqtt.source import MqttSource

SPEC = ConnectorSpec(
    protocol="mqtt",
    summary="MQTT 3.1.1 and 5 (JSON payloads)",
    connection_model=MqttConnection,
    address_model=MqttAddress,
    create=MqttSource,
)

__all__ = ["SPEC"]
