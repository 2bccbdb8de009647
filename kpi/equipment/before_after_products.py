"""One table of ideal cycles for both periods of a comparison (docs/formats/claims.md §5 `before-after/2`)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from kpi.document_types import Asset, ConfigDocument, Product
from kpi.equipment.cells import AssetCells


def with_products_of(cells: AssetCells, first: ConfigDocument) -> AssetCells:
    """Return the cells as if every configuration had the products, with their ideal cycles, of the first one.

    Products of its own stay beside; counts keep the factor that they were booked with.
    """
    earlier = first.asset.get(cells.asset)
    if earlier is None:
        return cells
    found = {id(d): _document(d, earlier) for d in cells.documents}
    return replace(cells, documents=tuple(found[id(d)] for d in cells.documents))


def _document(document: ConfigDocument, earlier: Asset) -> ConfigDocument:
    own = document.asset.get(earlier.id)
    if own is None:
        return document
    changed = replace(own, products=_products(own, earlier))
    if changed == own:
        return document
    return replace(
        document, assets=tuple(changed if a.id == own.id else a for a in document.assets)
    )


def _products(own: Asset, earlier: Asset) -> tuple[Product, ...]:
    """Return the products of both; "" names no product where others are listed, so it is not carried over."""
    found = {
        p.id: Product(p.id, p.ideal_cycle_ms, 1, Fraction(1)) for p in earlier.products if p.id
    }
    for p in own.products:
        before = earlier.product_of(p.id)
        found[p.id] = p if before is None else replace(p, ideal_cycle_ms=before.ideal_cycle_ms)
    return tuple(found[name] for name in sorted(found))
