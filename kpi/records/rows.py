"""What one row of each kind of record says, checked and exact; other types than anything that was measured.

Amounts are exact fractions in the unit that the column of the table prints (docs/records.md); shares are of 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from kpi.records.periods import Month


@dataclass(frozen=True, slots=True, kw_only=True)
class FinanceYear:
    """The enterprise in one calendar year (000:238-258, 001:357-372); money in 万元."""

    year: int
    sales: Fraction
    profit: Fraction
    """Negative for a loss."""
    tax: Fraction
    main_revenue: Fraction | None
    total_assets: Fraction | None
    debt_share: Fraction | None
    profit_share: Fraction | None


class CostElement(StrEnum):
    """Elements that an operating cost may hold; which are included is part of the record (kpi.md A.7 no. 9)."""

    MATERIAL = "material"
    LABOUR = "labour"
    ENERGY = "energy"
    DEPRECIATION = "depreciation"
    MAINTENANCE = "maintenance"
    CONSUMABLES = "consumables"
    LOGISTICS = "logistics"
    ADMINISTRATION = "administration"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostMonth:
    """Operating cost of the workshop in one month, 万元 by element; None = the element is not included."""

    month: Month
    working_days: Fraction
    output: Fraction | None
    """Good pieces, or standard units where the products differ."""
    material: Fraction | None
    labour: Fraction | None
    energy: Fraction | None
    depreciation: Fraction | None
    maintenance: Fraction | None
    consumables: Fraction | None
    logistics: Fraction | None
    administration: Fraction | None
    other: Fraction | None
    other_what: str | None

    @property
    def elements(self) -> dict[CostElement, Fraction]:
        """Return the amount of each included element."""
        named = {
            CostElement.MATERIAL: self.material,
            CostElement.LABOUR: self.labour,
            CostElement.ENERGY: self.energy,
            CostElement.DEPRECIATION: self.depreciation,
            CostElement.MAINTENANCE: self.maintenance,
            CostElement.CONSUMABLES: self.consumables,
            CostElement.LOGISTICS: self.logistics,
            CostElement.ADMINISTRATION: self.administration,
            CostElement.OTHER: self.other,
        }
        return {element: amount for element, amount in named.items() if amount is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadcountMonth:
    """People of the workshop in one month."""

    month: Month
    scope: str
    """Who is counted, like 车间全体; the same before and after."""
    headcount: Fraction
    """Mean number on the payroll."""
    person_days: Fraction
    """Attended person-days."""
    hours: Fraction | None
    """Attended hours."""
    operators: Fraction | None
    """Mean number of people working on the line (产线作业人员)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputMonth:
    """Good output of one product in one month at the constant price of the before period."""

    month: Month
    product: str
    pieces: Fraction
    price: Fraction
    """Constant price, 元 a piece."""
    standard_hours: Fraction | None
    """Standard hours a piece."""
    current_value: Fraction | None
    """Output value at the prices of the month, 元."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One production order."""

    number: str
    product: str
    quantity: Fraction | None
    released: date
    completed: date | None
    promised: date
    delivered: date | None
    cancelled: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RdProject:
    """One research and development project; `end` is None while it runs."""

    number: str
    name: str
    kind: str
    start: date
    end: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RdPerson:
    """One member of the R&D staff and the account of a design tool, as of the end of a month."""

    month: Month
    person: str
    tool: str | None
    account: str | None
    licence: str | None
    months_used: int
    """Months of the last three in which the account was used, 0…3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RdTask:
    """One kind of design task (CAD, CAE, CAPP, PDM …): does it exist here, and is it done with a digital tool."""

    month: Month
    task: str
    applicable: bool
    covered: bool
    tool: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """One lot of the quality system."""

    lot: str
    product: str
    day: date
    made: int
    defective: int
    reason: str | None


class Reading(StrEnum):
    """How the quantity of a bill was found."""

    METERED = "metered"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyBill:
    """One bill of one account: quantity of a carrier from the first to the last day."""

    carrier: str
    account: str
    first: date
    last: date
    quantity: Fraction
    unit: str
    reading: Reading
    amount: Fraction | None
    """元."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryMonth:
    """Stock of one month, 万元."""

    month: Month
    stock: Fraction
    """Mean stock of the month."""
    cost_of_sales: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticsMonth:
    """Logistics cost and the operating cost that it is a part of, enterprise level, 万元."""

    month: Month
    logistics: Fraction
    operating_cost: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesMonth:
    """Sales of the enterprise in one month, 万元."""

    month: Month
    sales: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """One enterprise connected to the supply-chain platform (001:696)."""

    name: str
    credit_code: str
    role: str
    connected: date
    left: date | None


class InvestmentKind(StrEnum):
    """What the money buys; the project criteria count different kinds (002:37-68)."""

    EQUIPMENT = "equipment"
    LEASED_EQUIPMENT = "leased-equipment"
    CONTROL_SYSTEM = "control-system"
    SOFTWARE = "software"
    CLOUD_SERVICE = "cloud-service"
    INFORMATION_SERVICE = "information-service"
    HARDWARE = "hardware"
    PLATFORM = "platform"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Investment:
    """One item of the investment, 元."""

    item: str
    name: str
    kind: InvestmentKind
    planned: Fraction
    done: Fraction | None
    supplier: str | None
    invoice: str | None
    invoiced: date | None


class EquipmentClass(StrEnum):
    """Class of an asset in the list that the enterprise attaches."""

    ROBOT = "robot"
    MACHINE_TOOL = "machine-tool"
    PRODUCTION_LINE = "production-line"
    OTHER_PRODUCTION = "other-production"
    INSPECTION = "inspection"
    LOGISTICS = "logistics"
    AUXILIARY = "auxiliary"


class ProducedIn(StrEnum):
    """Where a piece of equipment was made."""

    LOCAL = "local"
    DOMESTIC = "domestic"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """One row of the equipment list (000:290-308, 496, 732)."""

    number: str
    name: str
    kind: EquipmentClass
    sets: int
    """台套 that the row stands for."""
    smart: bool
    """Automated or intelligent (自动化、智能化)."""
    brand: str | None
    supplier: str
    made_in: ProducedIn
    line: str | None
    """Digital production line that it belongs to."""
    in_service: date
    out_of_service: date | None
    invoice: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """One digital workshop of a smart factory (000:51, 601, 606)."""

    name: str
    finished: date | None
    recognised: bool
    """Whether an authority has recognised it."""
    certificate: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityCertificate:
    """One result of a maturity assessment, GB/T 39116-2020."""

    level: int
    """1…5."""
    method: str
    issuer: str
    number: str
    issued: date
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccidentYear:
    """Accidents of one calendar year, zero stated as 0 (001:72, 377, 617)."""

    year: int
    major_safety: int
    extreme_safety: int
    major_environment: int
    extreme_environment: int
    what: str | None

    @property
    def total(self) -> int:
        """Return the number of accidents that the criteria ask about."""
        return (
            self.major_safety
            + self.extreme_safety
            + self.major_environment
            + self.extreme_environment
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceMonth:
    """Comprehensive use of one resource in one month; no official text gives the formula (001:674)."""

    month: Month
    resource: str
    used: Fraction
    total: Fraction
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OffInterval:
    """Time for which outside evidence says that an asset had no power; half-open Unix ms (kpi-audit case 32)."""

    asset: str
    start_ms: int
    end_ms: int
    source: str
