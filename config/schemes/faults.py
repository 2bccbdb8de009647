"""What pydantic finds in a scheme file, as faults with line, column and the nearest known word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from pydantic import ValidationError

from config.base import ConfigModel
from config.faults import Fault
from config.messages import describe, suggestion
from config.schemes.file_models import TAGS
from config.yaml_document import Path, YamlDocument


def faults_of(
    exc: ValidationError, document: YamlDocument, root: type[ConfigModel] | None = None
) -> list[Fault]:
    """Return one fault for each error, at the place in the file that it is about.

    root: model of the whole file, where it has one only.
    """
    found = []
    errors = exc.errors(include_url=False, include_input=False)
    for error in errors:
        loc = tuple(error["loc"])
        if error["type"] == "too_short" and any(
            len(e["loc"]) > len(loc) and e["loc"][: len(loc)] == loc for e in errors
        ):
            continue  # only the entries without a fault of their own are counted there
        found.append(_fault(dict(error), loc, document, root))
    return found


def _fault(
    error: dict[str, Any],
    loc: Sequence[str | int],
    document: YamlDocument,
    root: type[ConfigModel] | None,
) -> Fault:
    path, model = _place(loc, document.value, root)
    name = ".".join(map(str, path)) or document.name
    if error["type"] == "extra_forbidden":
        return document.fault(
            path,
            f"{name}: unknown key",
            f"{name} 未知的键",
            on_key=True,
            hint=suggestion(str(path[-1]), _keys_of(model)),
        )
    if error["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_kind(error, path, name, document)
    en, zh = describe(error)
    hint = ("", "")
    if error["type"] in ("enum", "literal_error"):
        hint = suggestion(str(_value_at(document.value, path)), _words(error))
    return document.fault(path, f"{name} {en}", f"{name} {zh}", hint=hint)


def _unknown_kind(error: dict[str, Any], path: Path, name: str, document: YamlDocument) -> Fault:
    context = error.get("ctx", {})
    if error["type"] == "union_tag_not_found":
        return document.fault(path, f"{name}: `kind` is missing", f"{name} 缺少 kind")
    known = context["expected_tags"].replace("'", "")
    return document.fault(
        (*path, "kind"),
        f"{name}.kind must be one of {known}",
        f"{name}.kind 只能是 {known} 之一",
        hint=suggestion(str(context["tag"]), known.split(", ")),
    )


def _words(error: dict[str, Any]) -> list[str]:
    expected = str(error.get("ctx", {}).get("expected", ""))
    return [w.strip().strip("'") for w in expected.replace(" or ", ", ").split(",")]


def _place(
    loc: Sequence[str | int], value: Any, root: type[ConfigModel] | None
) -> tuple[tuple[str | int, ...], type[ConfigModel] | None]:
    """Return the path in the file, without the names of branches, and the model that the last key belongs to."""
    path: list[str | int] = []
    model = root
    for number, part in enumerate(loc):
        branch = (number == 0 or isinstance(loc[number - 1], int)) and part in TAGS
        if branch and not (isinstance(value, dict) and part in value):
            model = TAGS[str(part)]
            continue
        if number < len(loc) - 1:
            model = _below(model, part)
        path.append(part)
        value = _value_at(value, (part,))
    return tuple(path), model


def _value_at(value: Any, path: Path) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _below(model: type[ConfigModel] | None, part: str | int) -> type[ConfigModel] | None:
    if model is None or isinstance(part, int):
        return model
    for name, field in model.model_fields.items():
        if part in (name, field.alias):
            return _model_in(field.annotation)
    return None


def _model_in(annotation: Any) -> type[ConfigModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, ConfigModel):
        return annotation
    for argument in get_args(annotation):
        if (found := _model_in(argument)) is not None:
            return found
    return None


def _keys_of(model: type[ConfigModel] | None) -> list[str]:
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]
