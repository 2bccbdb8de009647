"""Product of an asset over time (docs/formats/statistics.md §3), and what a configuration says about a product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from kpi.document_types import Asset, ConfigDocument
from kpi.equipment.states import Lines
from kpi.equipment.values import Line, joined, tile
from kpi.history import ConfigSegment
from model.signal import Role

UNASSIGNED: Final = ""
"""Written for time and pieces of no known product."""


@dataclass(frozen=True, slots=True)
class Ideal:
    """Ideal ms a piece of a row; both None if the asset has no product with an ideal cycle."""

    low: Fraction | None
    high: Fraction | None
    """Equal to `low` for a product with an ideal cycle of its own."""


def asset_products(
    asset: str, lines: Lines, parts: Sequence[ConfigSegment]
) -> tuple[Line, tuple[str, ...]]:
    """Return the product over the time that `parts` tile, as codes into the ids."""
    names = {UNASSIGNED: 0}
    found = [_of_part(asset, lines, p, names) for p in parts]
    return joined(found), tuple(names)


def ideal_of(asset: Asset | None, product: str) -> Ideal:
    """Return the ideal cycle of pieces of a product; least and greatest of the asset if it has none of its own."""
    own = asset.product_of(product) if asset is not None else None
    if own is not None and own.ideal_cycle_ms > 0:
        return Ideal(own.ideal_cycle_ms, own.ideal_cycle_ms)
    known = ideals(asset)
    return Ideal(min(known, default=None), max(known, default=None))


def ideals(asset: Asset | None) -> list[Fraction]:
    """Return the positive ideal cycles of the products of an asset."""
    products = asset.products if asset is not None else ()
    return [p.ideal_cycle_ms for p in products if p.ideal_cycle_ms > 0]


def factor_of(document: ConfigDocument, asset: str, product: str) -> int:
    """Return the pieces that one count stands for; 1 for a product that the asset does not list."""
    found = document.asset.get(asset)
    own = found.product_of(product) if found is not None else None
    return own.factor if own is not None else 1


def weight_of(document: ConfigDocument, asset: str, product: str) -> Fraction:
    """Return the weight of a piece; 1 for a product that the asset does not list."""
    found = document.asset.get(asset)
    own = found.product_of(product) if found is not None else None
    return own.weight if own is not None else Fraction(1)


def _of_part(asset: str, lines: Lines, part: ConfigSegment, names: dict[str, int]) -> Line:
    start, end = part.start_ms, part.end_ms
    known = part.document.asset.get(asset)
    signals = part.document.signals_of(asset, Role.PRODUCT) if known is not None else ()
    if not signals:
        code = names.setdefault(_fixed(known), len(names))
        return Line(np.array([start, end], dtype=np.int64), np.array([code], dtype=np.int32))
    own = lines.get((signals[0].name, Role.PRODUCT))
    if own is None:
        return Line(np.array([start, end], dtype=np.int64), np.zeros(1, dtype=np.int32))
    # The last place of the table stands for an unknown value: its code is −1.
    table = [names.setdefault(t or UNASSIGNED, len(names)) for t in own.texts] + [0]
    starts = np.append(np.int64(start), own.line.inner(start, end))
    codes = np.array(table, dtype=np.int32)[own.line.at(starts)]
    return tile(starts, codes, start, end)


def _fixed(asset: Asset | None) -> str:
    """Return the product of an asset without a product signal."""
    if asset is None:
        return UNASSIGNED
    if asset.product:
        return asset.product
    return asset.products[0].id if len(asset.products) == 1 else UNASSIGNED
