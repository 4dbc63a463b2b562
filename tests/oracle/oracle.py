"""Plain-Python oracle of the figures, written from DEFINITIONS.md (D1..D18) alone.

Every function is pure: it takes the parsed bundle (json.loads of a `precursor-scenario/1` document) and days as
`date` or `YYYY-MM-DD`. Quantities are exact (fractions.Fraction). Nothing is clever: days are looped day by day,
windows window by window, so that each line can be read beside the definition it follows.

Where the definitions leave something open, the comment says OPEN and names the reading that was taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar  # type: ignore[import-untyped]

Bundle = dict[str, Any]
Record = dict[str, Any]
Day = date | str

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICE_KINDS = ("purchase_permit", "purchase_filing", "transport_permit", "transport_filing")
PAIRS = {
    "sale_out": "purchase_in",
    "purchase_in": "sale_out",
    "transfer_out": "transfer_in",
    "transfer_in": "transfer_out",
}
SHIPPED = {"import_in": "import", "export_out": "export"}
CALENDAR_YEARS = range(2004, 2027)
FIGURES = (
    "K1_offsite_delegation",
    "K2_permit_verification",
    "K2b_permit_verification_on_time",
    "K3_import_export",
    "K4_stock_writeoff",
    "K5_inspection_coverage",
    "K5b_inspection_entry_7d",
    "K6_road_checks",
    "K7_sales_reports",
    "K8_annual_reports",
    "K9_graded",
    "K10_information_officers",
    "K11_associations",
    "K12_site_patrols",
    "K13_quarterly_reports",
    "K15_equipment_reports",
)


# ---------------------------------------------------------------------------------------------- days and quantities


@cache
def day(value: Day) -> date:
    """The legal day of a text; a day stays as it is."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def optional_day(value: Day | None) -> date | None:
    """The same for what may be null or missing."""
    return None if value is None else day(value)


def instant(text: str) -> datetime:
    """The instant of an RFC 3339 text."""
    return datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))


def shanghai_day(text: str) -> date:
    """The legal day of an instant (D2: the Shanghai day)."""
    return instant(text).astimezone(SHANGHAI).date()


def quantity(value: int | str) -> Fraction:
    """An exact amount (D7): a JSON integer or a decimal string."""
    return Fraction(value)


def plain(amount: Fraction) -> str:
    """A plain decimal without plus, exponent and trailing zeros (D17)."""
    millionths = amount * 10**6
    if millionths.denominator != 1:
        msg = f"{amount} is finer than a base unit"
        raise ValueError(msg)
    sign = "-" if millionths < 0 else ""
    whole, rest = divmod(abs(millionths.numerator), 10**6)
    digits = f"{rest:06d}".rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def days_between(first: date, last: date) -> list[date]:
    """Every day from first to last, ends included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def is_working_day(on: date) -> bool:
    """D16: the statutory calendar where published, else Monday to Friday."""
    if on.year in CALENDAR_YEARS:
        return bool(chinese_calendar.is_workday(on))
    return on.weekday() < 5


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def quarter_start(year: int, quarter: int) -> date:
    """The first day of a calendar quarter."""
    return date(year, 3 * quarter - 2, 1)


def quarter_end(year: int, quarter: int) -> date:
    """The last day of a calendar quarter."""
    return month_end(year, 3 * quarter)


# ---------------------------------------------------------------------------------------------- units and views


@dataclass(frozen=True)
class Unit:
    """One thing a figure counts: the area it belongs to, whether it passes, and its gap lines."""

    area: str
    passed: bool
    lines: tuple[str, ...] = ()


@dataclass
class View:
    """A bundle looked at for one period as of one day."""

    bundle: Bundle
    start: date
    end: date
    as_of: date
    index: dict[str, dict[str, Record]] = field(default_factory=dict)
    seen_movements: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in (
            "jurisdictions",
            "substances",
            "enterprises",
            "external_parties",
            "sites",
            "permits",
            "movements",
            "shipments",
            "incidents",
        ):
            self.index[name] = {record["id"]: record for record in self.bundle[name]}
        self.seen_movements = [record for record in self.bundle["movements"] if self.movement_seen(record)]

    @property
    def rules(self) -> Record:
        """The rules of the register (D8: they override everything)."""
        rules: Record = self.bundle["rules"]
        return rules

    def in_period(self, on: date) -> bool:
        """Whether a day lies in the period."""
        return self.start <= on <= self.end

    def seen(self, on: Day | None) -> bool:
        """D1, D2: whether a fact recorded on that day is seen; no day, nothing seen."""
        return on is not None and day(on) <= self.as_of

    def due(self, last: date) -> bool:
        """D3, D4: a deadline or window's end counts when it lies in the period and is not after as_of."""
        return self.in_period(last) and last <= self.as_of

    def counties(self) -> list[str]:
        """The areas that count: the counties whose parent is the city."""
        city = [area["id"] for area in self.bundle["jurisdictions"] if area["level"] == "city"]
        return [
            area["id"]
            for area in self.bundle["jurisdictions"]
            if area["level"] == "county" and area["parent"] in city
        ]

    def registered_county(self, enterprise: str) -> str:
        """The county where an enterprise is registered."""
        county: str = self.index["enterprises"][enterprise]["registered_county"]
        return county

    def enterprise_of(self, movement: Record) -> str:
        """The enterprise at whose site a movement was entered."""
        enterprise: str = self.index["sites"][movement["site"]]["enterprise"]
        return enterprise

    def movement_seen(self, movement: Record) -> bool:
        """D1: a movement not yet recorded is not seen at all."""
        return self.seen(movement["recorded_on"])

    def movements(self) -> list[Record]:
        """The movements seen."""
        return self.seen_movements

    def tolerance(self, substance: str) -> Fraction:
        """The tolerated share t: drug for drug-type substances whatever their category."""
        record = self.index["substances"][substance]
        key = "drug" if record["kind"] == "drug" else str(record["category"])
        return Fraction(self.rules["qty_tolerance"][key])


