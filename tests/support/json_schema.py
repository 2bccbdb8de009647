"""A small evaluator of the part of JSON Schema that pydantic writes: no package for it is needed to run the tests."""

from __future__ import annotations

from typing import Any

Json = Any
_KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def misfits(value: Json, schema: Json, root: Json, where: str) -> list[str]:
    """Return where a value does not fit a schema; root: the schema with its definitions."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", maxsplit=1)[-1]]
    if "anyOf" in schema:
        tried = [misfits(value, branch, root, where) for branch in schema["anyOf"]]
        return [] if any(not found for found in tried) else min(tried, key=len)
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} is none of {schema['enum']}"]
    if "const" in schema and value != schema["const"]:
        return [f"{where}: {value!r} is not {schema['const']!r}"]
    kind = schema.get("type")
    if kind == "null":
        return [] if value is None else [f"{where}: not null"]
    if kind and (not isinstance(value, _KINDS[kind]) or (kind != "boolean" and value is True)):
        return [f"{where}: {value!r} is no {kind}"]
    if isinstance(value, dict):
        return _object(value, schema, root, where)
    if isinstance(value, list):
        items = schema.get("prefixItems") or [schema.get("items", {})] * len(value)
        return [
            m
            for i, (x, s) in enumerate(zip(value, items, strict=False))
            for m in misfits(x, s, root, f"{where}[{i}]")
        ]
    return []


def _object(value: dict[str, Json], schema: Json, root: Json, where: str) -> list[str]:
    known, other = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{where}.{key}: missing" for key in schema.get("required", []) if key not in value]
    for key, item in value.items():
        if key in known:
            found += misfits(item, known[key], root, f"{where}.{key}")
        elif other is False:
            found.append(f"{where}.{key}: unknown")
        elif isinstance(other, dict):
            found += misfits(item, other, root, f"{where}.{key}")
    return found
