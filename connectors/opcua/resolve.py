"""Node ids and browse paths as a user writes them → what a server understands (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from connectors.opcua.config import NAMESPACES, PATH_ELEMENT
from model.errors import ConfigError


@dataclass(frozen=True, slots=True)
class QualifiedName:
    """A browse name: namespace index and name."""

    namespace: int
    name: str


@dataclass(frozen=True, slots=True)
class Step:
    """One element of a browse path, with namespace URIs."""

    uri: str | None
    """Namespace of the browse name; None = any."""
    name: str
    """Browse name; `*`, `?` and `[…]` stand for any characters."""
    type_uri: str | None = None
    type_name: str | None = None
    """Browse name of the type definition, or `#` and its numeric id."""

    @property
    def literal(self) -> bool:
        """Return whether at most one browse name fits."""
        return self.uri is not None and self.type_uri is None and not set(self.name) & set("*?[")


@dataclass(frozen=True, slots=True)
class Reference:
    """A node as Browse describes it."""

    node: str
    name: QualifiedName
    type_node: str = ""
    """Type definition; empty if it has none."""


def parse_step(text: str, namespaces: Mapping[str, str]) -> Step:
    """Return one path element; raises ConfigError if it cannot be read or its prefix is unknown."""
    match = PATH_ELEMENT.fullmatch(text)
    if match is None or not text:
        raise ConfigError(
            f"browse path element {text!r} cannot be read; write MT:Monitoring, *, <MT#13> or nsu=<URI>;Name",
            f"浏览路径元素 {text!r} 无法识别；应写成 MT:Monitoring、*、<MT#13> 或 nsu=<URI>;Name",
        )
    name = match["name"] or "*"
    uri = match["uri"]
    if uri is None and match["prefix"]:
        uri = _uri(match["prefix"], namespaces)
    elif uri is None and name != "*" and not match["type"]:
        raise ConfigError(
            f"browse path element {text!r} has no namespace prefix; write 0:{text} or MT:{text}",
            f"浏览路径元素 {text!r} 缺少命名空间前缀；应写成 0:{text} 或 MT:{text}",
        )
    if not match["type"]:
        return Step(uri, name)
    type_name = ("#" if match["mark"] == "#" else "") + match["type"]
    return Step(uri, name, _uri(match["type_prefix"], namespaces), type_name)


def parse_path(path: Sequence[str], namespaces: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps below Objects; a leading `0:Objects` is dropped."""
    steps = tuple(parse_step(text, namespaces) for text in path)
    return steps[1:] if path and path[0] == "0:Objects" else steps


def _uri(prefix: str, namespaces: Mapping[str, str]) -> str:
    uri = NAMESPACES.get(prefix) or namespaces.get(prefix)
    if uri is None:
        known = ", ".join([*NAMESPACES, *namespaces])
        raise ConfigError(
            f"namespace prefix {prefix!r} is unknown; known: {known}; add it under connection.namespaces",
            f"命名空间前缀 {prefix!r} 未知；已知：{known}；请在 connection.namespaces 中添加",
        )
    return uri


def node_text(node: str, table: Sequence[str]) -> str | None:
    """Return the node id with the namespace index of this session; None if the server has no such namespace."""
    if not node.startswith("nsu="):
        return node
    uri, _, identifier = node[4:].rpartition(";")
    try:
        index = table.index(uri)
    except ValueError:
        return None
    return f"ns={index};{identifier}" if index else identifier


def fits(step: Step, name: QualifiedName, table: Sequence[str]) -> bool:
    """Return whether a browse name fits a step; types are looked at elsewhere."""
    if step.uri is not None and (name.namespace >= len(table) or table[name.namespace] != step.uri):
        return False
    return name.name == step.name or fnmatchcase(name.name, step.name)


def qualified(step: Step, table: Sequence[str]) -> QualifiedName | None:
    """Return the browse name of a literal step in this session; None if the server has no such namespace."""
    if step.uri is None or step.uri not in table:
        return None
    return QualifiedName(table.index(step.uri), step.name)


def is_type(step: Step, chain: Sequence[Reference], table: Sequence[str]) -> bool:
    """Return whether one of a type definition and its supertypes is the type that the step wants."""
    if step.type_uri not in table or step.type_name is None:
        return False
    index = table.index(step.type_uri)
    if step.type_name.startswith("#"):
        node = f"i={step.type_name[1:]}"
        return any(t.node == (f"ns={index};{node}" if index else node) for t in chain)
    return any(t.name == QualifiedName(index, step.type_name) for t in chain)
