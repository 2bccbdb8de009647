"""The tables of standard coal coefficients that ship with the project, as data."""

from __future__ import annotations

from functools import cache
from importlib import resources

from config.yaml_document import parse_yaml
from kpi.document_types import CoefficientRow, Coefficients
from kpi.energy.coefficients import CoefficientTable
from kpi.energy.coefficients_parsing import table_from_mapping
from model.errors import ConfigError


@cache
def builtin_coefficients() -> dict[str, CoefficientTable]:
    """Return every table of `config/coefficients/*.yaml` by id; raises ConfigError if one is wrong."""
    found: dict[str, CoefficientTable] = {}
    folder = resources.files("config") / "coefficients"
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            table = coefficient_table(entry.read_bytes(), entry.name)
            found[table.id] = table
    return found


@cache
def plant_coefficients() -> dict[str, Coefficients]:
    """Return the shipped tables as a plant file may name them, by id; raises ConfigError if one is wrong."""
    return {name: for_document(table) for name, table in builtin_coefficients().items()}


def for_document(table: CoefficientTable) -> Coefficients:
    """Return the rows of a table that say one number: what the site must choose itself is no row of a plant."""
    rows = [CoefficientRow(r.carrier, r.kgce, r.unit) for r in table.rows if r.kgce is not None]
    return Coefficients(table.id, tuple(sorted(rows, key=lambda r: r.carrier)))


def coefficient_table(data: bytes, name: str) -> CoefficientTable:
    """Return the table of a YAML file that a site wrote or that ships; raises ConfigError with every fault."""
    document, faults = parse_yaml(data, name)
    if faults:
        raise ConfigError(
            "\n".join(f.render("en") for f in faults), "\n".join(f.render("zh") for f in faults)
        )
    return table_from_mapping(document.value, name)
