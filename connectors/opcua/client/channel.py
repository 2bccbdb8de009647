"""Socket, secure channel and session with one OPC UA server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from logging import Logger
from typing import Any, Final

from asyncua import Client, ua
from asyncua.crypto import security_policies

from config.base import milliseconds
from connectors.base import Realm
from connectors.opcua import errors, security
from connectors.opcua.client.library import BROKEN
from connectors.opcua.config import OpcUaConnection
from connectors.opcua.errors import RefusedError
from model.clock import Clock

SIMULATOR_URI: Final = "urn:plantproof:simulator"
_CLOSE_SECONDS: Final = 0.7
"""A stop must be over within a second; a server that does not answer CloseSession drops the session by itself."""
_CANCEL_AGAIN_SECONDS: Final = 0.05
_SESSION_MS: Final = 120_000
"""Short, so that the sessions of a killed agent do not fill the table of a controller."""


class Channel:
    """Socket, secure channel and session with one server, and single requests over them."""

    def __init__(self, config: OpcUaConnection, realm: Realm, clock: Clock, log: Logger) -> None:
        self._config = config
        self._realm = realm
        self._clock = clock
        self._log = log
        self._seconds = milliseconds(config.timeout) / 1000
        self._client: Any = None
        self._certificate = ""

    async def open(self) -> None:
        """Open channel and session. Raises TransientError or PermanentError; leaves nothing open then."""
        config = self._config
        client = Client(config.url, timeout=self._seconds)
        client.name = client.description = "plantproof"
        client.product_uri = "urn:plantproof"
        client.application_uri = config.application_uri
        client.session_timeout = _SESSION_MS
        client.set_locale(["en"])
        self._client = client
        try:
            async with self._asking("connecting"):
                await _cancellable(self._open(client))
        except BaseException:
            await self.close()
            raise

    async def _open(self, client: Any) -> None:
        config = self._config
        if config.security != "none":
            await self._secure(client)
        password = ""
        if config.password_file is not None:
            password = await asyncio.to_thread(security.read_password, config.password_file)
        if config.user:
            client.set_user(config.user)
            client.set_password(password)
        try:
            await client.connect_socket()
        except (OSError, TimeoutError) as exc:
            reason = "no answer" if isinstance(exc, TimeoutError) else str(exc)
            raise errors.unreachable(config.url, reason) from exc
        await client.send_hello()
        await client.open_secure_channel()
        created = await client.create_session()
        for endpoint in created.ServerEndpoints:
            uri = endpoint.Server.ApplicationUri or ""
            if self._realm is Realm.EV and uri.startswith(SIMULATOR_URI):
                raise errors.simulator_refused(config.url, uri)
        readable = config.security == "none" or config.mode == "sign"
        if password and readable and not config.i_accept_plain_password:
            policy = client.server_policy(ua.UserTokenType.UserName).SecurityPolicyUri
            if not policy or policy == security_policies.SecurityPolicyNone.URI:
                raise errors.plain_password(config.url)
        await client.activate_session(username=config.user or None, password=password or None)

    async def _secure(self, client: Any) -> None:
        """Look for the wanted endpoint, check the certificate of the server, and set up the policy."""
        config = self._config
        now = self._clock.unix_ns()
        own = await asyncio.to_thread(security.own_certificate, config, now)
        self._certificate = own.path
        client.application_uri = own.application_uri
        policy = getattr(security_policies, f"SecurityPolicy{config.security}")
        mode = ua.MessageSecurityMode.SignAndEncrypt
        if config.mode == "sign":
            mode = ua.MessageSecurityMode.Sign
        try:
            endpoints = await client.connect_and_get_server_endpoints()
        except (OSError, TimeoutError) as exc:
            reason = "no answer" if isinstance(exc, TimeoutError) else str(exc)
            raise errors.unreachable(config.url, reason) from exc
        fitting = [
            e for e in endpoints if e.SecurityMode == mode and e.SecurityPolicyUri == policy.URI
        ]
        if not fitting:
            offered = sorted(
                {
                    f"{e.SecurityPolicyUri.rpartition('#')[2]}/{e.SecurityMode.name}"
                    for e in endpoints
                }
            )
            raise errors.no_endpoint(
                config.url, f"{config.security}/{config.mode}", ", ".join(offered)
            )
        chain = fitting[0].ServerCertificate or b""
        # A server may send its certificate followed by those of its authorities: the DER length ends the first.
        shown = chain[: int.from_bytes(chain[2:4], "big") + 4]
        await asyncio.to_thread(security.check_server_certificate, config, shown, now)
        await client.set_security(policy, own.der, own.key_der, None, shown, mode)

    async def close(self) -> None:
        """Close session, channel and socket within a second; safe at any time and twice."""
        client, self._client = self._client, None
        if client is None:
            return
        protocol = client.uaclient.protocol
        transport = None if protocol is None else protocol.transport
        try:
            with suppress(OSError, TimeoutError, *BROKEN):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await client.close_session()
                    await client.close_secure_channel()
        finally:
            client.disconnect_socket()
            if transport is not None:
                # A peer that stands still never takes what is left to send: do not wait for it.
                transport.abort()
                await asyncio.sleep(0)

    @property
    def renew_after_s(self) -> float:
        """Return the seconds after which the channel wants new keys: 75 % of its life (OPC 10000-4, 5.5.2.1)."""
        return float(self._client.secure_channel_timeout) * 0.75 / 1000

    async def renew(self) -> None:
        """Ask for new keys of the channel."""
        async with self._asking("OpenSecureChannel"):
            await self._client.open_secure_channel(renew=True)
            self._client.uaclient.revolve_security_token()

    async def checked(self, service: str, request: Any) -> bytes:
        """Return the answer of a service whose refusal nobody can handle."""
        try:
            return await self.call(service, request)
        except RefusedError as fault:
            raise errors.refused(fault, self._config.url, service, self._certificate) from fault

    async def call(self, service: str, request: Any, seconds: float | None = None) -> bytes:
        """Return the answer's bytes from its type id on. `seconds` 0 = no limit. Raises RefusedError for a fault."""
        client = self._client
        protocol = None if client is None else client.uaclient.protocol
        if protocol is None:
            raise errors.lost(self._config.url, "it is closed")
        try:
            return bytes(await protocol.send_request(request, seconds))
        except ua.UaStatusCodeError as exc:
            raise RefusedError(exc.code, ua.StatusCode(exc.code).name) from exc
        except TimeoutError as exc:
            raise errors.timed_out(self._config.url, service, self._seconds) from exc
        except (OSError, ua.UaError) as exc:
            raise errors.lost(self._config.url, str(exc) or type(exc).__name__) from exc

    @asynccontextmanager
    async def _asking(self, doing: str) -> AsyncIterator[None]:
        """Translate what the library raises while a connection is being made or renewed."""
        url = self._config.url
        try:
            yield
        except ua.UaStatusCodeError as exc:
            fault = RefusedError(exc.code, ua.StatusCode(exc.code).name)
            raise errors.refused(fault, url, doing, self._certificate) from exc
        except TimeoutError as exc:
            raise errors.timed_out(url, doing, self._seconds) from exc
        except (OSError, ua.UaError) as exc:
            if "No matching endpoint" in str(exc):
                raise errors.no_endpoint(url, self._config.security, str(exc)) from exc
            raise errors.lost(url, str(exc) or type(exc).__name__) from exc


async def _cancellable(work: Coroutine[Any, Any, None]) -> None:
    """Await `work` so that a cancellation ends it.

    The library awaits the socket with `asyncio.wait_for`, which before Python 3.12 loses a cancellation that comes
    together with the result (cpython issue 86296): so the work is a task, cancelled until it has ended.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_CANCEL_AGAIN_SECONDS)
        if not task.cancelled():
            task.exception()
        raise
