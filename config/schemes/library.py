"""All scheme files together: parsed, checked against each other, built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from config.faults import ConfigFaultsError, Fault
from config.schemes.build import Builder, ambiguity_of, document_of, fact_of
from config.schemes.checks import ParsedFile, check_files, names_of
from config.schemes.faults import faults_of
from config.schemes.file_models import (
    FILES,
    DocumentFileModel,
    FactsCatalogueModel,
    RegisterModel,
    SchemeFileModel,
)
from config.schemes.form_models import FormFileModel
from config.yaml_document import parse_yaml
from kpi.schemes.ambiguities import Ambiguity
from kpi.schemes.document import Document
from kpi.schemes.facts import FactDefinition
from kpi.schemes.forms import Form
from kpi.schemes.rules import SchemeRule
from kpi.schemes.scheme import Group, Scheme


@dataclass(frozen=True, slots=True)
class SchemeLibrary:
    """What the scheme files say."""

    documents: dict[str, Document]
    schemes: dict[str, Scheme]
    forms: dict[str, Form]
    rules: dict[str, tuple[SchemeRule, ...]]
    """By document."""
    shared: dict[str, Group]
    """Groups that schemes include."""
    facts: dict[str, FactDefinition]
    ambiguities: dict[str, Ambiguity]

    def forms_of(self, scheme: str) -> tuple[Form, ...]:
        """Return the forms that one applies with."""
        return tuple(f for f in self.forms.values() if scheme in f.schemes)


def parse_scheme_file(name: str, data: bytes) -> tuple[ParsedFile | None, list[Fault]]:
    """Return one file whose shape is right, or its faults."""
    text, faults = parse_yaml(data, name)
    if text.value is None:
        return None, faults
    try:
        model = FILES.validate_python(text.value)
    except ValidationError as exc:
        return None, [*faults, *faults_of(exc, text)]
    return (None, faults) if faults else (ParsedFile(text, model), [])


def build_library(sources: Sequence[tuple[str, bytes]]) -> SchemeLibrary:
    """Return everything that the files say; raises ConfigFaultsError with all faults of all files.

    sources: name and content of each file; files of other kinds (coverage) are checked for their shape only.
    """
    files: list[ParsedFile] = []
    faults: list[Fault] = []
    for name, data in sources:
        parsed, found = parse_scheme_file(name, data)
        faults += found
        if parsed is not None:
            files.append(parsed)
    if not faults:
        faults = check_files(files)
    if faults:
        raise ConfigFaultsError(sorted(faults, key=lambda f: (f.file, f.line, f.column)))
    return _build(files)


def _build(files: Sequence[ParsedFile]) -> SchemeLibrary:
    names = names_of(files)
    builder = Builder(names)
    models = [f.model for f in files]
    documents = {m.id: document_of(m) for m in models if isinstance(m, DocumentFileModel)}
    rules = {
        m.id: tuple(builder.rule(r) for r in m.rules)
        for m in models
        if isinstance(m, DocumentFileModel)
    }
    return SchemeLibrary(
        documents=documents,
        schemes={
            m.id: builder.scheme(
                m,
                documents[m.document],
                [r for d in (m.document, *m.further_documents) for r in rules[d]],
            )
            for m in models
            if isinstance(m, SchemeFileModel)
        },
        forms={m.id: builder.form(m) for m in models if isinstance(m, FormFileModel)},
        rules=rules,
        shared={name: builder.group(model) for name, model in names.shared.items()},
        facts={
            f.id: fact_of(f) for m in models if isinstance(m, FactsCatalogueModel) for f in m.facts
        },
        ambiguities={
            a.id: ambiguity_of(a)
            for m in models
            if isinstance(m, RegisterModel)
            for a in m.ambiguities
        },
    )


def read_folder(folder: Path) -> list[tuple[str, bytes]]:
    """Return name and content of every `*.yaml` of a folder; raises ConfigFaultsError if it cannot be read."""
    try:
        paths = sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml"))
        return [(str(p), p.read_bytes()) for p in paths]
    except OSError as exc:
        fault = Fault(
            str(folder), 1, 1, "", f"cannot be read: {exc.strerror}", f"无法读取：{exc.strerror}"
        )
        raise ConfigFaultsError([fault]) from exc
