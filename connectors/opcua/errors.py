"""Errors of an OPC UA server → transient or permanent, with what to do on which machine (pure)."""

from __future__ import annotations

from typing import Final

from model.errors import PermanentError, PlantproofError, TransientError

BAD_SERVICE_UNSUPPORTED: Final = 0x800B0000
BAD_NOT_IMPLEMENTED: Final = 0x80400000
BAD_NO_MATCH: Final = 0x806F0000
BAD_TOO_MANY_MATCHES: Final = 0x806D0000
BAD_NODE_ID_UNKNOWN: Final = 0x80340000
BAD_NODE_ID_INVALID: Final = 0x80330000

TOO_MUCH: Final = frozenset({0x80100000, 0x80080000, 0x80B90000, 0x80B80000})
"""BadTooManyOperations, BadEncodingLimitsExceeded, BadResponseTooLarge, BadRequestTooLarge: ask for less at once."""
FILTER_REFUSED: Final = frozenset({0x80450000, 0x80440000, 0x808E0000, 0x80430000})
"""BadFilterNotAllowed, BadMonitoredItemFilterUnsupported, BadDeadbandFilterInvalid, BadMonitoredItemFilterInvalid."""
TOO_MANY_PUBLISH_REQUESTS: Final = 0x80780000
NO_SUBSCRIPTION: Final = 0x80790000
BAD_TIMEOUT: Final = 0x800A0000
TOO_MANY_ITEMS: Final = 0x80DB0000

_LOGIN: Final = (
    (
        "the server refuses the user or password: check user and password_file of the connection, and on the server "
        "that the user exists and may read (SINUMERIK: GiveUserAccess, SinuReadAll)"
    ),
    (
        "服务器拒绝该用户名或密码：请检查连接的 user 与 password_file，并在服务器上确认该用户存在且有读取权限"
        "（SINUMERIK：GiveUserAccess、SinuReadAll）"
    ),
)
_TRUST: Final = (
    (
        "the server does not trust our certificate: on the machine of the server, move the certificate of "
        "plantproof from the rejected to the trusted list; it is {certificate}"
    ),
    "服务器不信任本机证书：请在服务器所在设备上，把 plantproof 证书从“已拒绝”移到“受信任”列表；证书为 {certificate}",
)
_CERTIFICATE: Final = (
    (
        "the server refuses our certificate: check its application URI, dates and the clocks of both machines; it is "
        "{certificate}; delete it to have a new one made"
    ),
    "服务器拒绝本机证书：请检查其应用程序 URI、有效期以及双方时钟；证书文件为 {certificate}；删除后会重新生成",
)
_POLICY: Final = (
    "the server does not accept this security policy or mode: choose one that it offers under connection.security",
    "服务器不接受该安全策略或模式：请在 connection.security 中选择服务器提供的策略",
)
_SESSIONS: Final = (
    "the server has no session left: close other clients of it, or raise its limit; trying again later",
    "服务器会话数已满：请关闭其他客户端或提高上限；稍后自动重试",
)
_LICENCE: Final = (
    "the server says that a licence is missing or used up: check the OPC UA option of the controller",
    "服务器提示许可缺失或已用尽：请检查控制器的 OPC UA 选件",
)
_PERMANENT: Final[dict[int, tuple[str, str]]] = {
    0x801F0000: _LOGIN,  # BadUserAccessDenied
    0x80200000: _LOGIN,  # BadIdentityTokenInvalid
    0x80210000: _LOGIN,  # BadIdentityTokenRejected
    0x80570000: _LOGIN,  # BadUserSignatureInvalid
    0x801A0000: _TRUST,  # BadCertificateUntrusted
    0x80130000: _TRUST,  # BadSecurityChecksFailed, the only word a careful server says
    0x80120000: _CERTIFICATE,  # BadCertificateInvalid
    0x80140000: _CERTIFICATE,  # BadCertificateTimeInvalid
    0x80160000: _CERTIFICATE,  # BadCertificateHostNameInvalid
    0x80170000: _CERTIFICATE,  # BadCertificateUriInvalid
    0x80180000: _CERTIFICATE,  # BadCertificateUseNotAllowed
    0x801D0000: _CERTIFICATE,  # BadCertificateRevoked
    0x810D0000: _CERTIFICATE,  # BadCertificateChainIncomplete
    0x80540000: _POLICY,  # BadSecurityModeRejected
    0x80550000: _POLICY,  # BadSecurityPolicyRejected
    0x80E60000: _POLICY,  # BadSecurityModeInsufficient
    0x810E0000: _LICENCE,  # BadLicenseExpired
    0x810F0000: _LICENCE,  # BadLicenseLimitsExceeded
    0x81100000: _LICENCE,  # BadLicenseNotAvailable
}
_TRANSIENT: Final[dict[int, tuple[str, str]]] = {0x80560000: _SESSIONS}  # BadTooManySessions


