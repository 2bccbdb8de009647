"""What an answer of an InfluxDB-like server means: refused points, something a person must change, or try again."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress

from model.errors import PermanentError, PlantproofError, TransientError
from storage.store import BusyStoreError, RefusedPointsError

_MAX_REASON = 300
_ABOUT_POINTS = re.compile(
    r"partial write|unable to parse|cannot parse|type conflict|retention|missing (fields|tag|measurement)|"
    r"invalid (number|field|boolean|tag)|bad timestamp|time outside range|max key length|line protocol",
    re.IGNORECASE,
)
"""Only these say that single points are at fault; any other 400 is about the request and must not cost data."""


def error_of(
    status: int, body: bytes, headers: Mapping[str, str], where: str, *, lines: int = 0
) -> PlantproofError:
    """Return the error for an HTTP answer that is no success.

    where: server and bucket or database, for the message. lines: number of lines in a refused write.
    """
    reason = _reason(body)
    match status:
        case 400 | 422 if _ABOUT_POINTS.search(reason):
            dropped = _DROPPED.search(reason)
            # Numbers and examples out of the reason, so that equal reasons are equal texts.
            reason = _DROPPED.sub("", reason).partition(" - oldest point")[0].strip()
            return RefusedPointsError(
                f"{where} refused points: {reason}",
                f"{where} 拒绝了数据点：{reason}",
                whole=dropped is not None and int(dropped[1]) == lines,
            )
        case 413:
            return RefusedPointsError(
                f"{where}: the request is too large ({reason}); it is sent in smaller parts",
                f"{where}：请求过大（{reason}），将拆分后重发",
            )
        case 401:
            return PermanentError(
                f"{where}: the token or password is not accepted (401, {reason}). Create a token with read and write "
                "rights for this bucket and enter it in the configuration.",
                f"{where}：令牌或密码无效（401，{reason}）。请为该存储桶创建具有读写权限的令牌，并填入配置。",
            )
        case 403:
            return PermanentError(
                f"{where}: the token may not do this (403, {reason}). Give it read and write rights for this bucket.",
                f"{where}：令牌权限不足（403，{reason}）。请授予该存储桶的读写权限。",
            )
        case 404:
            return PermanentError(
                f"{where} does not exist (404, {reason}). Create the bucket or database, or correct its name, the "
                "organisation and the server type (influx1, influx2) in the configuration.",
                f"{where} 不存在（404，{reason}）。请创建存储桶或数据库，或更正配置中的名称、"
                "组织和服务器类型（influx1、influx2）。",
            )
        case 429 | 503:
            return BusyStoreError(
                f"{where} is busy ({status}, {reason}); delivery waits, collection goes on",
                f"{where} 繁忙（{status}，{reason}），上传稍后重试，采集不受影响",
                retry_after_s=_seconds(headers),
            )
        case _:
            pass
    if status >= 500:
        return BusyStoreError(
            f"{where} has a fault ({status}, {reason}); delivery tries again, collection goes on",
            f"{where} 出现故障（{status}，{reason}），上传将重试，采集不受影响",
            retry_after_s=_seconds(headers),
        )
    return PermanentError(
        f"{where} gave the unexpected answer {status} ({reason}). Check the address: is it an InfluxDB server?",
        f"{where} 返回了意外应答 {status}（{reason}）。请检查地址是否为 InfluxDB 服务器。",
    )


def unreachable(where: str, error: Exception) -> TransientError:
    """Return the error for a server that does not answer, or whose certificate is not trusted."""
    refused = _refused_certificate(error)
    if refused is not None:
        reason = refused.verify_message or refused.reason
        return TransientError(
            f"{where} shows a certificate that is not trusted ({reason}). Name the certificate of its authority in "
            "ca_file; delivery tries again, collection goes on.",
            f"{where} 出示的证书不受信任（{reason}）。请在 ca_file 中写明其签发机构的证书；"
            "上传会自动重试，采集不受影响。",
        )
    kind = type(error).__name__
    return TransientError(
        f"{where} does not answer ({kind}). Check that the server runs and that address, port and firewall are right; "
        "delivery tries again, collection goes on.",
        f"{where} 无应答（{kind}）。请检查服务器是否运行，以及地址、端口和防火墙；上传会自动重试，采集不受影响。",
    )


def _refused_certificate(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """Return the refusal of a certificate that an error of the HTTP library rests on."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        if isinstance(one, ssl.SSLCertVerificationError):
            return one
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return None


def tls_options(ca_file: str, *, verify: bool) -> dict[str, str]:
    """Return the options of a urllib3 pool for https. ca_file: "" = the authorities of the system."""
    options = {"cert_reqs": "CERT_REQUIRED" if verify else "CERT_NONE"}
    return {**options, "ca_certs": ca_file} if ca_file else options


_DROPPED = re.compile(r"\bdropped[= ](\d+)(?: points\b)?")


def _reason(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    with suppress(ValueError, AttributeError):
        parsed = json.loads(text)
        text = str(parsed.get("message") or parsed.get("error") or text)
    return text[:_MAX_REASON] or "-"


def _seconds(headers: Mapping[str, str]) -> float:
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
    try:
        return min(max(float(value), 0.0), 3600.0)
    except ValueError:
        return 0.0
