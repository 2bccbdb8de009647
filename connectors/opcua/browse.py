"""Find the nodes of browse paths in one session, many paths at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from connectors.opcua.resolve import QualifiedName, Reference, Step, fits, is_type, qualified

OBJECTS: Final = "i=85"
_MAX_SUPERTYPES: Final = 20


class Space(Protocol):
    """The address space as a session offers it; requests are split to the limits of the server."""

    async def translate(
        self, paths: Sequence[tuple[str, tuple[QualifiedName, ...]]]
    ) -> list[list[str]] | None:
        """Return the target nodes of each (start, browse names); None if the server lacks the service."""
        ...

    async def children(self, nodes: Sequence[str]) -> list[list[Reference]]:
        """Return the nodes below each node by hierarchical references."""
        ...

    async def supertypes(self, nodes: Sequence[str]) -> list[list[Reference]]:
        """Return the supertype of each type node, if any."""
        ...

    async def browse_names(self, nodes: Sequence[str]) -> list[QualifiedName | None]:
        """Return the browse name of each node."""
        ...


@dataclass(slots=True)
class _Branch:
    """A node that a path has reached, and what is left of the path."""

    path: int
    node: str
    steps: tuple[Step, ...]


@dataclass(slots=True)
class Finder:
    """Looks paths up in one session; keeps what it browsed for its own life."""

    space: Space
    table: Sequence[str]
    """Namespace array of the session."""
    _children: dict[str, list[Reference]] = field(default_factory=dict)
    _chains: dict[str, list[Reference]] = field(default_factory=dict)
    _translates: bool = True

    async def find(self, paths: Sequence[tuple[Step, ...]]) -> list[list[str]]:
        """Return the nodes that each path matches, without repetition."""
        found: list[dict[str, None]] = [{} for _ in paths]
        branches = [_Branch(i, OBJECTS, steps) for i, steps in enumerate(paths)]
        while branches:
            for branch in branches:
                if not branch.steps:
                    found[branch.path][branch.node] = None
            branches = await self._advance([b for b in branches if b.steps])
        return [list(nodes) for nodes in found]

    async def _advance(self, branches: list[_Branch]) -> list[_Branch]:
        """Return the branches one browse, or one run of literal names, further down."""
        literal = [b for b in branches if b.steps[0].literal] if self._translates else []
        further = await self._translate(literal) if literal else []
        if further is None:
            self._translates = False
            literal, further = [], []
        skip = {id(b) for b in literal}
        return further + await self._browse([b for b in branches if id(b) not in skip])

    async def _translate(self, branches: list[_Branch]) -> list[_Branch] | None:
        requests, asked, rest = [], [], []
        for branch in branches:
            run = 0
            while run < len(branch.steps) and branch.steps[run].literal:
                run += 1
            names = [qualified(step, self.table) for step in branch.steps[:run]]
            known = tuple(name for name in names if name is not None)
            if len(known) == run:
                requests.append((branch.node, known))
                asked.append(branch)
                rest.append(branch.steps[run:])
        if not requests:
            return []
        targets = await self.space.translate(requests)
        if targets is None:
            return None
        return [
            _Branch(branch.path, node, steps)
            for branch, steps, nodes in zip(asked, rest, targets, strict=True)
            for node in nodes
        ]

    async def _browse(self, branches: list[_Branch]) -> list[_Branch]:
        new = list(dict.fromkeys(b.node for b in branches if b.node not in self._children))
        if new:
            self._children.update(zip(new, await self.space.children(new), strict=True))
        fitting = [
            (branch, child)
            for branch in branches
            for child in self._children[branch.node]
            if fits(branch.steps[0], child.name, self.table)
        ]
        await self._learn_types(
            [c.type_node for b, c in fitting if b.steps[0].type_uri and c.type_node]
        )
        return [
            _Branch(branch.path, child.node, branch.steps[1:])
            for branch, child in fitting
            if branch.steps[0].type_uri is None
            or is_type(branch.steps[0], self._chains.get(child.type_node, []), self.table)
        ]

    async def _learn_types(self, nodes: Sequence[str]) -> None:
        """Fill in the chain of supertypes of every type not yet known."""
        new = [n for n in dict.fromkeys(nodes) if n not in self._chains]
        if not new:
            return
        names = await self.space.browse_names(new)
        for node, name in zip(new, names, strict=True):
            self._chains[node] = [Reference(node, name or QualifiedName(0, ""))]
        growing = new
        for _ in range(_MAX_SUPERTYPES):
            if not growing:
                return
            tips = [self._chains[node][-1].node for node in growing]
            parents = await self.space.supertypes(tips)
            for node, above in zip(growing, parents, strict=True):
                self._chains[node].extend(above[:1])
            growing = [n for n, above in zip(growing, parents, strict=True) if above]