class RefusedError(Exception):
    """A service call ended with a bad StatusCode that the caller may be able to handle."""

    def __init__(self, code: int, name: str) -> None:
        """Keep code and symbolic name."""
        super().__init__(name)
        self.code = code
        self.name = name


def refused(fault: RefusedError, url: str, doing: str, certificate: str = "") -> PlantproofError:
    """Return the error for a refused service; `doing` names the service."""
    head_en = f"{url}: {doing} was refused with {fault.name} (0x{fault.code:08X})"
    head_zh = f"{url}：{doing} 被拒绝，{fault.name}（0x{fault.code:08X}）"
    own = certificate or "-"
    for known, kind in ((_PERMANENT, PermanentError), (_TRANSIENT, TransientError)):
        if (text := known.get(fault.code)) is not None:
            return kind(
                f"{head_en}: {text[0].format(certificate=own)}",
                f"{head_zh}：{text[1].format(certificate=own)}",
            )
    return TransientError(head_en, head_zh)


def unreachable(url: str, reason: str) -> TransientError:
    """Return the error for a server that does not answer on its port."""
    return TransientError(
        f"{url}: no connection ({reason}): check that the machine is on, the OPC UA server runs, the address and port "
        "are right and no firewall is between",
        f"{url}：无法连接（{reason}）：请检查设备是否开机、OPC UA 服务是否运行、地址和端口是否正确、是否被防火墙阻挡",
    )


def timed_out(url: str, doing: str, seconds: float) -> TransientError:
    """Return the error for a request without an answer."""
    return TransientError(
        f"{url}: no answer to {doing} within {seconds:g} s; the machine may be off, busy or its network cut",
        f"{url}：{doing} 在 {seconds:g} 秒内无应答；设备可能关机、繁忙或网络中断",
    )


def lost(url: str, reason: str) -> TransientError:
    """Return the error for a connection that broke while it was used."""
    return TransientError(f"{url}: connection lost: {reason}", f"{url}：连接中断：{reason}")


def silent(url: str, seconds: float) -> TransientError:
    """Return the error for a subscription without any response, keep-alives included."""
    return TransientError(
        f"{url}: the subscription said nothing for {seconds:.1f} s, not even a keep-alive; connecting again",
        f"{url}：订阅在 {seconds:.1f} 秒内没有任何响应（包括保活）；将重新连接",
    )


def clock_stands_still(url: str) -> TransientError:
    """Return the error for a server whose clock does not move between two reads."""
    return TransientError(
        f"{url}: the server answers, but its clock stands still; connecting again",
        f"{url}：服务器有应答，但其时钟停止不动；将重新连接",
    )


def no_endpoint(url: str, wanted: str, offered: str) -> PermanentError:
    """Return the error for a server without the wanted security; it names what the server offers."""
    return PermanentError(
        f"{url}: the server offers no endpoint with {wanted}; it offers: {offered}. Set connection.security and mode "
        "to one of these, or enable the wanted one on the server",
        f"{url}：服务器不提供 {wanted} 端点；可用：{offered}。请修改 connection.security 与 mode，或在服务器上启用",
    )


def untrusted_server(url: str, reason: str, stored: str, trusted: str) -> PermanentError:
    """Return the error for a server certificate that is not on the trust list."""
    return PermanentError(
        f"{url}: the certificate of the server is not trusted ({reason}): compare its thumbprint with the one shown "
        f"on the server, then on this computer move {stored} to the folder {trusted}",
        f"{url}：服务器证书不受信任（{reason}）：请与服务器显示的指纹核对，再在本机把 {stored} 移到文件夹 {trusted}",
    )


def no_server_certificate(url: str, reason: str) -> PermanentError:
    """Return the error for a secure endpoint whose certificate cannot be read."""
    return PermanentError(
        f"{url}: the endpoint shows no readable certificate ({reason}): have the server make a new one",
        f"{url}：该端点没有可读取的证书（{reason}）：请在服务器上重新生成证书",
    )


def plain_password(url: str) -> PermanentError:
    """Return the error for a password that would cross the network readable."""
    return PermanentError(
        f"{url}: the server takes the password only unencrypted: choose a security policy other than none, or set "
        "i_accept_plain_password: true",
        f"{url}：服务器只接受明文密码：请选择 none 以外的安全策略，或设置 i_accept_plain_password: true",
    )


def simulator_refused(url: str, uri: str) -> PermanentError:
    """Return the error for a simulator in a real plant."""
    return PermanentError(
        f"{url}: the server is a plantproof simulator ({uri}); a plant of realm ev takes no simulated data",
        f"{url}：该服务器是 plantproof 仿真器（{uri}）；realm 为 ev 的工厂不接受仿真数据",
    )


def unusable_file(path: str, reason: str) -> PermanentError:
    """Return the error for a certificate, key or password file that cannot be used."""
    return PermanentError(
        f"file {path} cannot be used: {reason}", f"文件 {path} 无法使用：{reason}"
    )
