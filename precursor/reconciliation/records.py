"""The record that a gap is about: its address among the pages, and who may open it."""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlencode

from precursor.core.access import Action
from precursor.reconciliation.figures import Gap


def _named(path: str) -> Callable[[Gap], str]:
    return lambda gap: f"/{path}/{quote(gap.subject)}"


def _enterprise(gap: Gap) -> str:
    return f"/enterprises/{quote(gap.parties[0])}"


def _ledger(gap: Gap) -> str:
    """The ledger of the store that was counted, up to that day."""
    site, _, substance = gap.subject.rpartition("/")
    return f"/ledger?{urlencode({'site': site, 'substance': substance, 'to': gap.since})}"


_MOVEMENT: Final = (Action.LEDGER_READ, _named("movements"))
_PERMIT: Final = (Action.PURCHASE_READ, _named("permits"))
_SITE: Final = (Action.ENTERPRISE_READ, _named("sites"))
_SHIPMENT: Final = (Action.TRADE_READ, _named("shipments"))
_FIRM: Final = (Action.ENTERPRISE_READ, _enterprise)
_EQUIPMENT: Final = (Action.EQUIPMENT_READ, _named("equipment-events"))

#: By gap code; no row: the gap is about something that is not there at all.
RECORDS: Final[dict[str, tuple[Action, Callable[[Gap], str]]]] = {
    "DELEGATION_UNCOVERED": _SITE,
    "SITE_UNREGISTERED": _SITE,
    "PERMIT_UNVERIFIED": _PERMIT,
    "PERMIT_VERIFIED_LATE": _PERMIT,
    "IE_FOREIGN_LEG_MISSING": _SHIPMENT,
    "IE_DOMESTIC_LEG_MISSING": _SHIPMENT,
    "WRITEOFF_NO_COUNTERPART": _MOVEMENT,
    "WRITEOFF_NO_PERMIT": _MOVEMENT,
    "WRITEOFF_NO_CONFIRMATION": _MOVEMENT,
    "WRITEOFF_NO_RECORD": _MOVEMENT,
    "WRITEOFF_QTY_MISMATCH": _MOVEMENT,
    "SALES_REPORT_MISSING": _MOVEMENT,
    "SALES_REPORT_LATE": _MOVEMENT,
    "INSPECTION_MISSED": _FIRM,
    "INSPECTION_ENTRY_LATE": (Action.INSPECTION_READ, _named("inspections")),
    "ANNUAL_REPORT_MISSING": _FIRM,
    "ANNUAL_REPORT_LATE": _FIRM,
    "INFORMATION_OFFICER_MISSING": _FIRM,
    "PATROL_MISSED": (Action.KEY_SITE_LIST, _named("key-sites")),
    "LOSS_REPORT_LATE": (Action.LOSS_READ, _named("incidents")),
    "EQUIPMENT_REPORT_MISSING": _EQUIPMENT,
    "EQUIPMENT_REPORT_LATE": _EQUIPMENT,
    "STOCK_VARIANCE": (Action.STOCK_READ, _ledger),
}


def record_of(gap: Gap) -> tuple[Action, str] | None:
    """The action that opening the record is, and its address; None when there is no record."""
    if gap.code not in RECORDS:
        return None
    action, address = RECORDS[gap.code]
    return action, address(gap)
