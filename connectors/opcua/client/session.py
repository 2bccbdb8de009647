"""Services of one session: read, browse, subscribe, publish."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from logging import Logger
from typing import Any, Final, TypeVar

import numpy as np
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary
from numpy.typing import NDArray

from connectors.base import Realm
from connectors.opcua import errors
from connectors.opcua.client.channel import Channel
from connectors.opcua.client.decoding import MessageDecoder
from connectors.opcua.client.library import BROKEN, nanoseconds
from connectors.opcua.config import OpcUaConnection
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

_LIMIT_NODES: Final = (11705, 11710, 11712, 11714)
"""MaxNodesPerRead, PerBrowse, PerTranslateBrowsePathsToNodeIds, MaxMonitoredItemsPerCall (OPC 10000-5, 6.3.11)."""
_NAMESPACE_ARRAY: Final = "i=2255"
_CURRENT_TIME: Final = "i=2258"
_T = TypeVar("_T")
_R = TypeVar("_R")


class Session(Channel):
    """Browse, read and subscribe; requests are split to the limits of the server."""

    def __init__(self, config: OpcUaConnection, realm: Realm, clock: Clock, log: Logger) -> None:
        super().__init__(config, realm, clock, log)
        self._nodes: dict[str, Any] = {}
        self.limits = OperationLimits.of(config.max_per_call, (None,) * 4)
        self.decoder = MessageDecoder(config.url, log)

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
        """Return the plain values of a few nodes; None where the status is not good."""

        async def once(part: Sequence[str]) -> list[object]:
            data = await self.call("Read", self._read_request(part))
            return [
                r.Value.Value if r.StatusCode is None or r.StatusCode.is_good() else None
                for r in struct_from_binary(ua.ReadResponse, Buffer(data)).Results
            ]

        return await self._split("Read", nodes, self.limits.read, once)

    async def read(self, nodes: Sequence[str], elements: NDArray[np.int32]) -> Readings:
        """Read the values of `nodes` from the device, not from a cache; `item` is the position in `nodes`.

        elements: wanted array element of each node, -1 = the value itself.
        """
        done = 0

        async def once(part: Sequence[str]) -> list[Readings]:
            nonlocal done
            wanted = elements[done : done + len(part)]
            data = await self.call("Read", self._read_request(part))
            readings = self.decoder.read(data, wanted)
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

        return joined(await self._split("Read", nodes, self.limits.read, once))

    async def translate(
        self, paths: Sequence[tuple[str, tuple[QualifiedName, ...]]]
    ) -> list[list[str]] | None:
        """Return the targets of each (start, browse names); None if the server lacks the service."""

        async def once(
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
            data = await self.call("TranslateBrowsePathsToNodeIds", request)
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
                "TranslateBrowsePathsToNodeIds", paths, self.limits.translate, once
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

        async def once(part: Sequence[str]) -> list[QualifiedName | None]:
            request = self._read_request(part, ua.AttributeIds.BrowseName)
            response = struct_from_binary(ua.ReadResponse, Buffer(await self.call("Read", request)))
            values = [None if r.Value is None else r.Value.Value for r in response.Results]
            return [
                QualifiedName(v.NamespaceIndex, v.Name) if isinstance(v, ua.QualifiedName) else None
                for v in values
            ]

        return await self._split("Read", nodes, self.limits.read, once)

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
        data = await self.checked("CreateSubscription", request)
        granted = struct_from_binary(ua.CreateSubscriptionResponse, Buffer(data)).Parameters
        return SubscriptionGrant(
            id=granted.SubscriptionId,
            publishing_ms=granted.RevisedPublishingInterval,
            keep_alive_count=granted.RevisedMaxKeepAliveCount,
            lifetime_count=granted.RevisedLifetimeCount,
        )

    async def create_items(self, subscription: int, items: Sequence[ItemPlan]) -> list[ItemGrant]:
        """Create monitored items; one grant an item, in order."""

        async def once(part: Sequence[ItemPlan]) -> list[ItemGrant]:
            request = ua.CreateMonitoredItemsRequest()
            request.Parameters = ua.CreateMonitoredItemsParameters(
                SubscriptionId=subscription,
                TimestampsToReturn=ua.TimestampsToReturn.Source,
                ItemsToCreate=[self._item(item) for item in part],
            )
            data = await self.call("CreateMonitoredItems", request)
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

        return await self._split("CreateMonitoredItems", items, self.limits.monitored_items, once)

    async def delete_items(self, subscription: int, ids: Sequence[int]) -> None:
        """Delete monitored items; one that the server does not know any more is no error."""

        async def once(part: Sequence[int]) -> list[None]:
            request = ua.DeleteMonitoredItemsRequest()
            request.Parameters.SubscriptionId = subscription
            request.Parameters.MonitoredItemIds = list(part)
            await self.call("DeleteMonitoredItems", request)
            return [None] * len(part)

        await self._split("DeleteMonitoredItems", ids, self.limits.monitored_items, once)

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
        data = await self.call("Publish", request, seconds=0)
        return self.decoder.publish(data, elements)

    async def republish(
        self, subscription: int, sequence: int, elements: NDArray[np.int32]
    ) -> PublishMessage | None:
        """Ask for a lost notification again; None if the server no longer has it."""
        request = ua.RepublishRequest()
        request.Parameters.SubscriptionId = subscription
        request.Parameters.RetransmitSequenceNumber = sequence
        try:
            data = await self.call("Republish", request)
        except RefusedError:
            return None
        return self.decoder.republish(data, elements, subscription)

    async def _browse(
        self, nodes: Sequence[str], reference: int, direction: Any
    ) -> list[list[Reference]]:
        async def once(part: Sequence[str]) -> list[list[Reference]]:
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
            data = await self.call("Browse", request)
            results = struct_from_binary(ua.BrowseResponse, Buffer(data)).Results
            return [await self._all_references(result) for result in results]

        return await self._split("Browse", nodes, self.limits.browse, once)

    async def _all_references(self, result: Any) -> list[Reference]:
        """Return the references of one browsed node; asks for the rest if the server sends them in parts."""
        found = list(result.References)
        while result.ContinuationPoint:
            request = ua.BrowseNextRequest()
            request.Parameters.ReleaseContinuationPoints = False
            request.Parameters.ContinuationPoints = [result.ContinuationPoint]
            data = await self.checked("BrowseNext", request)
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