def view_of(bundle: Bundle, start: Day, end: Day, as_of: Day) -> View:
    """A view from days or texts."""
    return View(bundle, day(start), day(end), day(as_of))


def everything(bundle: Bundle, as_of: Day | None = None) -> View:
    """A view of the bundle's own period; without a day it sees all that is recorded."""
    return view_of(bundle, bundle["period"]["start"], bundle["period"]["end"], as_of or date.max)


# ---------------------------------------------------------------------------------------------- K1


def covered(view: View, site: Record, on: date) -> bool:
    """Whether a delegation registered county -> site county covers the site on that day."""
    delegator = view.registered_county(site["enterprise"])
    for delegation in view.bundle["delegations"]:
        if delegation["site"] != site["id"]:
            continue
        if delegation["delegator"] != delegator or delegation["delegate"] != site["county"]:
            continue
        accepted, revoked = optional_day(delegation["accepted_on"]), optional_day(delegation["revoked_on"])
        if accepted is None or not accepted <= on <= day(delegation["valid_to"]):
            continue
        if revoked is not None and on >= revoked:  # D11: the day of revocation is uncovered
            continue
        return True
    return False


def active_days(view: View, site: Record) -> list[date]:
    """The days on which a site works, in the period and up to as_of (D3: K1 looks at days up to as_of)."""
    closed = optional_day(site["closed_on"])
    return [
        on
        for on in days_between(view.start, min(view.end, view.as_of))
        if day(site["open_on"]) <= on and (closed is None or on <= closed)
    ]


def k1_units(view: View) -> list[Unit]:
    """K1: off-site places and the days on which no delegation covers them."""
    units = []
    for site in view.bundle["sites"]:
        county = view.registered_county(site["enterprise"])
        if site["county"] == county:
            continue
        active = active_days(view, site)
        if not active:  # D3: a site without an active day by then is no unit
            continue
        first_bound = day(site["open_on"]) + timedelta(days=view.rules["delegation_grace_days"])
        missing = [on for on in active if on >= first_bound and not covered(view, site, on)]
        lines = []
        if missing:  # D11: one line a site, even with holes
            lines.append(f"DELEGATION_UNCOVERED {site['id']} {missing[0]}..{missing[-1]} {len(missing)}d")
        if not site["registered"]:  # D11: a gap of its own that does not fail K1
            lines.append(f"SITE_UNREGISTERED {site['id']}")
        units.append(Unit(county, not missing, tuple(lines)))
    return units


# ---------------------------------------------------------------------------------------------- documents, K2


def draw_of(movement: Record, permit: str) -> date | None:
    """D12: the day on which a movement draws on a document, if it does."""
    if movement.get("transport_permit") == permit:
        return day(movement.get("drawn_on") or movement["date"])
    if movement.get("permit") != permit:
        return None
    if movement["type"] == "sale_out":  # whatever its other side, on its date
        return day(movement["date"])
    if movement["type"] == "purchase_in" and movement.get("external") is not None:
        # OPEN: with both counterpart and external it names `external`, so it draws (the words of D12)
        return day(movement.get("drawn_on") or movement["date"])
    return None


def draws(view: View, permit: str) -> list[tuple[date, Fraction]]:
    """The draws on a document by seen movements (D1), in order of their days."""
    found = []
    for movement in view.movements():
        on = draw_of(movement, permit)
        if on is not None:
            found.append((on, quantity(movement["qty"])))
    return sorted(found)


def closing(view: View, permit: Record) -> tuple[date, str]:
    """D18: the earliest of the closing days as seen at as_of; DECISIONS 8: which reason comes first on one day."""
    candidates = []
    revoked = optional_day(permit["revoked_on"])
    if revoked is not None and view.seen(revoked):  # D2: revoked_on counts as recorded on that very day
        candidates.append((revoked, 0, "revoked"))
    total = Fraction(0)
    drawn = draws(view, permit["id"])
    if permit["uses"] == "single" and drawn:
        candidates.append((drawn[0][0], 1, "single_use"))
    for on, amount in drawn:
        total += amount
        if total >= quantity(permit["qty"]):
            candidates.append((on, 2, "emptied"))
            break
    candidates.append((day(permit["valid_to"]), 3, "expired"))
    on, _, reason = min(candidates)
    return on, reason


def document(view: View, permit: Record) -> dict[str, Any]:
    """What `documents` says of one document."""
    closed_on, reason = closing(view, permit)
    drawn = sum((amount for _, amount in draws(view, permit["id"])), Fraction(0))
    verified_on = permit["verified_on"]
    return {
        "closed_on": closed_on.isoformat(),
        "reason": reason,
        "due": (closed_on + timedelta(days=view.rules["verification_days_after_close"])).isoformat(),
        "drawn": drawn,
        "left": quantity(permit["qty"]) - drawn,
        "verified_on": verified_on if view.seen(verified_on) else None,
    }


