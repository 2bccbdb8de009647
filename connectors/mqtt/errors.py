"""Faults of a broker as errors of the project."""

from __future__ import annotations

import ssl
from typing import Final

from model.errors import PermanentError, PlantproofError, TransientError
from model.flags import MissedCause

_HOPELESS: Final = {
    0x84: (
        "the broker does not speak this MQTT version; change `version`",
        "代理不支持该 MQTT 版本;请修改 version",
    ),
    0x85: (
        "the broker refuses the client id; set `client_id`",
        "代理拒绝该客户端标识;请设置 client_id",
    ),
    0x86: (
        "user name or password is wrong; check `username` and `password_file`",
        "用户名或密码错误;请检查 username 和 password_file",
    ),
    0x87: (
        "this user may not connect; let the administrator of the broker allow it",
        "该用户无权连接;请由代理管理员授权",
    ),
    0x8A: ("this client is banned at the broker", "该客户端已被代理禁止"),
    0x8C: ("the broker wants another authentication method", "代理要求其他认证方式"),
}
"""Reason codes of CONNACK (MQTT 5.0, 3.2.2.2) that no retry can cure."""
_TAKEN_OVER: Final = 0x8E


class MqttError(TransientError):
    """The broker is away; `cause` is what a slot missed meanwhile gets."""

    def __init__(self, en: str, zh: str, cause: MissedCause) -> None:
        super().__init__(en, zh)
        self.cause = cause


def refused(where: str, code: int, name: str) -> PlantproofError:
    """Return the error of a CONNACK with reason `code`."""
    if code in _HOPELESS:
        en, zh = _HOPELESS[code]
        return PermanentError(f"{where}: {en} (reason {code})", f"{where}:{zh}(原因码 {code})")
    return MqttError(
        f"{where}: the broker refuses the connection: {name} (reason {code})",
        f"{where}:代理拒绝连接:{name}(原因码 {code})",
        MissedCause.SERVER,
    )


def subscription_refused(where: str, topic: str, code: int) -> PermanentError:
    """Return the error of a SUBACK with failure `code`."""
    return PermanentError(
        f"{where}: the broker refuses the subscription to {topic} (reason {code}); correct the topic or let the "
        "administrator of the broker allow it",
        f"{where}:代理拒绝订阅 {topic}(原因码 {code});请修改主题或由代理管理员授权",
    )


def not_connected(where: str, exc: Exception) -> PlantproofError:
    """Return the error of a connection that could not be opened."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return PermanentError(
            f"{where}: the certificate of the broker is not trusted: {exc.verify_message}; give the CA that signed "
            "it as tls.ca, and use the host name that stands in the certificate",
            f"{where}:代理证书不受信任:{exc.verify_message};请在 tls.ca 中给出签发该证书的 CA,并使用证书中的主机名",
        )
    why = str(exc) or type(exc).__name__
    return MqttError(
        f"cannot connect to the MQTT broker {where}: {why}; check power, cable, address, port and firewall",
        f"无法连接 MQTT 代理 {where}:{why};请检查电源、网线、地址、端口和防火墙",
        MissedCause.SERVER if isinstance(exc, ConnectionRefusedError) else MissedCause.NETWORK,
    )


def unreadable(where: str, what: str, exc: Exception) -> PermanentError:
    """Return the error of a key, certificate or password file that cannot be used; never its content."""
    why = exc.strerror if isinstance(exc, OSError) and exc.strerror else type(exc).__name__
    return PermanentError(
        f"{where}: {what} cannot be used: {why}; check path, format and access rights",
        f"{where}:无法使用 {what}:{why};请检查路径、格式和访问权限",
    )


def lost(where: str, code: int, name: str) -> MqttError:
    """Return the error of a connection that broke."""
    if code == _TAKEN_OVER:
        return MqttError(
            f"{where}: another program connected with the same client id; give each its own `client_id`",
            f"{where}:另一程序使用了相同的客户端标识;请为每个程序设置不同的 client_id",
            MissedCause.AGENT,
        )
    return MqttError(
        f"the connection to the MQTT broker {where} was lost: {name} (reason {code}); if this repeats, look whether "
        "another program uses the same client id",
        f"与 MQTT 代理 {where} 的连接已断开:{name}(原因码 {code});若反复出现,请检查是否有其他程序使用相同的客户端标识",
        MissedCause.SERVER,
    )
