"""The table of figures: which query gives the units of each, which column says a unit is done, which gaps it shows.

The queries are the only definition of a rate. What stands here besides words lines up what they return.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor.core import quantity
from precursor.core.clock import Period
from precursor.reconciliation import documents, registered, rounds, trade, writeoff
from precursor.reconciliation.view import View
from precursor.rules.gaps import GAPS, Owner
from precursor.rules.law import Words

Row = Any  # one row of a units query


@dataclass(frozen=True, slots=True)
class Gap:
    """One missing point: what, where, since when, and who must act."""

    code: str
    subject: str
    area: str
    detail: str
    since: date
    owner: str
    amount: str | None = None
    parties: tuple[str, ...] = ()  # outside ids of the enterprises that it concerns
    is_drug: bool | None = None  # whether it is about a drug-type substance; None: about none

    @property
    def line(self) -> str:
        """Code, subject and detail in one line, by which two lists of gaps are compared."""
        return " ".join(filter(None, (self.code, self.subject, self.detail)))


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``units``: area, unit, ok, flagged and what its gaps need; ``done``: the column that counts."""

    key: str
    name: str
    title: Words
    units: Callable[[Session, View], sa.Select]
    gaps: Callable[[Row], Iterator[Gap]]
    done: str = "ok"

    def target(self, view: View) -> str | None:
        """The target in percent; None where there is none."""
        return view.parameters.targets.get(self.key)


def _owner(code: str, row: Row) -> str:
    kind = GAPS[code].owner
    if kind is Owner.COMMERCE:
        return f"commerce:{row.area}"
    if kind in (Owner.REGISTERED_POLICE, Owner.RESPONSIBLE_POLICE):
        return f"police:{row.area}"
    other = row.other if kind is Owner.OTHER_SIDE else None
    return f"enterprise:{other or row.enterprise}"


def gap(code: str, row: Row, subject: str | None = None, detail: str = "", **more: Any) -> Gap:
    """A gap of the unit in ``row``; a unit "E03 2025-Q3" is the subject E03 with the detail 2025-Q3."""
    if subject is None:
        subject, _, named = row.unit.partition(" ") if code in _WINDOWED else (row.unit, "", "")
        detail = detail or named
    parties, drug = _concerns(row)
    since = more.pop("since", row.since)
    return Gap(code, subject, row.area, detail, since, _owner(code, row), parties=parties, is_drug=drug, **more)


def _concerns(row: Row) -> tuple[tuple[str, ...], bool | None]:
    parties = tuple(p for p in (getattr(row, "enterprise", None), getattr(row, "other", None)) if p)
    drug = getattr(row, "drug", None)
    return parties, None if drug is None else bool(drug)


#: Codes whose unit is a subject in a window.
_WINDOWED: Final = frozenset(
    {"INSPECTION_MISSED", "ROAD_CHECK_MISSED", "PATROL_MISSED", "QUARTERLY_REPORT_LATE", "QUARTERLY_REPORT_MISSING"}
)


def _one(code: str) -> Callable[[Row], Iterator[Gap]]:
    def gaps(row: Row) -> Iterator[Gap]:
        yield gap(code, row)

    return gaps


def _late_or_missing(prefix: str) -> Callable[[Row], Iterator[Gap]]:
    def gaps(row: Row) -> Iterator[Gap]:
        yield gap(f"{prefix}_{'LATE' if row.reported else 'MISSING'}", row)

    return gaps


def _none(_: Row) -> Iterator[Gap]:
    yield from ()


def _delegation(row: Row) -> Iterator[Gap]:
    if row.uncovered:
        yield gap("DELEGATION_UNCOVERED", row, row.unit, f"{row.since}..{row.until} {row.uncovered}d")
    if not row.registered:
        yield gap("SITE_UNREGISTERED", row, since=row.open_on)


def _unverified(row: Row) -> Iterator[Gap]:
    if not row.ok:
        yield gap("PERMIT_UNVERIFIED", row)


def _not_on_time(row: Row) -> Iterator[Gap]:
    yield gap("PERMIT_VERIFIED_LATE" if row.ok else "PERMIT_UNVERIFIED", row)


def _legs(row: Row) -> Iterator[Gap]:
    if not row.foreign_done:
        yield gap("IE_FOREIGN_LEG_MISSING", row)
    if not row.domestic_done:
        yield gap("IE_DOMESTIC_LEG_MISSING", row)