def k2_units(view: View, *, on_time: bool) -> list[Unit]:
    """K2 (verified by as_of) and K2b (verified by the due day)."""
    units = []
    for permit in view.bundle["permits"]:
        if permit["kind"] not in POLICE_KINDS:  # D12: drug-administration certificates stay out
            continue
        facts = document(view, permit)
        due = day(facts["due"])
        if not view.due(due):
            continue
        verified = optional_day(facts["verified_on"])
        lines: tuple[str, ...] = ()
        if verified is None:
            lines = (f"PERMIT_UNVERIFIED {permit['id']}",)
        elif verified > due:
            lines = (f"PERMIT_VERIFIED_LATE {permit['id']}",)
        passed = verified is not None and (verified <= due or not on_time)
        # OPEN: the county is the document's responsible_county, whoever its holder is
        units.append(Unit(permit["responsible_county"], passed, lines))
    return units


# ---------------------------------------------------------------------------------------------- K3


def foreign_leg_done(view: View, leg: Record) -> bool:
    """D13: verified with `on` <= as_of, or not required with a reason."""
    if leg["state"] == "verified":
        return view.seen(leg["on"])
    # OPEN: `on` of a leg counts as recorded on that day (D2); without a day "not required" is always seen
    return leg["state"] == "not_required" and bool(leg["reason"]) and (leg["on"] is None or view.seen(leg["on"]))


def domestic_leg_done(view: View, leg: Record) -> bool:
    """D13: the recorded state is trusted."""
    return leg["state"] == "verified" and view.seen(leg["on"])


def k3_units(view: View) -> list[Unit]:
    """K3: shipments by customs date; no deadline, they count as soon as seen (D3)."""
    units = []
    for shipment in view.bundle["shipments"]:
        customs = day(shipment["customs_date"])
        if not view.in_period(customs) or not view.seen(customs):
            continue
        lines = []
        if not foreign_leg_done(view, shipment["foreign_leg"]):
            lines.append(f"IE_FOREIGN_LEG_MISSING {shipment['id']}")
        if not domestic_leg_done(view, shipment["domestic_leg"]):
            lines.append(f"IE_DOMESTIC_LEG_MISSING {shipment['id']}")
        units.append(Unit(view.registered_county(shipment["enterprise"]), not lines, tuple(lines)))
    return units


# ---------------------------------------------------------------------------------------------- K4


def near(view: View, substance: str, a: Fraction, b: Fraction) -> bool:
    """|a-b| <= t*max(a,b)."""
    return abs(a - b) <= view.tolerance(substance) * max(a, b)


def shipment_matches(view: View, movement: Record, shipment: Record) -> bool:
    """D14: the shipment is of the same enterprise, substance and direction."""
    return bool(
        shipment["enterprise"] == view.enterprise_of(movement)
        and shipment["substance"] == movement["substance"]
        and shipment["direction"] == SHIPPED.get(movement["type"])
    )


def shipped_fault(view: View, movement: Record) -> str | None:
    """An import or export: licence, customs number, the right shipment, then the quantity."""
    shipment = view.index["shipments"].get(movement.get("shipment", ""))
    if shipment is None or not view.seen(shipment["customs_date"]):  # D2: not yet seen is no record
        return "WRITEOFF_NO_RECORD"
    if not shipment["licence"] or not shipment["customs_no"] or not shipment_matches(view, movement, shipment):
        return "WRITEOFF_NO_RECORD"
    total = Fraction(0)
    for other in view.movements():  # D14: several movements of one shipment are compared by their sum
        # OPEN: only movements that the shipment can belong to (enterprise, substance, direction) are summed
        if other.get("shipment") == shipment["id"] and shipment_matches(view, other, shipment):
            total += quantity(other["qty"])
    ok = near(view, movement["substance"], total, quantity(shipment["qty"]))
    return None if ok else "WRITEOFF_QTY_MISMATCH"


def loss_fault(view: View, movement: Record) -> str | None:
    """A loss: an incident seen, at the same site and of the same substance (D2, D14)."""
    incident = view.index["incidents"].get(movement.get("incident", ""))
    if incident is None or not view.seen(shanghai_day(incident["reported_at"])):
        return "WRITEOFF_NO_RECORD"
    if incident["site"] != movement["site"] or incident["substance"] != movement["substance"]:
        return "WRITEOFF_NO_RECORD"
    return None


def other_side(view: View, movement: Record) -> Record | None:
    """D14: the other side's entry when the two name each other, are seen and pair; else None."""
    other = view.index["movements"].get(movement.get("counterpart", ""))
    if other is None or not view.movement_seen(other):  # D1
        return None
    if other.get("counterpart") != movement["id"]:  # named by one side only
        return None
    if other["substance"] != movement["substance"] or PAIRS[movement["type"]] != other["type"]:
        return None
    within = other["site"] != movement["site"] and view.enterprise_of(other) == view.enterprise_of(movement)
    if movement["type"].startswith("transfer") and not within:  # another site of the same enterprise
        return None
    return other


def named_by_another(view: View, movement: Record) -> bool:
    """Whether a seen sale or transfer entry names this one as its other side."""
    return any(other.get("counterpart") == movement["id"] and other["type"] in PAIRS for other in view.movements())


def card_valid(view: View, enterprise: str, on: date) -> bool:
    """D14: the buying enterprise's seal card is valid on the sale day; OPEN: number and last day are both needed."""
    record = view.index["enterprises"].get(enterprise)
    if record is None or not record.get("seal_card"):
        return False
    valid_to = optional_day(record.get("seal_card_valid_to"))
    return valid_to is not None and on <= valid_to


def document_valid(view: View, movement: Record, buyer: str, on: date) -> bool:
    """D14: the document a side names: in force that day, not revoked before it, of that substance, the buyer's."""
    if movement.get("exempt") == "seal_card":  # stands for the document
        return card_valid(view, buyer, on)
    permit = view.index["permits"].get(movement.get("permit") or "")
    if permit is None:
        return False
    if not day(permit["valid_from"]) <= on <= day(permit["valid_to"]):
        return False
    revoked = optional_day(permit["revoked_on"])
    if revoked is not None and view.seen(revoked) and revoked < on:
        return False
    return bool(permit["substance"] == movement["substance"] and permit["holder"] == buyer)


