"""The form of a bundle (``precursor-scenario/1``): one schema for each of its lists.

What a member may be stands here; what it means for the figures stands in the definitions (docs/figures.md).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields

from inspection_schedules import Grade
from precursor.core.members import (
    Day,
    Decimal,
    Each,
    Member,
    Moment,
    MonthDay,
    Nested,
    Quantity,
    Record,
    Text,
    Truth,
    Whole,
    Word,
    read_day,
)
from precursor.core.quantity import REGISTER_UNITS
from precursor.rules.movements import BUNDLE_TYPES
from precursor.rules.permits import BUNDLE_KINDS, Result, Uses

SCHEMA: Final = "precursor-scenario/1"
BUNDLE_LEVELS: Final = ("city", "county")
BUNDLE_ENTERPRISES: Final = (
    "producer",
    "trader",
    "user",
    "hospital",
    "pharma_wholesaler",
    "carrier",
    "importer_exporter",
)


class Ref(Text):
    """The id of a record of another list of the same bundle."""

    def __init__(self, *lists: str, **kw: Any) -> None:
        super().__init__(**kw)
        self.refers_to = lists


class GradeList(Member):
    """A list of ``[day, grade]``, one for a day at most."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> list[tuple[date, str]]:
        if type(value) is not list:
            raise ValidationError("须为列表 / must be a list")
        found: dict[date, str] = {}
        faults: dict[int, Any] = {}
        for index, item in enumerate(value):
            if type(item) is not list or len(item) != 2:
                faults[index] = ['须为 [日期, "A"|"B"|"C"] / must be [day, grade]']
                continue
            try:
                day = read_day(item[0])
            except ValidationError as error:
                faults[index] = {0: error.messages}
                continue
            if type(item[1]) is not str or item[1] not in set(Grade):
                faults[index] = {1: ["须为 A、B、C 之一 / must be A, B or C"]}
            elif day in found:
                faults[index] = ["同一天有两个等级 / two grades on one day"]
            else:
                found[day] = item[1]
        if faults:
            raise ValidationError(faults)
        return sorted(found.items())


class PeriodForm(Record):
    """A calendar year."""

    start = Day()
    end = Day()


class ToleranceForm(Record):
    """Shares of the quantity, by category and for drugs."""

    drug = Decimal(1)


ToleranceForm._declared_fields |= {key: Decimal(1) for key in ("1", "2", "3")}


class SalesDaysForm(Record):
    """Days by category."""


SalesDaysForm._declared_fields |= {key: Whole(0, 3650) for key in ("1", "2", "3")}


class TargetsForm(Record):
    """Percent."""


TargetsForm._declared_fields |= {f"K{n}": Decimal(100) for n in range(1, 7)}


class RulesForm(Record):
    """Parameters of the figures for this register."""

    delegation_grace_days = Whole(0, 3650)
    verification_days_after_close = Whole(0, 3650)
    ie_verification_days = Whole(0, 3650)
    qty_tolerance = Nested(ToleranceForm)
    inspection_min_active_days = Whole(0, 3650)
    inspection_min_inspectors = Whole(0, 1000)
    inspection_entry_days = Whole(0, 3650)
    sales_report_days = Nested(SalesDaysForm)
    annual_report_due = MonthDay()
    loss_report_hours = Whole(0, 87_600)
    equipment_report_working_days = Whole(0, 3650)
    quarterly_report_due_day = Whole(1, 30)
    association_threshold = Whole(0, 1_000_000)
    targets = Nested(TargetsForm)


class AreaForm(Record):
    """One of ``jurisdictions``."""

    id = Text()
    name = Text()
    level = Word(*BUNDLE_LEVELS)
    parent = Text(null=True)


class SubstanceForm(Record):
    """One of ``substances``."""

    id = Text()
    name_zh = Text()
    category = Whole(1, 3)
    kind = Word("non_drug", "drug")
    unit = Word(*REGISTER_UNITS)


