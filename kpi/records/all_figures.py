"""Every figure that a set of imported records gives."""

from __future__ import annotations

from dataclasses import dataclass

from kpi.records.cost import operating_cost
from kpi.records.counts import accidents, equipment, investments, maturity, partners, workshops
from kpi.records.energy import CoefficientTable, energy
from kpi.records.figure import Record, RecordFigure
from kpi.records.orders import orders
from kpi.records.people import headcount
from kpi.records.periods import RecordPeriods
from kpi.records.productivity import output_value, productivity
from kpi.records.quality import defects
from kpi.records.rd import rd_cycle, rd_tools
from kpi.records.rows import (
    AccidentYear,
    CostMonth,
    EnergyBill,
    Equipment,
    FinanceYear,
    HeadcountMonth,
    InventoryMonth,
    Investment,
    LogisticsMonth,
    Lot,
    MaturityCertificate,
    OffInterval,
    Order,
    OutputMonth,
    Partner,
    RdPerson,
    RdProject,
    RdTask,
    ResourceMonth,
    SalesMonth,
    Workshop,
)
from kpi.records.sales import finance_figures, sales_growth
from kpi.records.stock import inventory, logistics, resource_use


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """All rows in force, by table; a field is named like its table with `_` for `-`."""

    finance: tuple[Record[FinanceYear], ...] = ()
    operating_cost: tuple[Record[CostMonth], ...] = ()
    headcount: tuple[Record[HeadcountMonth], ...] = ()
    output: tuple[Record[OutputMonth], ...] = ()
    orders: tuple[Record[Order], ...] = ()
    rd_projects: tuple[Record[RdProject], ...] = ()
    rd_staff: tuple[Record[RdPerson], ...] = ()
    rd_tasks: tuple[Record[RdTask], ...] = ()
    defects: tuple[Record[Lot], ...] = ()
    energy_bills: tuple[Record[EnergyBill], ...] = ()
    inventory: tuple[Record[InventoryMonth], ...] = ()
    logistics: tuple[Record[LogisticsMonth], ...] = ()
    sales: tuple[Record[SalesMonth], ...] = ()
    partners: tuple[Record[Partner], ...] = ()
    investments: tuple[Record[Investment], ...] = ()
    equipment: tuple[Record[Equipment], ...] = ()
    workshops: tuple[Record[Workshop], ...] = ()
    maturity: tuple[Record[MaturityCertificate], ...] = ()
    accidents: tuple[Record[AccidentYear], ...] = ()
    resource_use: tuple[Record[ResourceMonth], ...] = ()
    outages: tuple[Record[OffInterval], ...] = ()


def record_figures(
    records: Records, periods: RecordPeriods, coefficients: CoefficientTable | None = None
) -> dict[str, RecordFigure]:
    """Return every figure by metric id; a metric without any record is absent, one that cannot be known says why.

    coefficients: needed for energy in tce. Outside evidence of power-off gives no figure of its own.
    """
    day = periods.after.last
    return {
        **finance_figures(records.finance, periods),
        **operating_cost(records.operating_cost, periods),
        **headcount(records.headcount, periods),
        **productivity(records.output, records.headcount, periods),
        **output_value(records.output),
        **defects(records.defects, periods),
        **orders(records.orders, periods),
        **rd_cycle(records.rd_projects, periods),
        **rd_tools(records.rd_staff, records.rd_tasks, periods),
        **sales_growth(records.finance, records.sales, periods),
        **inventory(records.inventory, periods),
        **logistics(records.logistics, periods),
        **energy(records.energy_bills, records.output, periods, coefficients),
        **resource_use(records.resource_use, periods),
        **investments(records.investments),
        **equipment(records.equipment, day),
        **partners(records.partners, day),
        **workshops(records.workshops, day),
        **maturity(records.maturity, day),
        **accidents(records.accidents, day),
    }
