"""Coefficients of standard coal: shipped tables against heating values, choices, units, faults (E20, kpi.md B.8)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from config.coefficient_files import builtin_coefficients, coefficient_table
from kpi.energy.coefficients import Basis, CoefficientTable, Mark
from kpi.energy.units import factor, unit_of
from model.errors import ConfigError

T08, T20 = "gb-t-2589-2008-annex-a", "gb-t-2589-2020-annex-a"
# Heating values in kcal per kg or m3 as the same standard tabulates them; 7000 kcal = 1 kgce.
KCAL = {
    "raw-coal": 5000,
    "washed-coal": 6300,
    "coal-middlings": 2000,
    "coke": 6800,
    "coal-tar": 8000,
    "crude-oil": 10_000,
    "fuel-oil": 10_000,
    "petrol": 10_300,
    "kerosene": 10_300,
    "diesel": 10_200,
    "lpg": 12_000,
    "refinery-gas": 11_000,
    "soft-water": 3400,
    "deaerated-water": 6800,
    "compressed-air": 280,
    "oxygen": 2800,
    "carbon-dioxide": 1500,
}


def table(name: str = T20) -> CoefficientTable:
    return builtin_coefficients()[name]


@pytest.mark.parametrize("name", [T08, T20])
@pytest.mark.parametrize("carrier", KCAL)
def test_coefficient_is_the_heating_value_over_7000_kcal(name: str, carrier: str) -> None:
    found = table(name).row(carrier).kgce
    assert found is not None
    assert abs(found - Fraction(KCAL[carrier], 7000)) <= Fraction(1, 20_000)  # four decimals


@pytest.mark.parametrize("name", [T08, T20])
def test_e20_electricity_is_the_tabulated_value_and_not_the_quotient(name: str) -> None:
    found = table(name).kgce("electricity", "kW.h")
    assert found == Fraction("0.1229")
    assert round(Fraction(3600, 29_307), 4) == Fraction("0.1228")  # what the quotient would be
    assert table(name).row("electricity").basis is Basis.EQUIVALENT


def test_heat_is_one_over_29_307() -> None:
    assert table().kgce("heat", "MJ") == Fraction("0.03412")
    assert round(1 / Fraction("29.307"), 5) == Fraction("0.03412")
    assert table().kgce("heat", "GJ") == Fraction("34.12")


@pytest.mark.parametrize("name", [T08, T20])
def test_e20_fresh_water_has_two_values_a_factor_of_three_apart_and_no_default(name: str) -> None:
    row = table(name).row("fresh-water")
    assert [c.kgce for c in row.choices] == [Fraction("0.0857"), Fraction("0.2571")]
    assert row.choices[0].kgce * 3 == row.choices[1].kgce
    with pytest.raises(
        ConfigError, match=r"no default; choose one of .*w-0\.0857, w-0\.2571"
    ) as caught:
        table(name).kgce("fresh-water", "t")
    assert "请选择" in caught.value.zh
    chosen = table(name).choose("fresh-water", "w-0.2571", "GB/T 2589-2020 附录 B")
    assert chosen.kgce("fresh-water", "t") == Fraction("0.2571")
    assert chosen.kgce("fresh-water", "万吨") == 2571


def test_natural_gas_of_2020_is_a_range_that_the_site_fills_by_measurement() -> None:
    with pytest.raises(ConfigError, match="between 11/10 and 133/100"):
        table().kgce("natural-gas", "m3")
    chosen = table().choose("natural-gas", Fraction("1.2143"), "热值报告 2026-03")
    assert chosen.kgce("natural-gas", "万立方米") == 12_143
    assert [f.name for f in chosen.findings(frozenset({"natural-gas"}))] == [
        "energy.chosen-coefficient"
    ]
    odd = table().choose("natural-gas", Fraction("1.05"), "热值报告")
    assert [f.name for f in odd.findings(frozenset({"natural-gas"}))] == [
        "energy.chosen-coefficient",
        "energy.outside-range",
    ]


def test_equal_value_of_electricity_has_no_number_and_always_warns() -> None:
    with pytest.raises(ConfigError, match="state a value and its source"):
        table().kgce("electricity-equal-value", "kW.h")
    chosen = table().choose("electricity-equal-value", Fraction("0.3"), "2025 年电网煤耗")
    names = [f.name for f in chosen.findings(frozenset({"electricity-equal-value"}))]
    assert names == [
        "energy.equal-value",
        "energy.chosen-coefficient",
        "energy.unconfirmed-coefficient",
    ]
    assert table().findings(frozenset({"electricity"})) == ()


def test_table_is_not_edited_and_a_choice_needs_name_and_reason() -> None:
    with pytest.raises(ConfigError, match="fixed at 1229/10000"):
        table().choose("electricity", Fraction("0.1"), "kinder")
    with pytest.raises(ConfigError, match="state the reason"):
        table().choose("fresh-water", "w-0.0857", " ")
    with pytest.raises(ConfigError, match="no choice 'w-1'"):
        table().choose("fresh-water", "w-1", "?")
    with pytest.raises(ConfigError, match="choose one of"):
        table().choose("fresh-water", Fraction("0.1"), "?")
    with pytest.raises(ConfigError, match="must be positive"):
        table().choose("natural-gas", Fraction(0), "?")


def test_digest_follows_numbers_and_choices() -> None:
    plain = table()
    a = plain.choose("fresh-water", "w-0.0857", "x")
    b = plain.choose("fresh-water", "w-0.2571", "x")
    assert len({plain.sha256, a.sha256, b.sha256, table(T08).sha256}) == 4
    assert a.sha256 == plain.choose("fresh-water", "w-0.0857", "x").sha256


def test_unknown_carrier_and_unit_are_named_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="no carrier 'deisel'; did you mean diesel") as caught:
        table().kgce("deisel", "kg")
    assert "是不是想写 diesel" in caught.value.zh
    with pytest.raises(ConfigError, match="unit 'kilo' is not known"):
        table().kgce("diesel", "kilo")
    with pytest.raises(ConfigError, match=r"L \(volume\) cannot be converted to kg \(mass\)"):
        table().kgce("diesel", "L")


@pytest.mark.parametrize("name", [T08, T20])
def test_every_row_has_mark_and_source_and_memory_is_said(name: str) -> None:
    found = table(name)
    assert all(r.source and r.mark in Mark for r in found.rows)
    memory = next(r.carrier for r in found.rows if r.mark is Mark.MEM and r.kgce is not None)
    assert "energy.unconfirmed-coefficient" in {f.name for f in found.findings(frozenset({memory}))}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("kWh", "MJ", Fraction(18, 5)),
        ("万度", "kW.h", Fraction(10_000)),
        ("MW.h", "W.h", Fraction(1_000_000)),
        ("吨", "kg", Fraction(1000)),
        ("升", "m3", Fraction(1, 1000)),
        ("百万千焦", "MJ", Fraction(1000)),
    ],
)
def test_units_convert_exactly(one: str, other: str, expected: Fraction) -> None:
    assert factor(one, other) == expected
    assert factor(other, one) == 1 / expected
    assert unit_of(f" {one} ") is unit_of(one)


ROW = """
  - carrier: x
    zh: 某
    en: some
    kind: fuel
    basis: equivalent
    unit: kg
    mark: SRC
    source: s
"""


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("    kgce: 0\n", r"rows\[0\].kgce: expected a number above 0"),
        ("    kgce: one\n", r"rows\[0\].kgce: expected an exact number"),
        ('    kgce: "1"\n    between: {low: 1, high: 2}\n', "only one of kgce, choices, between"),
        ("    between: {low: 2, high: 1}\n", "0 < low < high"),
        ("    value: 1\n", "no such key"),
        ("    kgce: 1\n" + ROW + "    kgce: 1\n", "each with its own carrier"),
    ],
)
def test_wrong_table_names_row_and_key(more: str, fault: str) -> None:
    text = f"id: t\nzh: t\nen: t\nedition: e\nrows:{ROW}{more}"
    with pytest.raises(ConfigError, match=fault):
        coefficient_table(text.encode(), "t.yaml")


def test_table_of_a_site_with_a_fault_of_syntax_says_the_line() -> None:
    with pytest.raises(ConfigError, match=r"t\.yaml:2:"):
        coefficient_table(b"id: t\nzh\xef\xbc\x9a t\n", "t.yaml")