class EnterpriseForm(Record):
    """One of ``enterprises``."""

    id = Text()
    name = Text()
    kind = Word(*BUNDLE_ENTERPRISES)
    registered_county = Ref("jurisdictions")
    registered_on = Day()
    grades = GradeList()
    information_officer = Truth()
    seal_card = Text(optional=True)
    seal_card_valid_to = Day(optional=True)


class ExternalForm(Record):
    """One of ``external_parties``."""

    id = Text()
    name = Text()
    county = Ref("jurisdictions", optional=True)


class SiteForm(Record):
    """One of ``sites``."""

    id = Text()
    enterprise = Ref("enterprises")
    county = Ref("jurisdictions")
    open_on = Day()
    closed_on = Day(null=True)
    registered = Truth()


class DelegationForm(Record):
    """One of ``delegations``."""

    id = Text()
    site = Ref("sites")
    delegator = Ref("jurisdictions")
    delegate = Ref("jurisdictions")
    requested_on = Day()
    accepted_on = Day(null=True)
    valid_to = Day()
    revoked_on = Day(null=True)


class PermitForm(Record):
    """One of ``permits``."""

    id = Text()
    kind = Word(*BUNDLE_KINDS)
    holder = Ref("enterprises", "external_parties")
    substance = Ref("substances")
    qty = Quantity()
    valid_from = Day()
    valid_to = Day()
    uses = Word(*Uses)
    responsible_county = Ref("jurisdictions")
    seller = Ref("enterprises", "external_parties", null=True)
    route = Each(Ref("jurisdictions"), null=True)
    revoked_on = Day(null=True)
    verified_on = Day(null=True)
    verification_result = Word(*Result, null=True)


class OpeningForm(Record):
    """One of ``stock_opening``."""

    site = Ref("sites")
    substance = Ref("substances")
    qty = Quantity()


class MovementForm(Record):
    """One of ``movements``."""

    id = Text()
    date = Day()
    recorded_on = Day()
    site = Ref("sites")
    type = Word(*BUNDLE_TYPES)
    substance = Ref("substances")
    qty = Quantity()
    batch = Text(optional=True)
    usage_record = Text(optional=True)
    incident = Ref("incidents", optional=True)
    shipment = Ref("shipments", optional=True)
    counterpart = Ref("movements", optional=True)
    external = Ref("external_parties", optional=True)
    permit = Ref("permits", optional=True, null=True)
    external_permit = Text(optional=True)
    transport_permit = Ref("permits", optional=True)
    drawn_on = Day(optional=True)
    external_confirmed_on = Day(optional=True, null=True)
    external_qty = Quantity(optional=True)
    exempt = Word("seal_card", optional=True)
    sales_reported_on = Day(optional=True, null=True)


class ForeignLegForm(Record):
    """The leg abroad."""

    state = Word("verified", "pending", "not_required")
    on = Day(null=True)
    reason = Text(null=True)


class DomesticLegForm(Record):
    """The leg at home."""

    state = Word("verified", "pending")
    on = Day(null=True)


class ShipmentForm(Record):
    """One of ``shipments``."""

    id = Text()
    direction = Word("import", "export")
    enterprise = Ref("enterprises")
    substance = Ref("substances")
    qty = Quantity()
    customs_date = Day()
    licence = Text(null=True)
    customs_no = Text(null=True)
    foreign_leg = Nested(ForeignLegForm)
    domestic_leg = Nested(DomesticLegForm)


class StocktakeForm(Record):
    """One of ``stocktakes``."""

    date = Day()
    site = Ref("sites")
    substance = Ref("substances")
    counted = Quantity()


class IncidentForm(Record):
    """One of ``incidents``."""

    id = Text()
    enterprise = Ref("enterprises")
    site = Ref("sites")
    substance = Ref("substances")
    qty = Quantity()
    kind = Text()
    discovered_at = Moment()
    reported_at = Moment()