def _writeoff(row: Row) -> Iterator[Gap]:
    amount = None
    if row.code == "WRITEOFF_QTY_MISMATCH" and row.other_quantity is not None:
        amount = f"{quantity.show(row.quantity - row.other_quantity, row.measure)} {row.measure}"
    yield gap(row.code, row, amount=amount)


def _loss(row: Row) -> Iterator[Gap]:
    hours = (row.reported_at - row.discovered_at) // timedelta(hours=1)
    yield gap("LOSS_REPORT_LATE", row, row.unit, f"{hours}h")


def stocktake_gap(row: Row) -> Gap:
    """A stocktake that differs from the book."""
    difference = quantity.show(row.counted - row.book, row.measure)
    return Gap(
        "STOCK_VARIANCE",
        f"{row.site}/{row.substance}",
        row.area,
        difference,
        row.since,
        f"enterprise:{row.enterprise}",
        f"{difference} {row.measure}",
        *_concerns(row),
    )


def _plain(units: Callable[[View], sa.Select]) -> Callable[[Session, View], sa.Select]:
    return lambda _session, view: units(view)


def _slots(session: Session, view: View) -> sa.Select:
    return rounds.slot_units(view, rounds.slots_of(session, view))


W = Words
FIGURES: Final = tuple(
    Figure(*row)
    for row in (
        (
            "K1",
            "K1_offsite_delegation",
            W("异地经营委托管理率", "Off-site delegation"),
            _plain(registered.offsite_sites),
            _delegation,
        ),
        (
            "K2",
            "K2_permit_verification",
            W("购买、运输许可（备案证明）核查率", "Permit verification"),
            _plain(documents.permits_due),
            _unverified,
        ),
        (
            "K2b",
            "K2b_permit_verification_on_time",
            W("证件核查及时率", "Permit verification on time"),
            _plain(documents.permits_due),
            _not_on_time,
            "on_time",
        ),
        (
            "K3",
            "K3_import_export",
            W("进出口核查率", "Import and export verification"),
            _plain(trade.shipments),
            _legs,
        ),
        ("K4", "K4_stock_writeoff", W("出入库核销率", "Stock write-off"), _plain(writeoff.movements), _writeoff),
        (
            "K5",
            "K5_inspection_coverage",
            W("企业实地检查覆盖率", "Inspection coverage"),
            _slots,
            _one("INSPECTION_MISSED"),
        ),
        (
            "K5b",
            "K5b_inspection_entry_7d",
            W("检查录入及时率", "Inspections entered in time"),
            _plain(rounds.entries),
            _one("INSPECTION_ENTRY_LATE"),
        ),
        (
            "K6",
            "K6_road_checks",
            W("道路运输检查覆盖率", "Road check coverage"),
            _plain(rounds.road_checks),
            _one("ROAD_CHECK_MISSED"),
        ),
        (
            "K7",
            "K7_sales_reports",
            W("销售备案及时率", "Sales reported in time"),
            _plain(trade.sales),
            _late_or_missing("SALES_REPORT"),
        ),
        (
            "K8",
            "K8_annual_reports",
            W("年度报告按时率", "Annual reports in time"),
            _plain(registered.annual_reports),
            _late_or_missing("ANNUAL_REPORT"),
        ),
        ("K9", "K9_graded", W("等级评定率", "Graded enterprises"), _plain(registered.graded), _none),
        (
            "K10",
            "K10_information_officers",
            W("信息员配备率", "With an information officer"),
            _plain(registered.officers),
            _one("INFORMATION_OFFICER_MISSING"),
        ),
        (
            "K11",
            "K11_associations",
            W("行业协会建立率", "Trade associations"),
            _plain(registered.associations),
            _none,
        ),
        (
            "K12",
            "K12_site_patrols",
            W("重点部位巡查率", "Key-site patrols"),
            _plain(rounds.patrols),
            _one("PATROL_MISSED"),
        ),
        (
            "K13",
            "K13_quarterly_reports",
            W("季度报送及时率", "Quarterly reports in time"),
            _plain(rounds.quarterly_reports),
            _late_or_missing("QUARTERLY_REPORT"),
        ),
        ("K14", "K14_loss_incidents", W("流失事件", "Losses"), _plain(trade.losses), _loss),
        (
            "K15",
            "K15_equipment_reports",
            W("设备出租转让报告及时率", "Equipment transfers reported in time"),
            _plain(registered.equipment),
            _late_or_missing("EQUIPMENT_REPORT"),
        ),
    )
)
BY_KEY: Final = {figure.key: figure for figure in FIGURES}


def of_period(period: Period) -> str:
    """A period as text."""
    return f"{period.start}..{period.end}"
