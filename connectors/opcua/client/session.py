"""One session with an OPC UA server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from logging import Logger
from typing import Any, Final, TypeVar

import numpy as np
from asyncua import Client, ua
from asyncua.common.utils import Buffer
from asyncua.crypto import security_policies
from asyncua.ua.ua_binary import struct_from_binary
from numpy.typing import NDArray

from config.base import milliseconds
from connectors.base import Realm
from connectors.opcua import errors, security
from connectors.opcua.client.library import (
    BROKEN,
    decoders_agree,
    library_publish,
    library_readings,
    nanoseconds,
)
from connectors.opcua.config import OpcUaConnection
from connectors.opcua.decoder import (
    UnsupportedError,
    decode_publish,
    decode_read,
    decode_republish,
)
from connectors.opcua.errors import RefusedError
from connectors.opcua.plan import (
    ItemGrant,
    ItemPlan,
    OperationLimits,
    SubscriptionGrant,
    SubscriptionPlan,
)
from connectors.opcua.readings import PublishMessage, Readings, joined
from connectors.opcua.resolve import QualifiedName, Reference
from model.clock import Clock

SIMULATOR_URI: Final = "urn:plantproof:simulator"
_CLOSE_SECONDS: Final = 0.7
"""A stop must be over within a second; a server that does not answer CloseSession drops the session by itself."""
_SESSION_MS: Final = 120_000
"""Short, so that the sessions of a killed agent do not fill the table of a controller."""
_LIMIT_NODES: Final = (11705, 11710, 11712, 11714)
"""MaxNodesPerRead, PerBrowse, PerTranslateBrowsePathsToNodeIds, MaxMonitoredItemsPerCall (OPC 10000-5, 6.3.11)."""
_NAMESPACE_ARRAY: Final = "i=2255"
_CURRENT_TIME: Final = "i=2258"
_T = TypeVar("_T")
_R = TypeVar("_R")


class Session:
    """Connect, browse, read and subscribe with one server; requests are split to its limits."""

    def __init__(self, config: OpcUaConnection, realm: Realm, clock: Clock, log: Logger) -> None:
        self._config = config
        self._realm = realm
        self._clock = clock
        self._log = log
        self._seconds = milliseconds(config.timeout) / 1000
        self._client: Any = None
        self._certificate = ""
        self._nodes: dict[str, Any] = {}
        self.limits = OperationLimits.of(config.max_per_call, (None,) * 4)
        self.fast = decoders_agree()
        """Whether our own decoder is used."""
        self.slow_messages = 0
        """Messages that the library decoded."""
        self.undecodable_messages = 0
        if not self.fast:
            log.warning(
                "%s: our decoder and the installed asyncua read the test message differently; using the slow one",
                config.url,
            )

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
                await self._open(client)
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
        if password and not config.i_accept_plain_password and config.security == "none":
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
        await client.set_security(policy, own.der, own.key_pem, None, shown, mode)

    async def close(self) -> None:
        """Close session, channel and socket within a second; safe at any time and twice."""
        client, self._client = self._client, None
        if client is None:
            return
        protocol = client.uaclient.protocol
        transport = None if protocol is None else protocol.transport
        try:
            with suppress(OSError, TimeoutError, asyncio.CancelledError, *BROKEN):
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

    async def learn_limits(self) -> tuple[str, ...]:
        """Read the operation limits into `limits`, and return the namespace array."""
        values = await self.read_values([_NAMESPACE_ARRAY, *(f"i={n}" for n in _LIMIT_NODES)])
        table, *numbers = values
        self.limits = OperationLimits.of(
            self._config.max_per_call, [n if isinstance(n, int) else None for n in numbers]
        )
        if not isinstance(table, list):
            self._log.warning("%s: the namespace array cannot be read", self._config.url)
            return ("http://opcfoundation.org/UA/",)
        return tuple(str(uri) for uri in table)

    async def server_time_ns(self) -> int | None:
        """Return the clock of the server in UTC nanoseconds; None if it cannot be read."""
        (value,) = await self.read_values([_CURRENT_TIME])
        return nanoseconds(value) if isinstance(value, datetime) else None

    async def read_values(self, nodes: Sequence[str]) -> list[object]:
        """Return the plain values of a few nodes; None where the status is bad."""
        data = await self._call("Read", self._read_request(nodes))
        response = struct_from_binary(ua.ReadResponse, Buffer(data))
        return [
            r.Value.Value if r.StatusCode is None or r.StatusCode.is_good() else None
            for r in response.Results
        ]

    async def read(self, nodes: Sequence[str], elements: NDArray[np.int32]) -> Readings:
        """Read the values of `nodes` from the device, not from a cache; `item` is the position in `nodes`.

        elements: wanted array element of each node, -1 = the value itself.
        """
        done = 0

        async def call(part: Sequence[str]) -> list[Readings]:
            nonlocal done
            wanted = elements[done : done + len(part)]
            data = await self._call("Read", self._read_request(part))
            readings = self._decoded_read(data, wanted)
            if len(readings) != len(part):
                raise errors.lost(self._config.url, "a Read answer of the wrong length")
            shifted = Readings(
                readings.item + done,
                readings.kind,
                readings.bits,
                readings.status,
                readings.source_ns,
                readings.texts,
            )
            done += len(part)
            return [shifted]

        return joined(await self._split("Read", nodes, self.limits.read, call))

    async def translate(
        self, paths: Sequence[tuple[str, tuple[QualifiedName, ...]]]
    ) -> list[list[str]] | None:
        """Return the targets of each (start, browse names); None if the server lacks the service."""

        async def call(
            part: Sequence[tuple[str, tuple[QualifiedName, ...]]],
        ) -> list[list[str]]:
            request = ua.TranslateBrowsePathsToNodeIdsRequest()
            request.Parameters.BrowsePaths = [
                ua.BrowsePath(
                    StartingNode=self._node(start),
                    RelativePath=ua.RelativePath(Elements=[_element(name) for name in names]),
                )
                for start, names in part
            ]
            data = await self._call("TranslateBrowsePathsToNodeIds", request)
            response = struct_from_binary(ua.TranslateBrowsePathsToNodeIdsResponse, Buffer(data))
            return [
                [
                    _text(t.TargetId)
                    for t in result.Targets
                    if t.RemainingPathIndex == 0xFFFFFFFF and result.StatusCode.is_good()
                ]
                for result in response.Results
            ]

        try:
            return await self._split(
                "TranslateBrowsePathsToNodeIds", paths, self.limits.translate, call
            )
        except RefusedError:
            return None

    async def children(self, nodes: Sequence[str]) -> list[list[Reference]]:
        """Return the nodes below each node by hierarchical references."""
        return await self._browse(
            nodes, ua.ObjectIds.HierarchicalReferences, ua.BrowseDirection.Forward
        )

    async def supertypes(self, nodes: Sequence[str]) -> list[list[Reference]]:
        """Return the supertype of each type node, if any."""
        return await self._browse(nodes, ua.ObjectIds.HasSubtype, ua.BrowseDirection.Inverse)

    async def browse_names(self, nodes: Sequence[str]) -> list[QualifiedName | None]:
        """Return the browse name of each node."""

        async def call(part: Sequence[str]) -> list[QualifiedName | None]:
            request = self._read_request(part, ua.AttributeIds.BrowseName)
            response = struct_from_binary(
                ua.ReadResponse, Buffer(await self._call("Read", request))
            )
            values = [None if r.Value is None else r.Value.Value for r in response.Results]
            return [
                QualifiedName(v.NamespaceIndex, v.Name) if isinstance(v, ua.QualifiedName) else None
                for v in values
            ]

        return await self._split("Read", nodes, self.limits.read, call)

    async def create_subscription(self, wanted: SubscriptionPlan) -> SubscriptionGrant:
        """Create a subscription; all values of the grant are what the server decided."""
        request = ua.CreateSubscriptionRequest()
        request.Parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=float(wanted.publishing_ms),
            RequestedLifetimeCount=wanted.lifetime_count,
            RequestedMaxKeepAliveCount=wanted.keep_alive_count,
            MaxNotificationsPerPublish=0,
            PublishingEnabled=True,
            Priority=0,
        )
        data = await self._checked("CreateSubscription", request)
        granted = struct_from_binary(ua.CreateSubscriptionResponse, Buffer(data)).Parameters
        return SubscriptionGrant(
            id=granted.SubscriptionId,
            publishing_ms=granted.RevisedPublishingInterval,
            keep_alive_count=granted.RevisedMaxKeepAliveCount,
            lifetime_count=granted.RevisedLifetimeCount,
        )

    async def create_items(self, subscription: int, items: Sequence[ItemPlan]) -> list[ItemGrant]:
        """Create monitored items; one grant an item, in order."""

        async def call(part: Sequence[ItemPlan]) -> list[ItemGrant]:
            request = ua.CreateMonitoredItemsRequest()
            request.Parameters = ua.CreateMonitoredItemsParameters(
                SubscriptionId=subscription,
                TimestampsToReturn=ua.TimestampsToReturn.Source,
                ItemsToCreate=[self._item(item) for item in part],
            )
            data = await self._call("CreateMonitoredItems", request)
            response = struct_from_binary(ua.CreateMonitoredItemsResponse, Buffer(data))
            return [
                ItemGrant(
                    status=r.StatusCode.value,
                    id=r.MonitoredItemId,
                    sampling_ms=r.RevisedSamplingInterval,
                    queue_size=r.RevisedQueueSize,
                )
                for r in response.Results
            ]

        return await self._split("CreateMonitoredItems", items, self.limits.monitored_items, call)

    async def delete_items(self, subscription: int, ids: Sequence[int]) -> None:
        """Delete monitored items; one that the server does not know any more is no error."""

        async def call(part: Sequence[int]) -> list[None]:
            request = ua.DeleteMonitoredItemsRequest()
            request.Parameters.SubscriptionId = subscription
            request.Parameters.MonitoredItemIds = list(part)
            await self._call("DeleteMonitoredItems", request)
            return [None] * len(part)

        await self._split("DeleteMonitoredItems", ids, self.limits.monitored_items, call)

    async def publish(
        self, acks: Sequence[tuple[int, int]], elements: NDArray[np.int32]
    ) -> PublishMessage | None:
        """Send one PublishRequest with (subscription, sequence number) acknowledgements and wait for its answer.

        None: the answer could not be decoded. Raises RefusedError for a bad service result.
        """
        request = ua.PublishRequest()
        request.Parameters.SubscriptionAcknowledgements = [
            ua.SubscriptionAcknowledgement(SubscriptionId=s, SequenceNumber=n) for s, n in acks
        ]
        data = await self._call("Publish", request, seconds=0)
        return self._decoded(data, elements, lambda: decode_publish(data, elements), None)

    async def republish(
        self, subscription: int, sequence: int, elements: NDArray[np.int32]
    ) -> PublishMessage | None:
        """Ask for a lost notification again; None if the server no longer has it."""
        request = ua.RepublishRequest()
        request.Parameters.SubscriptionId = subscription
        request.Parameters.RetransmitSequenceNumber = sequence
        try:
            data = await self._call("Republish", request)
        except RefusedError:
            return None
        return self._decoded(
            data, elements, lambda: decode_republish(data, elements, subscription), subscription
        )

    def _decoded(
        self,
        data: bytes,
        elements: NDArray[np.int32],
        decode: Callable[[], PublishMessage],
        subscription: int | None,
    ) -> PublishMessage | None:
        """Return the message by our own decoder, by that of the library if ours declines, None if both do."""
        if self.fast:
            with suppress(UnsupportedError):
                return decode()
        self.slow_messages += 1
        try:
            return library_publish(data, elements, subscription)
        except BROKEN as exc:
            self.undecodable_messages += 1
            self._log.warning(
                "%s: a notification cannot be decoded (%s), %d bytes",
                self._config.url,
                exc,
                len(data),
            )
            return None

    def _decoded_read(self, data: bytes, elements: NDArray[np.int32]) -> Readings:
        if self.fast:
            with suppress(UnsupportedError):
                return decode_read(data, elements)
        self.slow_messages += 1
        try:
            response = struct_from_binary(ua.ReadResponse, Buffer(data))
        except BROKEN as exc:
            raise errors.lost(self._config.url, f"a Read answer cannot be decoded: {exc}") from exc
        return library_readings(range(len(response.Results)), response.Results, elements)

    async def _browse(
        self, nodes: Sequence[str], reference: int, direction: Any
    ) -> list[list[Reference]]:
        async def call(part: Sequence[str]) -> list[list[Reference]]:
            request = ua.BrowseRequest()
            request.Parameters.NodesToBrowse = [
                ua.BrowseDescription(
                    NodeId=self._node(node),
                    BrowseDirection=direction,
                    ReferenceTypeId=ua.NodeId(reference),
                    IncludeSubtypes=True,
                    NodeClassMask=0,
                    ResultMask=ua.BrowseResultMask.All,
                )
                for node in part
            ]
            data = await self._call("Browse", request)
            results = struct_from_binary(ua.BrowseResponse, Buffer(data)).Results
            return [await self._all_references(result) for result in results]

        return await self._split("Browse", nodes, self.limits.browse, call)

    async def _all_references(self, result: Any) -> list[Reference]:
        """Return the references of one browsed node; asks for the rest if the server sends them in parts."""
        found = list(result.References)
        while result.ContinuationPoint:
            request = ua.BrowseNextRequest()
            request.Parameters.ReleaseContinuationPoints = False
            request.Parameters.ContinuationPoints = [result.ContinuationPoint]
            data = await self._checked("BrowseNext", request)
            result = struct_from_binary(ua.BrowseNextResponse, Buffer(data)).Parameters.Results[0]
            found.extend(result.References)
        return [
            Reference(
                _text(r.NodeId),
                QualifiedName(r.BrowseName.NamespaceIndex, r.BrowseName.Name or ""),
                "" if r.TypeDefinition.is_null() else _text(r.TypeDefinition),
            )
            for r in found
        ]

    async def _split(
        self,
        service: str,
        items: Sequence[_T],
        limit: int,
        call: Callable[[Sequence[_T]], Awaitable[list[_R]]],
    ) -> list[_R]:
        """Call with at most `limit` items at once, with half as many when the server says that it is too much.

        Raises RefusedError where the server lacks the service.
        """
        results: list[_R] = []
        done = 0
        while done < len(items):
            part = items[done : done + limit]
            try:
                results.extend(await call(part))
            except RefusedError as fault:
                if fault.code in {errors.BAD_SERVICE_UNSUPPORTED, errors.BAD_NOT_IMPLEMENTED}:
                    raise
                if fault.code not in errors.TOO_MUCH or len(part) == 1:
                    raise errors.refused(fault, self._config.url, service) from fault
                limit = len(part) // 2
                self._log.info("%s: %s, asking for %d at once", self._config.url, fault.name, limit)
                continue
            done += len(part)
        return results

    def _read_request(self, nodes: Sequence[str], attribute: Any = ua.AttributeIds.Value) -> Any:
        request = ua.ReadRequest()
        request.Parameters.MaxAge = 0.0
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Source
        request.Parameters.NodesToRead = [
            ua.ReadValueId(NodeId=self._node(node), AttributeId=attribute) for node in nodes
        ]
        return request

    def _item(self, item: ItemPlan) -> Any:
        parameters = ua.MonitoringParameters(
            ClientHandle=item.item,
            SamplingInterval=float(item.sampling_ms),
            QueueSize=item.queue_size,
            DiscardOldest=True,
        )
        if item.deadband is not None:
            parameters.Filter = ua.DataChangeFilter(
                Trigger=ua.DataChangeTrigger.StatusValue,
                DeadbandType=ua.DeadbandType.Absolute,
                DeadbandValue=item.deadband,
            )
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(
                NodeId=self._node(item.node), AttributeId=ua.AttributeIds.Value
            ),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=parameters,
        )

    def is_node_id(self, text: str) -> bool:
        """Return whether `text` is a node id."""
        try:
            self._node(text)
        except BROKEN:
            return False
        return True

    def _node(self, text: str) -> Any:
        node = self._nodes.get(text)
        if node is None:
            node = self._nodes[text] = ua.NodeId.from_string(text)
        return node

    async def _checked(self, service: str, request: Any) -> bytes:
        """Return the answer of a service whose refusal nobody can handle."""
        try:
            return await self._call(service, request)
        except RefusedError as fault:
            raise errors.refused(fault, self._config.url, service, self._certificate) from fault

    async def _call(self, service: str, request: Any, seconds: float | None = None) -> bytes:
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


def _text(node: Any) -> str:
    """Return a node id of this session as text; what tells apart an expanded node id is dropped."""
    return str(ua.NodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType).to_string())


def _element(name: QualifiedName) -> Any:
    return ua.RelativePathElement(
        ReferenceTypeId=ua.NodeId(ua.ObjectIds.HierarchicalReferences),
        IsInverse=False,
        IncludeSubtypes=True,
        TargetName=ua.QualifiedName(name.name, name.namespace),
    )