def paired_fault(view: View, movement: Record, other: Record) -> str | None:
    """Both sides in the system: document, then quantity."""
    if movement["type"] in ("sale_out", "purchase_in"):
        sale, purchase = (movement, other) if movement["type"] == "sale_out" else (other, movement)
        if not document_valid(view, movement, view.enterprise_of(purchase), day(sale["date"])):
            return "WRITEOFF_NO_PERMIT"
    if not near(view, movement["substance"], quantity(movement["qty"]), quantity(other["qty"])):
        return "WRITEOFF_QTY_MISMATCH"
    return None


def outside_document(view: View, movement: Record) -> bool:
    """The document of a sale with one side outside (D14)."""
    if movement["type"] == "purchase_in":
        sale_day = day(movement.get("drawn_on") or movement["date"])
        return document_valid(view, movement, view.enterprise_of(movement), sale_day)
    if movement.get("external_permit"):  # an external_permit number is enough
        return True
    # OPEN: a document of the register held by the outside buyer does as well
    return document_valid(view, movement, movement["external"], day(movement["date"]))


def outside_fault(view: View, movement: Record) -> str | None:
    """One side outside: document, confirmation, quantity."""
    if not outside_document(view, movement):
        return "WRITEOFF_NO_PERMIT"
    if not view.seen(movement.get("external_confirmed_on")) or movement.get("external_qty") is None:
        return "WRITEOFF_NO_CONFIRMATION"  # D14: a confirmation without quantity is none
    ok = near(view, movement["substance"], quantity(movement["qty"]), quantity(movement["external_qty"]))
    return None if ok else "WRITEOFF_QTY_MISMATCH"


def traded_fault(view: View, movement: Record) -> str | None:
    """A sale, purchase or transfer; D14: first fault wins, other side -> document -> confirmation -> quantity."""
    if movement.get("counterpart") is not None:  # with both counterpart and external, counterpart counts
        other = other_side(view, movement)
        return "WRITEOFF_NO_COUNTERPART" if other is None else paired_fault(view, movement, other)
    # OPEN: "named by one side only: both fail", also when the side that names nobody names `external`
    if named_by_another(view, movement):
        return "WRITEOFF_NO_COUNTERPART"
    # OPEN: a transfer has its other side inside the enterprise, so `external` is none for it
    if movement.get("external") is None or movement["type"].startswith("transfer"):
        return "WRITEOFF_NO_COUNTERPART"
    return outside_fault(view, movement)


def writeoff_fault(view: View, movement: Record) -> str | None:
    """The code by which a movement fails K4, or None."""
    kind = movement["type"]
    if kind == "production_in":
        return None if movement.get("batch") else "WRITEOFF_NO_RECORD"
    if kind == "use_out":
        return None if movement.get("usage_record") else "WRITEOFF_NO_RECORD"
    if kind == "disposal_out":  # no member proves it in this version
        return "WRITEOFF_NO_RECORD"
    if kind == "loss_out":
        return loss_fault(view, movement)
    if kind in SHIPPED:
        return shipped_fault(view, movement)
    return traded_fault(view, movement)


def k4_units(view: View) -> list[Unit]:
    """K4: seen movements dated in the period; county = the site's."""
    units = []
    for movement in view.movements():
        if not view.in_period(day(movement["date"])):
            continue
        code = writeoff_fault(view, movement)
        lines = () if code is None else (f"{code} {movement['id']}",)
        units.append(Unit(view.index["sites"][movement["site"]]["county"], code is None, lines))
    return units


# ---------------------------------------------------------------------------------------------- K5, K5b


@dataclass(frozen=True)
class Slot:
    """A window in which an enterprise must be visited."""

    enterprise: str
    name: str
    window: str
    first: date
    last: date


def grade_on(view: View, enterprise: Record, on: date) -> str | None:
    """The seen grade in force on a day (D2: a grade counts as recorded on its day)."""
    grade, best = None, date.min
    for since, letter in enterprise["grades"]:
        if view.seen(since) and best <= day(since) <= on:
            grade, best = letter, day(since)
    return grade


def slot_for(enterprise: str, grade: str, year: int, quarter: int) -> Slot:
    """C -> that quarter, B -> that half-year, A -> that year (D4: the slots' names)."""
    if grade == "C":
        return Slot(
            enterprise, f"{year}-Q{quarter}", "quarter", quarter_start(year, quarter), quarter_end(year, quarter)
        )
    if grade == "B":
        half = 1 if quarter <= 2 else 2
        return Slot(
            enterprise, f"{year}-H{half}", "half", quarter_start(year, 2 * half - 1), quarter_end(year, 2 * half)
        )
    return Slot(enterprise, f"{year}-Y", "year", date(year, 1, 1), date(year, 12, 31))


def slots(view: View) -> list[Slot]:
    """All slots whose window ends in the period (D4), as asked for by what is seen; duplicates merge."""
    found: list[Slot] = []
    for enterprise in view.bundle["enterprises"]:
        registered = day(enterprise["registered_on"])
        if not view.seen(registered):  # D2: registered_on counts as recorded on that day
            continue
        for year in range(view.start.year, view.end.year + 1):
            for quarter in (1, 2, 3, 4):
                first, last = quarter_start(year, quarter), quarter_end(year, quarter)
                if registered > last:  # not registered in that quarter: nothing asked
                    continue
                active = len(days_between(max(first, registered), last))
                if active < view.rules["inspection_min_active_days"]:
                    continue
                grade = grade_on(view, enterprise, max(first, registered))
                if grade is None:  # D4: no grade in force asks for no visit
                    continue
                slot = slot_for(enterprise["id"], grade, year, quarter)
                if view.in_period(slot.last) and slot not in found:
                    found.append(slot)
    return found


