from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.opcua.browse import OBJECTS, Finder
from connectors.opcua.config import NAMESPACES
from connectors.opcua.resolve import QualifiedName as Q
from connectors.opcua.resolve import Reference, node_text, parse_path, parse_step
from model.errors import ConfigError

TABLE = [NAMESPACES["0"], "urn:own", NAMESPACES["MY"], NAMESPACES["MT"]]


def test_node_with_a_namespace_uri_gets_the_index_of_the_session() -> None:
    assert (
        node_text("nsu=urn:own;s=/Channel/State/actParts[u1,1]", TABLE)
        == "ns=1;s=/Channel/State/actParts[u1,1]"
    )
    assert node_text("nsu=http://opcfoundation.org/UA/;i=2258", TABLE) == "i=2258"
    assert node_text("ns=2;s=a;b", TABLE) == "ns=2;s=a;b"
    assert node_text("nsu=urn:other;s=a", TABLE) is None


@pytest.mark.parametrize(
    ("text", "uri", "name", "kind"),
    [
        ("MT:Monitoring", NAMESPACES["MT"], "Monitoring", None),
        ("0:CurrentState", NAMESPACES["0"], "CurrentState", None),
        ("*", None, "*", None),
        ("<MT#13>", None, "*", "#13"),
        ("<MT:MachineToolType>", None, "*", "MachineToolType"),
        ("own:Spindle*<MT#22>", "urn:own", "Spindle*", "#22"),
        ("Spindle*<MT#22>", None, "Spindle*", "#22"),
        ("nsu=urn:x:y;A:B", "urn:x:y", "A:B", None),
    ],
)
def test_path_element(text: str, uri: str | None, name: str, kind: str | None) -> None:
    step = parse_step(text, {"own": "urn:own"})
    assert (step.uri, step.name, step.type_name) == (uri, name, kind)


@pytest.mark.parametrize("text", ["", "Monitoring", "XX:Monitoring", "<MT>", "<XX#13>", "MT:"])
def test_path_element_that_cannot_be_read_names_it(text: str) -> None:
    with pytest.raises(ConfigError, match=r"path element|prefix") as error:
        parse_step(text, {})
    assert error.value.zh != error.value.en


def test_leading_objects_is_dropped() -> None:
    assert parse_path(["0:Objects", "MY:Machines"], {}) == parse_path(["MY:Machines"], {})


class FakeSpace:
    """Objects / MY:Machines / {mill: MT#13, lathe: subtype of MT#13, pump: other} / MT:Monitoring / value."""

    def __init__(self, *, translates: bool) -> None:
        self.translates = translates
        self.calls: list[str] = []
        self.tree = {
            OBJECTS: [Reference("machines", Q(2, "Machines"), "i=61")],
            "machines": [
                Reference("mill", Q(1, "Fräse 7"), "ns=3;i=13"),
                Reference("lathe", Q(1, "Drehbank"), "ns=1;i=99"),
                Reference("pump", Q(1, "Pumpe"), "i=58"),
            ],
            "mill": [Reference("mill.mon", Q(3, "Monitoring"), "i=58")],
            "lathe": [Reference("lathe.mon", Q(3, "Monitoring"), "i=58")],
            "pump": [Reference("pump.mon", Q(1, "Monitoring"), "i=58")],
            "mill.mon": [Reference("mill.x", Q(3, "X"))],
        }
        self.parents = {
            "ns=1;i=99": [Reference("ns=3;i=13", Q(3, "MachineToolType"))],
            "ns=3;i=13": [Reference("i=58", Q(0, "BaseObjectType"))],
        }

    async def translate(self, paths: Sequence[tuple[str, tuple[Q, ...]]]) -> list[list[str]] | None:
        self.calls.append("translate")
        if not self.translates:
            return None
        results = []
        for start, names in paths:
            nodes = [start]
            for name in names:
                nodes = [r.node for n in nodes for r in self.tree.get(n, []) if r.name == name]
            results.append(nodes)
        return results

    async def children(self, nodes: Sequence[str]) -> list[list[Reference]]:
        self.calls.append("children")
        return [self.tree.get(n, []) for n in nodes]

    async def supertypes(self, nodes: Sequence[str]) -> list[list[Reference]]:
        self.calls.append("supertypes")
        return [self.parents.get(n, []) for n in nodes]

    async def browse_names(self, nodes: Sequence[str]) -> list[Q | None]:
        names = {"ns=3;i=13": Q(3, "MachineToolType"), "i=58": Q(0, "BaseObjectType")}
        return [names.get(n) for n in nodes]


@pytest.mark.parametrize("translates", [True, False])
async def test_find_by_name_by_type_by_subtype_and_by_any_name(translates: bool) -> None:
    finder = Finder(FakeSpace(translates=translates), TABLE)
    found = await finder.find(
        [
            parse_path(p, {"own": "urn:own"})
            for p in (
                ["MY:Machines", "own:Fräse*", "MT:Monitoring", "MT:X"],
                ["MY:Machines", "<MT#13>"],
                ["MY:Machines", "<MT:MachineToolType>", "MT:Monitoring"],
                ["MY:Machines", "own:Dreh*<MT#13>"],
                ["MY:Machines", "*"],
                ["MY:Machines", "MT:Nothing"],
                ["PK:Status"],  # a namespace that this server does not have
            )
        ]
    )
    assert found == [
        ["mill.x"],
        ["mill", "lathe"],
        ["mill.mon", "lathe.mon"],
        ["lathe"],
        ["mill", "lathe", "pump"],
        [],
        [],
    ]


async def test_find_asks_once_for_all_literal_paths() -> None:
    space = FakeSpace(translates=True)
    await Finder(space, TABLE).find([parse_path(["MY:Machines"], {})] * 50)
    assert space.calls == ["translate"]
