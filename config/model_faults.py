"""What pydantic finds in a file that a user wrote, as faults with line, column and hint."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import ValidationError

from config.base import ConfigModel
from config.faults import Fault
from config.messages import describe, suggestion
from config.yaml_document import YamlDocument


def faults_of(
    exc: ValidationError,
    model: type[ConfigModel],
    document: YamlDocument,
    prefix: tuple[str | int, ...] = (),
    root: str = "plant",
) -> list[Fault]:
    """Return one fault for each error, with the nearest known name where a key is unknown.

    prefix: path of the value that was validated; model: what it was validated as; root: what the whole is called.
    """
    faults = []
    errors = exc.errors(include_url=False, include_input=False)
    for error in errors:
        inner = tuple(error["loc"])
        if error["type"] == "too_short" and any(
            len(e["loc"]) > len(inner) and e["loc"][: len(inner)] == inner for e in errors
        ):
            continue  # pydantic counts only the entries without a fault of their own
        path = (*prefix, *inner)
        name = ".".join(str(part) for part in path) or root
        if error["type"] == "extra_forbidden":
            faults.append(
                document.fault(
                    path,
                    f"{name}: unknown setting",
                    f"{name} 未知的配置项",
                    on_key=True,
                    hint=suggestion(str(inner[-1]), _known_keys(model, inner[:-1])),
                )
            )
            continue
        en, zh = describe(dict(error))
        faults.append(document.fault(path, f"{name} {en}", f"{name} {zh}"))
    return faults


def _known_keys(model: type[ConfigModel], path: tuple[str | int, ...]) -> list[str]:
    """Return the names that a model accepts at `path`, for "did you mean"."""
    current: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        field = None
        for name, candidate in getattr(current, "model_fields", {}).items():
            if part in (name, candidate.alias):
                field = candidate
        current = _model_in(field.annotation) if field is not None else None
        if current is None:
            return []
    return [f.alias or name for name, f in current.model_fields.items()]


def _model_in(annotation: Any) -> type[ConfigModel] | None:
    """Return the first model inside an annotation like `tuple[X, ...]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, ConfigModel):
        return annotation
    for argument in get_args(annotation):
        if (found := _model_in(argument)) is not None:
            return found
    return None