def filled(view: View, slot: Slot) -> bool:
    """>= 1 onsite inspection dated inside the window, enough inspectors, recorded by as_of."""
    return any(
        inspection["enterprise"] == slot.enterprise
        and inspection["mode"] == "onsite"
        and inspection["inspectors"] >= view.rules["inspection_min_inspectors"]
        and slot.first <= day(inspection["date"]) <= slot.last
        and view.seen(inspection["recorded_on"])
        for inspection in view.bundle["inspections"]
    )


def k5_units(view: View) -> list[Unit]:
    """K5: slots whose window has ended by as_of (D3)."""
    units = []
    for slot in slots(view):
        if slot.last > view.as_of:
            continue
        passed = filled(view, slot)
        lines = () if passed else (f"INSPECTION_MISSED {slot.enterprise} {slot.name}",)
        units.append(Unit(view.registered_county(slot.enterprise), passed, lines))
    return units


def k5_extras(view: View) -> dict[str, Any]:
    """D3 `live`, and DECISIONS 7 `by_window` and `enterprises_fully_covered`, for the city."""
    inside = [slot for slot in slots(view) if view.registered_county(slot.enterprise) in view.counties()]
    ended = [slot for slot in inside if slot.last <= view.as_of]
    still_open = [slot for slot in inside if slot.last > view.as_of]
    by_window = {}
    for window in ("year", "half", "quarter"):
        of_window = [slot for slot in ended if slot.window == window]
        by_window[window] = [sum(filled(view, slot) for slot in of_window), len(of_window)]
    # OPEN: both are over the slots counted (window ended by as_of), not over all known ones
    visited: dict[str, bool] = {}
    for slot in ended:
        visited[slot.enterprise] = visited.get(slot.enterprise, True) and filled(view, slot)
    early = sum(filled(view, slot) for slot in still_open)
    return {
        "live": {
            "due": [sum(filled(view, slot) for slot in ended), len(ended)],
            "early": early,
            "pending": len(still_open) - early,
            "known": len(inside),
        },
        "by_window": by_window,
        "enterprises_fully_covered": [sum(visited.values()), len(visited)],
    }


def k5b_units(view: View) -> list[Unit]:
    """K5b: every inspection of the period seen, remote ones too (D15)."""
    units = []
    for inspection in view.bundle["inspections"]:
        visited, recorded = day(inspection["date"]), day(inspection["recorded_on"])
        if not view.in_period(visited) or not view.seen(recorded):
            continue
        passed = (recorded - visited).days <= view.rules["inspection_entry_days"]
        lines = () if passed else (f"INSPECTION_ENTRY_LATE {inspection['id']}",)
        units.append(Unit(view.registered_county(inspection["enterprise"]), passed, lines))
    return units


# ---------------------------------------------------------------------------------------------- K6 .. K8


def k6_units(view: View) -> list[Unit]:
    """K6: county x quarter whose last day has come; K6 honours recorded_on (D2)."""
    units = []
    for county in view.counties():
        for year in range(view.start.year, view.end.year + 1):
            for quarter in (1, 2, 3, 4):
                if not view.due(quarter_end(year, quarter)):
                    continue
                passed = any(
                    check["county"] == county
                    and view.seen(check["recorded_on"])
                    and quarter_start(year, quarter) <= day(check["date"]) <= quarter_end(year, quarter)
                    for check in view.bundle["road_checks"]
                )
                lines = () if passed else (f"ROAD_CHECK_MISSED {county} {year}-Q{quarter}",)
                units.append(Unit(county, passed, lines))
    return units


def deadline_unit(view: View, area: str, handed_in: date | None, last: date, code: str, subject: str) -> Unit:
    """A unit with a deadline: in time, late, or (D2: handed in after as_of) missing."""
    if handed_in is None or not view.seen(handed_in):
        return Unit(area, passed=False, lines=(f"{code}_MISSING {subject}",))
    if handed_in > last:
        return Unit(area, passed=False, lines=(f"{code}_LATE {subject}",))
    return Unit(area, passed=True)


def k7_units(view: View) -> list[Unit]:
    """K7: sales dated in the period; they count from the deadline day on; county = the seller's registered one."""
    units = []
    for movement in view.movements():
        sold = day(movement["date"])
        if movement["type"] != "sale_out" or not view.in_period(sold):
            continue
        category = str(view.index["substances"][movement["substance"]]["category"])
        last = sold + timedelta(days=view.rules["sales_report_days"][category])
        if last > view.as_of:  # D3: the sale goes by its date, the deadline only by as_of
            continue
        units.append(
            deadline_unit(
                view,
                view.registered_county(view.enterprise_of(movement)),
                optional_day(movement.get("sales_reported_on")),
                last,
                "SALES_REPORT",
                movement["id"],
            )
        )
    return units


def k8_units(view: View) -> list[Unit]:
    """K8: enterprises registered before January 1 of the year in which the report is due (D4, D8, D15)."""
    units = []
    for year in range(view.start.year, view.end.year + 1):
        last = day(f"{year}-{view.rules['annual_report_due']}")
        if not view.due(last):
            continue
        reports = {
            report["enterprise"]: day(report["submitted_on"])
            for report in view.bundle.get(f"annual_reports_{year - 1}", [])
        }
        for enterprise in view.bundle["enterprises"]:
            if day(enterprise["registered_on"]) < date(year, 1, 1):
                units.append(
                    deadline_unit(
                        view,
                        enterprise["registered_county"],
                        reports.get(enterprise["id"]),
                        last,
                        "ANNUAL_REPORT",
                        enterprise["id"],
                    )
                )
    return units


