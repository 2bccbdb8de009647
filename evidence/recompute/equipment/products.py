"""Which product an asset makes at what time, and what its configuration says about it (statistics.md §3, §7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from evidence.recompute.equipment.states import Texts
from evidence.recompute.plant_model import Asset, Plant
from evidence.recompute.window import Window
from model.signal import Role


class ProductPiece(NamedTuple):
    """A stretch of one product. product: its id, None where no product is assigned."""

    start: int
    end: int
    product: str | None


@dataclass(frozen=True, slots=True, eq=False)
class ProductData:
    """What one configuration says about the pieces of a product.

    ideal: smallest and largest ideal ms a piece, equal if the product has an ideal cycle of its own, None if no product
    of the asset has one. factor: pieces that one count stands for. weight: standard weight of a piece.
    """

    ideal: tuple[Fraction, Fraction] | None
    factor: int
    weight: Fraction


def product_pieces(window: Window, asset: str, texts: Texts) -> list[ProductPiece]:
    """Return the products of an asset over a window, in order and without hole; neighbours differ."""
    stream = f"{asset}.state"
    pieces: list[ProductPiece] = []
    window.budget.spend(len(window.runs), f"the products of {asset}", f"资产 {asset} 的产品")

    def add(start: int, end: int, product: str | None) -> None:
        if start < end:
            if pieces and pieces[-1].product == product:
                pieces[-1] = ProductPiece(pieces[-1].start, end, product)
            else:
                pieces.append(ProductPiece(start, end, product))

    for run in window.runs:
        entry = run.plant.assets.get(asset)
        unassigned = "" if entry is not None and _only_unnamed(entry) else None
        name = run.plant.first_of_role(stream, Role.PRODUCT)
        if name is None:
            product = None if entry is None else _declared(entry)
            add(run.start, run.end, unassigned if product is None else product)
            continue
        at = run.start
        for start, end, value in texts(name, Role.PRODUCT).within(run.start, run.end):
            add(at, start, unassigned)
            add(start, end, value or unassigned)
            at = end
        add(at, run.end, unassigned)
    return pieces


def _only_unnamed(entry: Asset) -> bool:
    """Return whether the asset knows one product without a name (version 1): it is always assigned."""
    return [product.id for product in entry.products] == [""]


def _declared(entry: Asset) -> str | None:
    if entry.product:
        return entry.product
    return entry.products[0].id if len(entry.products) == 1 else None


class ProductList:
    """The products of one asset in one configuration, with what is true of those that it does not list.

    frozen: ideal cycles, by product, that stand before those of the configuration; those that it does not list stand
    beside its own, except "", which names no product where others are listed.
    """

    def __init__(
        self, plant: Plant, asset: str, frozen: Mapping[str, Fraction] = MappingProxyType({})
    ) -> None:
        entry = plant.assets.get(asset)
        products = () if entry is None else entry.products
        cycle_of = {one.id: frozen.get(one.id, one.ideal_cycle) for one in products}
        self._frozen = {id_: cycle for id_, cycle in frozen.items() if id_ or id_ in cycle_of}
        cycles = [cycle for cycle in {**self._frozen, **cycle_of}.values() if cycle > 0]
        self.ideal = (min(cycles), max(cycles)) if cycles else None
        """Smallest and largest ideal ms a piece of the products listed and frozen, None without any."""
        self.factor = max([1, *(one.factor for one in products)])
        """Largest number of pieces that one count of a product listed can stand for."""
        self._listed = {
            one.id: ProductData(self._own(cycle_of[one.id]), one.factor, one.weight)
            for one in products
        }
        self._others: dict[str | None, ProductData] = {
            None: ProductData(self.ideal, 1, Fraction(1))
        }

    def _own(self, cycle: Fraction) -> tuple[Fraction, Fraction] | None:
        return (cycle, cycle) if cycle > 0 else self.ideal

    def data(self, product: str | None) -> ProductData:
        """Return what is true of the pieces of a product, None = of an unassigned one."""
        if product is None or (product not in self._listed and product not in self._frozen):
            return self._others[None]
        found = self._listed.get(product) or self._others.get(product)
        if found is None:
            found = ProductData(self._own(self._frozen[product]), 1, Fraction(1))
            self._others[product] = found
        return found
