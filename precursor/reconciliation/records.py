"""The record that a gap is about and the act that closes it: their addresses among the pages, and who may."""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlencode

from precursor.core.access import Action
from precursor.reconciliation.figures import Gap
from precursor.rules.law import Words


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


def path_of(gap: Gap) -> str:
    """The list that the record of a gap stands in; empty when there is no record."""
    return RECORDS[gap.code][1](gap).split("/")[1].partition("?")[0] if gap.code in RECORDS else ""


def _form(path: str, **members: Callable[[Gap], str]) -> Callable[[Gap], str]:
    """A form with what the gap says filled in."""
    return lambda gap: f"/{path}?{urlencode({name: said(gap) for name, said in members.items()})}"


def _of(path: str, then: str) -> Callable[[Gap], str]:
    return lambda gap: f"/{path}/{quote(gap.subject)}/{then}"


def _firm(gap: Gap) -> str:
    return gap.parties[0]


def _subject(gap: Gap) -> str:
    return gap.subject


def _area(gap: Gap) -> str:
    return gap.area


#: By gap code: the action of the act that closes it, what it is called, its form; of those acts that somebody may do
#: who may also read gaps. Keepers, who may not, find theirs on their home page.
ACTS: Final[dict[str, tuple[Action, Words, Callable[[Gap], str]]]] = {
    "DELEGATION_UNCOVERED": (
        Action.DELEGATION_CREATE,
        Words("申请委托管理", "Ask for a delegation"),
        _form("delegations/new", site=_subject),
    ),
    "PERMIT_UNVERIFIED": (Action.PURCHASE_VERIFY, Words("核查", "Verify"), _of("permits", "verifications")),
    "WRITEOFF_NO_CONFIRMATION": (
        Action.LEDGER_CONFIRM,
        Words("录入确认", "Record the confirmation"),
        _of("movements", "confirmations"),
    ),
    "SALES_REPORT_MISSING": (Action.REPORT_SUBMIT, Words("补报", "Report it"), _of("movements", "sales-report")),
    "INSPECTION_MISSED": (
        Action.INSPECTION_RECORD,
        Words("录入检查", "Record a visit"),
        _form("inspections/new", enterprise=_firm, mode=lambda _: "onsite"),
    ),
    "ROAD_CHECK_MISSED": (
        Action.ROAD_CHECK_RECORD,
        Words("录入道路检查", "Record a road check"),
        _form("road-checks/new", county=_area),
    ),
    "ANNUAL_REPORT_MISSING": (
        Action.REPORT_SUBMIT,
        Words("补交", "Hand it in"),
        _form("annual-reports/new", enterprise=_firm),
    ),
    "PATROL_MISSED": (Action.KEY_SITE_PATROL, Words("录入巡查", "Record a patrol"), _of("key-sites", "patrols")),
    "QUARTERLY_REPORT_MISSING": (
        Action.REPORT_QUARTERLY,
        Words("补报", "Report it"),
        _form("quarterly-reports/new", county=_area),
    ),
}


def act_of(gap: Gap) -> tuple[Action, Words, str] | None:
    """The act that closes a gap, what it is called and where its form is; None when there is none."""
    if gap.code not in ACTS:
        return None
    action, called, address = ACTS[gap.code]
    return action, called, address(gap)