# ---------------------------------------------------------------------------------------------- K9 .. K11


def registered_enterprises(view: View) -> list[Record]:
    """D3, D15: the enterprises registered by the earlier of as_of and the period's end."""
    on = min(view.as_of, view.end)
    return [enterprise for enterprise in view.bundle["enterprises"] if day(enterprise["registered_on"]) <= on]


def k9_units(view: View) -> list[Unit]:
    """K9: with a grade in force that day; no gap line (D15)."""
    on = min(view.as_of, view.end)
    return [
        Unit(enterprise["registered_county"], grade_on(view, enterprise, on) is not None)
        for enterprise in registered_enterprises(view)
    ]


def k10_units(view: View) -> list[Unit]:
    """K10: with an information officer."""
    units = []
    for enterprise in registered_enterprises(view):
        passed = enterprise["information_officer"]
        lines = () if passed else (f"INFORMATION_OFFICER_MISSING {enterprise['id']}",)
        units.append(Unit(enterprise["registered_county"], passed, lines))
    return units


def k11_units(view: View) -> list[Unit]:
    """K11: counties with enough enterprises; the schema holds no association, so none passes; no gap line."""
    units = []
    for county in view.counties():
        count = sum(enterprise["registered_county"] == county for enterprise in registered_enterprises(view))
        if count >= view.rules["association_threshold"]:
            units.append(Unit(county, passed=False))
    return units


# ---------------------------------------------------------------------------------------------- K12, K13


def k12_units(view: View) -> list[Unit]:
    """K12: key site x month, from the month of `since` (D16), once the month has ended."""
    units = []
    for site in view.bundle["key_sites"]:
        for year in range(view.start.year, view.end.year + 1):
            for month in range(1, 13):
                first, last = date(year, month, 1), month_end(year, month)
                if last < day(site["since"]) or not view.due(last):
                    continue
                passed = any(first <= day(patrol) <= last for patrol in site["patrols"])
                lines = () if passed else (f"PATROL_MISSED {site['id']} {year}-{month:02d}",)
                units.append(Unit(site["county"], passed, lines))
    return units


def k13_units(view: View) -> list[Unit]:
    """K13: county x quarter, by the day of the quarter's last month."""
    units = []
    reported_year = day(view.bundle["period"]["start"]).year  # quarters are of the bundle's year
    for county in view.counties():
        for year in range(view.start.year, view.end.year + 1):
            for quarter in (1, 2, 3, 4):
                last = date(year, 3 * quarter, view.rules["quarterly_report_due_day"])
                if not view.due(last):
                    continue
                handed_in = None
                for report in view.bundle["quarterly_reports"]:
                    if year == reported_year and (report["county"], report["quarter"]) == (county, quarter):
                        handed_in = day(report["submitted_on"])
                units.append(
                    deadline_unit(view, county, handed_in, last, "QUARTERLY_REPORT", f"{county} {year}-Q{quarter}")
                )
    return units


# ---------------------------------------------------------------------------------------------- K14, K15


def counted_incidents(view: View) -> list[tuple[Record, timedelta]]:
    """K14: incidents discovered in the period (Shanghai day), seen by the day of their report (D2, D16)."""
    found = []
    for incident in view.bundle["incidents"]:
        if not view.in_period(shanghai_day(incident["discovered_at"])):
            continue
        if not view.seen(shanghai_day(incident["reported_at"])):
            continue
        # OPEN: whose incidents: the city's enterprises (registered county), wherever the site is
        if view.registered_county(incident["enterprise"]) in view.counties():
            found.append((incident, instant(incident["reported_at"]) - instant(incident["discovered_at"])))
    return found


def late_incident(view: View, taken: timedelta) -> bool:
    """D16: late on the exact difference of the two instants."""
    return taken > timedelta(hours=view.rules["loss_report_hours"])


def k14_lines(view: View) -> list[str]:
    """LOSS_REPORT_LATE, whole hours rounded down (D16)."""
    return [
        f"LOSS_REPORT_LATE {incident['id']} {taken // timedelta(hours=1)}h"
        for incident, taken in counted_incidents(view)
        if late_incident(view, taken)
    ]


def last_day_on_time(view: View, event: date) -> date:
    """D16: the last day with no more than the allowed working days after the event's day, itself included."""
    working, last = 0, event
    while True:
        following = last + timedelta(days=1)
        working += is_working_day(following)
        if working > view.rules["equipment_report_working_days"]:
            return last
        last = following


def k15_units(view: View) -> list[Unit]:
    """K15: events dated in the period, once the last day on time has come (D3)."""
    units = []
    for event in view.bundle["equipment_events"]:
        on = day(event["date"])
        if not view.in_period(on):
            continue
        last = last_day_on_time(view, on)
        if last > view.as_of:
            continue
        units.append(
            deadline_unit(
                view,
                view.registered_county(event["enterprise"]),
                day(event["reported_on"]),
                last,
                "EQUIPMENT_REPORT",
                event["id"],
            )
        )
    return units


# ---------------------------------------------------------------------------------------------- stock


def book_stock(view: View, on: date) -> dict[tuple[str, str], Fraction]:
    """D18: book stock at the end of a day: the opening and the seen movements by that day, zero included."""
    book: dict[tuple[str, str], Fraction] = {}
    if on < day(view.bundle["period"]["start"]):  # OPEN: before the period's first day nothing stands in the book
        return book
    for opening in view.bundle["stock_opening"]:
        pair = opening["site"], opening["substance"]
        book[pair] = book.get(pair, Fraction(0)) + quantity(opening["qty"])
    for movement in view.movements():
        if day(movement["date"]) <= on:
            pair = movement["site"], movement["substance"]
            sign = 1 if movement["type"].endswith("_in") else -1
            book[pair] = book.get(pair, Fraction(0)) + sign * quantity(movement["qty"])
    return book


