"""The standard nodes of OPC UA for several servers of one process, read once.

asyncua needs about two seconds to build its standard address space for each server. The nodes of all servers are the
same at the start, so every further server gets copies: values and references of its own, the value objects shared.
Relies on the pinned asyncua 2.1 (`AddressSpace._nodes`, `NodeData`, `AttributeValue`).
"""

from __future__ import annotations

import gc
from typing import Any

from asyncua.server.address_space import AttributeValue, NodeData
from asyncua.server.internal_server import InternalServer


class StandardNodes:
    """The standard address space as a pattern that is never changed."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self._pattern: Any = None  # an asyncua AddressSpace

    async def fill(self, aspace: Any) -> None:
        """Put copies of all standard nodes into an empty address space."""
        if self._pattern is None:
            collecting = gc.isenabled()
            gc.disable()  # a hundred thousand living objects arise at once: collecting between is a third of the time
            try:
                plain = InternalServer()
                await plain.load_standard_address_space()
            finally:
                if collecting:
                    gc.enable()
            self._pattern = plain.aspace
        for nodeid, node in self._pattern._nodes.items():  # noqa: SLF001 - see the module text
            aspace[nodeid] = _copy(node)


class SharedStartServer(InternalServer):  # type: ignore[misc]  # asyncua is untyped here
    """An internal server that takes its standard nodes from a pattern."""

    def __init__(self, standard: StandardNodes) -> None:
        """Keep the pattern."""
        super().__init__()
        self._standard = standard

    async def load_standard_address_space(self, shelf_file: object = None) -> None:
        """Fill the address space from the pattern."""
        del shelf_file
        await self._standard.fill(self.aspace)


def _copy(node: Any) -> Any:
    copy = NodeData(node.nodeid)
    copy.attributes = {
        key: AttributeValue(attribute.value) for key, attribute in node.attributes.items()
    }
    copy.references = list(node.references)
    copy.call = node.call
    return copy
