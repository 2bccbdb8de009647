"""The monitored items of one session: found, created, found missing, made anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from logging import Logger

import numpy as np
from numpy.typing import NDArray

from config.base import milliseconds
from connectors.opcua import errors, plan
from connectors.opcua.browse import Finder
from connectors.opcua.client import Session
from connectors.opcua.config import OpcUaAddress, OpcUaConnection
from connectors.opcua.convert import Targets
from connectors.opcua.errors import RefusedError
from connectors.opcua.plan import ItemGrant, ItemPlan, SubscriptionGrant
from connectors.opcua.resolve import node_text, parse_path
from model.batch import NO_TIME, Batch
from model.flags import RowFlag

_GRACE_MARGIN_MS = 500


@dataclass(frozen=True, slots=True)
class _Place:
    """What the plant file says of a point: a tenth of the memory of its checked model."""

    node: str | None
    path: tuple[str, ...]
    sampling_ms: int
    deadband: float | None

    @staticmethod
    def of(address: OpcUaAddress, config: OpcUaConnection) -> _Place:
        sampling = milliseconds(address.sampling or config.sampling)
        return _Place(address.node, address.path, sampling, address.deadband)


class ItemTable:
    """Where every point is in this session, and what the server granted for it. `start` begins a session."""

    def __init__(
        self,
        config: OpcUaConnection,
        addresses: Sequence[OpcUaAddress],
        names: Sequence[str],
        log: Logger,
    ) -> None:
        """Read the paths; raises ConfigError for one that cannot be read."""
        self._config = config
        self._places = [_Place.of(a, config) for a in addresses]
        self._names = names
        self._log = log
        self._paths = [parse_path(a.path, config.namespaces) for a in addresses]
        self._table: tuple[str, ...] = ()
        self._subscriptions: list[SubscriptionGrant] = []
        self._home: dict[int, tuple[int, int]] = {}
        self._told: set[int] = set()
        self.nodes: list[str | None] = [None] * len(addresses)
        """Node of every point in this session."""
        self.missing: dict[int, int] = {}
        """Points without a monitored item → status that says why."""
        self.deadbands: list[float | None] = [a.deadband for a in addresses]
        """Deadband in force of every point."""

    @property
    def silence_ms(self) -> int:
        """Return the longest time that the subscriptions may say nothing."""
        return max((s.silence_ms for s in self._subscriptions), default=plan.LIFETIME_MS)

    @property
    def grace_ms(self) -> int:
        """Return how long after a change at the latest its notification is there."""
        publishing = max((s.publishing_ms for s in self._subscriptions), default=0.0)
        sampling = max((self._sampling_ms(i) for i in range(len(self._places))), default=0)
        return int(2 * (publishing + sampling)) + _GRACE_MARGIN_MS

    def active(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the chosen points that have a monitored item."""
        return np.array(
            [i for i in np.flatnonzero(chosen).tolist() if i not in self.missing], dtype=np.int64
        )

    async def start(self, session: Session) -> None:
        """Resolve every address in a new session and subscribe to it."""
        self._table = await session.learn_limits()
        self._subscriptions, self._home = [], {}
        self.nodes = [None] * len(self._places)
        self.deadbands = [a.deadband for a in self._places]
        self.missing = dict.fromkeys(range(len(self._places)), errors.BAD_NO_MATCH)
        await self.retry_missing(session)
        if not self._subscriptions:
            await self._subscribe(session)

    async def retry_missing(self, session: Session) -> None:
        """Look for the missing points again and subscribe to those that are there now."""
        if not self.missing:
            return
        before = dict(self.missing)
        wanted = sorted(self.missing)
        await self._resolve(session, wanted)
        found = [i for i in wanted if self.nodes[i] is not None]
        if found:
            await self._create(session, found)
        for item in before.keys() - self.missing.keys():
            if item in self._told:
                self._told.discard(item)
                self._log.info("point %s is there now", self._names[item])
        for item, status in self.missing.items():
            if before.get(item) != status or item not in self._told:
                self._told.add(item)
                self._log.warning(
                    "point %s is not there (%s): status 0x%08X",
                    self._names[item],
                    self._where(item),
                    status,
                )

    async def recreate(self, session: Session, items: Sequence[int]) -> None:
        """Replace monitored items by new ones."""
        for subscription in self._subscriptions:
            ids = [
                self._home[i][1]
                for i in items
                if i in self._home and self._home[i][0] == subscription.id
            ]
            if ids:
                await session.delete_items(subscription.id, ids)
        await self._create(session, items)

    def missing_rows(self, items: NDArray[np.int64], targets: Targets, now_ns: int) -> Batch:
        """Return a row without value for each of the missing points, with its status."""
        n = len(items)
        return Batch(
            targets.signal[items],
            np.full(n, NO_TIME, dtype=np.int64),
            np.full(n, now_ns, dtype=np.int64),
            np.zeros(n, dtype=np.int64),
            np.array([self.missing[i] for i in items.tolist()], dtype=np.uint32),
            np.full(n, RowFlag.NO_VALUE, dtype=np.uint16),
        )

    async def _resolve(self, session: Session, wanted: Sequence[int]) -> None:
        """Fill in `nodes`, or the reason in `missing`."""
        paths = []
        for item in wanted:
            node = self._places[item].node
            if node is None:
                paths.append(item)
                continue
            text = node_text(node, self._table)
            if text is None or not session.is_node_id(text):
                self.missing[item] = errors.BAD_NODE_ID_INVALID
                text = None
            self.nodes[item] = text
        if not paths:
            return
        try:
            matches = await Finder(session, self._table).find([self._paths[i] for i in paths])
        except RefusedError as fault:
            self.missing.update(dict.fromkeys(paths, fault.code))
            return
        for item, nodes in zip(paths, matches, strict=True):
            self.nodes[item] = nodes[0] if len(nodes) == 1 else None
            if len(nodes) != 1:
                self.missing[item] = errors.BAD_TOO_MANY_MATCHES if nodes else errors.BAD_NO_MATCH

    async def _create(self, session: Session, items: Sequence[int]) -> None:
        """Create monitored items; those refused for their deadband again without it, those too many elsewhere."""
        if not self._subscriptions:
            await self._subscribe(session)
        refused = await self._create_once(session, items)
        plain = [i for i in refused if self.missing[i] in errors.FILTER_REFUSED]
        if plain:
            self._log.info("the server refuses the deadband of %d points; without it", len(plain))
            for item in plain:
                self.deadbands[item] = None
            refused = [*(set(refused) - set(plain)), *await self._create_once(session, plain)]
        while full := [i for i in refused if self.missing[i] == errors.TOO_MANY_ITEMS]:
            await self._subscribe(session)
            refused = await self._create_once(session, full)
            if len(refused) == len(full):
                return

    async def _create_once(self, session: Session, items: Sequence[int]) -> list[int]:
        """Create in the newest subscription; return those refused, whose status is in `missing`."""
        subscription = self._subscriptions[-1]
        plans = [self._plan(item, subscription) for item in items]
        grants = await session.create_items(subscription.id, plans)
        refused = []
        for item, wanted, grant in zip(items, plans, grants, strict=True):
            if grant.status & 0x80000000:
                self.missing[item] = grant.status
                refused.append(item)
            else:
                self.missing.pop(item, None)
                self._home[item] = (subscription.id, grant.id)
                self._log.debug(
                    "%s: sampling %s ms, queue %d (wanted %d ms, %d)",
                    self._names[item],
                    grant.sampling_ms,
                    grant.queue_size,
                    wanted.sampling_ms,
                    wanted.queue_size,
                )
        self._log_revised(subscription, plans, grants)
        return refused

    def _log_revised(
        self,
        subscription: SubscriptionGrant,
        plans: Sequence[ItemPlan],
        grants: Sequence[ItemGrant],
    ) -> None:
        """Say once what the server changed, and whether its queues are too small for its own sampling."""
        good = [(p, g) for p, g in zip(plans, grants, strict=True) if not g.status & 0x80000000]
        if not good:
            return
        revised = Counter((g.sampling_ms, g.queue_size) for _, g in good)
        small = sum(
            g.queue_size < plan.queue_size(subscription.publishing_ms, g.sampling_ms)
            for p, g in good
            if g.sampling_ms > 0
        )
        self._log.info(
            "subscription %d: publishing %s ms, keep-alive %d, %d items; (sampling ms, queue) %s",
            subscription.id,
            subscription.publishing_ms,
            subscription.keep_alive_count,
            len(good),
            dict(revised.most_common(5)),
        )
        if small:
            self._log.warning(
                "%d items have a queue below 2 x publishing / sampling: fast changes may be lost (marked overflow)",
                small,
            )

    async def _subscribe(self, session: Session) -> None:
        wanted = plan.subscription_plan(milliseconds(self._config.publishing_interval))
        self._subscriptions.append(await session.create_subscription(wanted))

    def _plan(self, item: int, subscription: SubscriptionGrant) -> ItemPlan:
        sampling = self._sampling_ms(item)
        return ItemPlan(
            item=item,
            node=self.nodes[item] or "",
            sampling_ms=sampling,
            queue_size=plan.queue_size(subscription.publishing_ms, sampling),
            deadband=self.deadbands[item],
        )

    def _sampling_ms(self, item: int) -> int:
        return self._places[item].sampling_ms

    def _where(self, item: int) -> str:
        address = self._places[item]
        return address.node or "/".join(address.path)
