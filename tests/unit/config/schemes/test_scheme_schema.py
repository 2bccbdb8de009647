"""The JSON Schema of scheme files knows every key that the files use, and asks for none that they lack."""

from __future__ import annotations

from typing import Any

import pytest

from config.schemes.coverage import COVERAGE_FILE
from config.schemes.file_models import FILES
from config.schemes.files import builtin_sources
from config.yaml_document import parse_yaml

SCHEMA: dict[str, Any] = FILES.json_schema()
Json = Any


def resolve(schema: Json) -> Json:
    while "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", maxsplit=1)[-1]]
    return schema


def misfits(value: Json, schema: Json, where: str) -> list[str]:
    """Return where a value does not fit: a small evaluator of the part of JSON Schema that is used here."""
    schema = resolve(schema)
    branches = schema.get("oneOf") or schema.get("anyOf")
    if branches:
        tried = [misfits(value, branch, where) for branch in branches]
        fitting = sum(not found for found in tried)
        if fitting == 0 or ("oneOf" in schema and fitting > 1):
            return [f"{where}: {fitting} branches fit", *min(tried, key=len)]
        return []
    if "const" in schema and value != schema["const"]:
        return [f"{where}: {value!r} is not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} is none of {schema['enum']}"]
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": int,
        "boolean": bool,
    }
    kind = schema.get("type")
    if kind == "null":
        return [] if value is None else [f"{where}: not null"]
    if kind and not isinstance(value, kinds[kind]):
        return [f"{where}: {value!r} is no {kind}"]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found = [
            f"{where}.{key}: missing" for key in schema.get("required", []) if key not in value
        ]
        for key, item in value.items():
            found += (
                misfits(item, known[key], f"{where}.{key}")
                if key in known
                else [f"{where}.{key}: unknown"]
            )
        return found
    if isinstance(value, list):
        positions = schema.get("prefixItems") or [schema.get("items", {})] * len(value)
        return [
            m
            for i, (x, s) in enumerate(zip(value, positions, strict=False))
            for m in misfits(x, s, f"{where}[{i}]")
        ]
    return []


def files() -> list[tuple[str, bytes]]:
    from importlib import resources  # noqa: PLC0415

    coverage = resources.files("config") / "schemes" / COVERAGE_FILE
    return [*builtin_sources(), (COVERAGE_FILE, coverage.read_bytes())]


@pytest.mark.parametrize(("name", "data"), files(), ids=[n for n, _ in files()])
def test_built_in_file_fits_the_schema(name: str, data: bytes) -> None:
    document, faults = parse_yaml(data, name)
    assert faults == []
    assert misfits(document.value, SCHEMA, name) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"kind": "schem"}, "branches fit"),
        ({"thresold": 5}, "thresold: unknown"),
        ({"items": None}, "items"),
    ],
)
def test_wrong_file_does_not_fit(change: dict[str, Any], where: str) -> None:
    data = next(d for n, d in files() if n == "cq18-workshop.yaml")
    value = {**parse_yaml(data, "x")[0].value, **change}
    assert any(where in found for found in misfits(value, SCHEMA, "x"))


def test_every_key_of_the_schema_has_a_description() -> None:
    bare = [
        f"{name}.{key}"
        for name, model in SCHEMA["$defs"].items()
        for key, item in model.get("properties", {}).items()
        if "description" not in item and "description" not in resolve(item)
    ]
    assert bare == []