class SaleAttemptForm(Record):
    """One of ``attempts``: a sale."""

    id = Text()
    date = Day()
    action = Word("sale", "carry")
    permit = Ref("permits", null=True)
    substance = Ref("substances")
    qty = Quantity()
    seller_site = Ref("sites")
    buyer = Text()
    payment = Word("bank", "cash")


class CarryAttemptForm(Record):
    """One of ``attempts``: a carriage."""

    id = Text()
    date = Day()
    action = Word("sale", "carry")
    permit = Ref("permits", null=True)
    substance = Ref("substances")
    qty = Quantity()
    carrier = Ref("enterprises")


class AttemptList(Member):
    """``attempts``: the action of each says which members it has."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> list[Any]:
        if type(value) is not list:
            raise ValidationError("须为列表 / must be a list")
        sale, carry = SaleAttemptForm(), CarryAttemptForm()
        found, faults = [], {}
        for index, item in enumerate(value):
            is_carry = isinstance(item, dict) and item.get("action") == "carry"
            try:
                found.append((carry if is_carry else sale).load(item))
            except ValidationError as error:
                faults[index] = error.messages
        if faults:
            raise ValidationError(faults)
        return found


class InspectionForm(Record):
    """One of ``inspections``."""

    id = Text()
    enterprise = Ref("enterprises")
    date = Day()
    recorded_on = Day()
    mode = Word("onsite", "remote")
    inspectors = Whole(0, 1000)


class RoadCheckForm(Record):
    """One of ``road_checks``."""

    county = Ref("jurisdictions")
    date = Day()
    recorded_on = Day()


class AnnualReportForm(Record):
    """One of ``annual_reports_Y``."""

    enterprise = Ref("enterprises")
    submitted_on = Day()


class QuarterlyReportForm(Record):
    """One of ``quarterly_reports``."""

    county = Ref("jurisdictions")
    quarter = Whole(1, 4)
    submitted_on = Day()


class KeySiteForm(Record):
    """One of ``key_sites``."""

    id = Text()
    county = Ref("jurisdictions")
    name = Text()
    since = Day()
    patrols = Each(Day())


class EquipmentEventForm(Record):
    """One of ``equipment_events``."""

    id = Text()
    enterprise = Ref("enterprises")
    item = Text()
    event = Word("lease", "transfer")
    date = Day()
    reported_on = Day()


#: The lists of a bundle, in the order in which they are written.
LISTS: Final[dict[str, type[Schema]]] = {
    "jurisdictions": AreaForm,
    "substances": SubstanceForm,
    "enterprises": EnterpriseForm,
    "external_parties": ExternalForm,
    "sites": SiteForm,
    "delegations": DelegationForm,
    "permits": PermitForm,
    "stock_opening": OpeningForm,
    "movements": MovementForm,
    "shipments": ShipmentForm,
    "attempts": SaleAttemptForm,
    "inspections": InspectionForm,
    "road_checks": RoadCheckForm,
    "incidents": IncidentForm,
    "annual_reports": AnnualReportForm,  # with the year in its name
    "quarterly_reports": QuarterlyReportForm,
    "key_sites": KeySiteForm,
    "equipment_events": EquipmentEventForm,
    "stocktakes": StocktakeForm,
}


def bundle_form(reports: str) -> Schema:
    """The schema of a whole bundle; ``reports`` is the name of its annual reports, ``annual_reports_2024``."""
    members: dict[str, fields.Field] = {
        "schema": Word(SCHEMA),
        "timezone": Word("Asia/Shanghai"),
        "period": Nested(PeriodForm),
        "as_of": Day(),
        "rules": Nested(RulesForm),
    }
    for name, form in LISTS.items():
        member = AttemptList() if name == "attempts" else Nested(form, many=True)
        members[reports if name == "annual_reports" else name] = member
    return Record.from_dict(members, name="BundleForm")()