def variance_lines(view: View) -> list[str]:
    """D17 STOCK_VARIANCE: counted - book at the end of the stocktake's day, beyond t x book, at sites of the city."""
    lines = []
    for take in view.bundle["stocktakes"]:
        on = day(take["date"])
        if not view.in_period(on) or not view.seen(on):
            continue
        if view.index["sites"][take["site"]]["county"] not in view.counties():
            continue
        book = book_stock(view, on).get((take["site"], take["substance"]), Fraction(0))
        difference = quantity(take["counted"]) - book
        if abs(difference) > view.tolerance(take["substance"]) * book:
            lines.append(f"STOCK_VARIANCE {take['site']}/{take['substance']} {plain(difference)}")
    return lines


# ---------------------------------------------------------------------------------------------- the answers


def all_units(view: View) -> dict[str, list[Unit]]:
    """The units of every figure but K14, those of the city's counties only."""
    units = {
        "K1_offsite_delegation": k1_units(view),
        "K2_permit_verification": k2_units(view, on_time=False),
        "K2b_permit_verification_on_time": k2_units(view, on_time=True),
        "K3_import_export": k3_units(view),
        "K4_stock_writeoff": k4_units(view),
        "K5_inspection_coverage": k5_units(view),
        "K5b_inspection_entry_7d": k5b_units(view),
        "K6_road_checks": k6_units(view),
        "K7_sales_reports": k7_units(view),
        "K8_annual_reports": k8_units(view),
        "K9_graded": k9_units(view),
        "K10_information_officers": k10_units(view),
        "K11_associations": k11_units(view),
        "K12_site_patrols": k12_units(view),
        "K13_quarterly_reports": k13_units(view),
        "K15_equipment_reports": k15_units(view),
    }
    counties = view.counties()
    return {name: [unit for unit in found if unit.area in counties] for name, found in units.items()}


def figures(bundle: Bundle, start: Day, end: Day, as_of: Day) -> dict[str, Any]:
    """Every figure: n, d and by_area (city = sum over sum); K14 count and late; K5 with live and by_window."""
    view = view_of(bundle, start, end, as_of)
    answer: dict[str, Any] = {}
    for name, units in all_units(view).items():
        by_area = {
            county: [
                sum(unit.passed for unit in units if unit.area == county),
                sum(unit.area == county for unit in units),
            ]
            for county in view.counties()
        }
        answer[name] = {
            "n": sum(n for n, _ in by_area.values()),
            "d": sum(d for _, d in by_area.values()),
            "by_area": by_area,
        }
    answer["K5_inspection_coverage"].update(k5_extras(view))
    incidents = counted_incidents(view)
    late = sum(late_incident(view, taken) for _, taken in incidents)
    answer["K14_loss_incidents"] = {"count": len(incidents), "late": late}
    return answer


def gaps(bundle: Bundle, start: Day, end: Day, as_of: Day) -> list[str]:
    """All gap lines, sorted: CODE subject [detail]."""
    view = view_of(bundle, start, end, as_of)
    lines: list[str] = []
    for name, units in all_units(view).items():
        if name != "K2b_permit_verification_on_time":  # the same documents as K2: one line each
            lines += [line for unit in units for line in unit.lines]
    return sorted(lines + k14_lines(view) + variance_lines(view))


def stock(bundle: Bundle, on: Day, as_of: Day) -> dict[str, Fraction]:
    """D18: every site of the bundle, also outside the city."""
    view = view_of(bundle, bundle["period"]["start"], on, as_of)
    return {f"{site}/{substance}": amount for (site, substance), amount in book_stock(view, day(on)).items()}


def documents(bundle: Bundle, start: Day, end: Day, as_of: Day) -> dict[str, dict[str, Any]]:
    """D18: the documents whose validity touches the period or that are due in it, of all kinds and areas."""
    view = view_of(bundle, start, end, as_of)
    answer = {}
    for permit in bundle["permits"]:
        facts = document(view, permit)
        touches = day(permit["valid_from"]) <= view.end and day(permit["valid_to"]) >= view.start
        if touches or view.in_period(day(facts["due"])):
            answer[permit["id"]] = facts
    return answer


# ---------------------------------------------------------------------------------------------- attempts


def party_fault(view: View, attempt: Record, permit: Record | None) -> str | None:
    """D10: what is wrong with buyer, payment, presence of a document, holder, seller; in that order."""
    if attempt["action"] == "carry":  # goes without buyer, payment, holder and seller
        return "PERMIT_MISSING" if permit is None else None
    individual = attempt["buyer"].startswith("person:")
    category = view.index["substances"][attempt["substance"]]["category"]
    if individual and category in (1, 2):
        return "INDIVIDUAL_BANNED"
    if attempt["payment"] == "cash" and not (individual and category == 3):
        return "CASH_BANNED"
    if permit is None:
        return "PERMIT_MISSING"
    if permit["holder"] != attempt["buyer"]:
        return "WRONG_HOLDER"
    seller = view.index["sites"][attempt["seller_site"]]["enterprise"]
    if permit["seller"] is not None and permit["seller"] != seller:  # null names nobody
        return "WRONG_SELLER"
    return None


def time_fault(attempt: Record, permit: Record) -> str | None:
    """D10: not yet valid, expired, revoked before that day."""
    on, revoked = day(attempt["date"]), optional_day(permit["revoked_on"])
    if on < day(permit["valid_from"]):
        return "PERMIT_NOT_YET_VALID"
    if on > day(permit["valid_to"]):
        return "PERMIT_EXPIRED"
    if revoked is not None and revoked < on:
        return "PERMIT_REVOKED"
    return None


def attempt_fault(view: View, attempt: Record) -> str | None:
    """D10: the first fault wins."""
    carry = attempt["action"] == "carry"
    permit = view.index["permits"].get(attempt["permit"] or "")
    fault = party_fault(view, attempt, permit)
    if fault is not None or permit is None:
        return fault
    if permit["substance"] != attempt["substance"]:
        return "CARRIER_MISMATCH" if carry else "WRONG_SUBSTANCE"
    fault = time_fault(attempt, permit)
    if fault is not None:
        return fault
    earlier = [amount for on, amount in draws(view, permit["id"]) if on <= day(attempt["date"])]
    left = quantity(permit["qty"]) - sum(earlier, Fraction(0))
    if left <= 0 or (permit["uses"] == "single" and earlier):
        return "PERMIT_USED_UP"
    if quantity(attempt["qty"]) > left:
        return "CARRIER_MISMATCH" if carry else "PERMIT_OVERDRAW"
    return None


def attempts(bundle: Bundle) -> dict[str, str | None]:
    """D10: the code of every attempt by all facts of the bundle whatever as_of; None when allowed."""
    view = everything(bundle)
    return {attempt["id"]: attempt_fault(view, attempt) for attempt in bundle["attempts"]}


# ---------------------------------------------------------------------------------------------- trace


@dataclass(frozen=True)
class Edge:
    """What one movement gives (or, from outside, receives) and who stands at the other end."""

    movement: str
    giver: str | None
    taker: str | None
    given_on: date
    received_on: date | None  # None: it arrives at no site that is seen
    inbound: bool = False


def given_edge(view: View, movement: Record) -> Edge:
    """D18: an edge is named by the giving side's movement; `to` is null where it names no other side."""
    on = day(movement["date"])
    other = view.index["movements"].get(movement.get("counterpart", ""))
    if movement.get("counterpart") is not None:
        # OPEN: naming is the giver's alone; an other side not yet recorded is not seen (D1), so `to` is null
        if other is None or not view.movement_seen(other):
            return Edge(movement["id"], movement["site"], None, on, None)
        arrives = other["type"] in ("purchase_in", "transfer_in") and other["substance"] == movement["substance"]
        return Edge(movement["id"], movement["site"], other["site"], on, day(other["date"]) if arrives else None)
    if movement["type"] == "export_out":
        return Edge(movement["id"], movement["site"], seen_shipment(view, movement), on, None)
    return Edge(movement["id"], movement["site"], movement.get("external"), on, None)


def seen_shipment(view: View, movement: Record) -> str | None:
    """OPEN: a shipment not yet seen is none."""
    shipment = view.index["shipments"].get(movement.get("shipment", ""))
    return shipment["id"] if shipment is not None and view.seen(shipment["customs_date"]) else None


def inbound_edge(view: View, movement: Record) -> Edge | None:
    """D18: imports and outside purchases, named by the receiving movement."""
    on = day(movement["date"])
    if movement["type"] == "import_in":
        return Edge(movement["id"], seen_shipment(view, movement), movement["site"], on, on, inbound=True)
    outside = movement.get("external") is not None and movement.get("counterpart") is None
    if movement["type"] == "purchase_in" and outside:
        return Edge(movement["id"], movement["external"], movement["site"], on, on, inbound=True)
    return None


def edges(view: View, substance: str) -> list[Edge]:
    """All edges of a substance; production, use, loss and disposal are ends, not edges (D18)."""
    found = []
    for movement in view.movements():
        if movement["substance"] != substance:
            continue
        if movement["type"] in ("sale_out", "transfer_out", "export_out"):
            found.append(given_edge(view, movement))
        inbound = inbound_edge(view, movement)
        if inbound is not None:
            found.append(inbound)
    return found


def trace_up(found: list[Edge], site: str) -> set[Edge]:
    """Where the goods at a site came from: a receipt can only come from what was there by that day (D18)."""
    reached: set[Edge] = set()
    waiting = [(site, date.max)]
    while waiting:
        place, by = waiting.pop()
        for edge in found:
            arrived = edge.taker == place and edge.received_on is not None and edge.received_on <= by
            if arrived and edge not in reached:
                reached.add(edge)
                if not edge.inbound and edge.giver is not None:
                    waiting.append((edge.giver, edge.given_on))
    return reached


def trace_down(found: list[Edge], site: str) -> set[Edge]:
    """Where the goods of a site went: what leaves a later site on or after the day they came (D18)."""
    reached: set[Edge] = set()
    waiting = [(site, date.min)]
    while waiting:
        place, since = waiting.pop()
        for edge in found:
            if edge.inbound or edge.giver != place or edge.given_on < since or edge in reached:
                continue
            reached.add(edge)
            if edge.received_on is not None and edge.taker is not None:
                waiting.append((edge.taker, edge.received_on))
    return reached


def trace(bundle: Bundle, site: str, substance: str, up: bool, as_of: Day | None = None) -> list[str]:
    """`MOVEMENT OTHER_END` of every edge, sorted; a null end is written `null`."""
    view = everything(bundle, as_of)  # D18: without a day all that is recorded is looked at
    found = edges(view, substance)
    reached = trace_up(found, site) if up else trace_down(found, site)
    return sorted(f"{edge.movement} {(edge.giver if up else edge.taker) or 'null'}" for edge in reached)
