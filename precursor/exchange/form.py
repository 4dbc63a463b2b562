"""The form of a bundle (``precursor-scenario/1``): one schema for each of its lists.

What a member may be stands here; what it means for the figures stands in the definitions (docs/figures.md).
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields

from inspection_schedules import Grade
from precursor.core import clock
from precursor.rules.movements import MovementType
from precursor.rules.permits import PermitKind, Result, Uses
from precursor.rules.targets import decimal

SCHEMA: Final = "precursor-scenario/1"

#: Text that no database and no canonical form can hold.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


_LAST_YEAR: Final = 9900


class Inexact:
    """A JSON number with a point or an exponent: its exact value is lost to most programs already."""


class _Member(fields.Field):
    """Base of all members: what is wrong is said in both languages."""

    default_error_messages = {
        "required": "缺少这一项 / this member is missing",
        "null": "不能为空(null) / must not be null",
        "validator_failed": "值无效 / invalid value",
    }

    def __init__(self, *, optional: bool = False, null: bool = False, refers_to: tuple[str, ...] = ()) -> None:
        super().__init__(required=not optional, allow_none=null)
        self.refers_to = refers_to


class Text(_Member):
    """Text that is not empty."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if type(value) is not str or not value:
            raise ValidationError("须为非空文字 / must be text that is not empty")
        if _UNSTORABLE.search(value):
            raise ValidationError("含不能保存的字符 / has a character that cannot be stored")
        return value


class Ref(Text):
    """The id of a record of another list of the same bundle."""

    def __init__(self, *lists: str, **kw: Any) -> None:
        super().__init__(refers_to=lists, **kw)


class Word(_Member):
    """One of a list of words."""

    def __init__(self, *words: str, **kw: Any) -> None:
        super().__init__(**kw)
        self.words = words

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if type(value) is not str or value not in self.words:
            raise ValidationError(f"须为其中之一 / must be one of: {', '.join(self.words)}")
        return value


class Day(_Member):
    """A legal day, ``YYYY-MM-DD``."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> date:
        return _day(value)


@cache
def _day_of(text: str) -> date:
    day = clock.parse_day(text)
    if day.year > _LAST_YEAR:
        raise ValueError(f"no year after {_LAST_YEAR}: deadlines are counted from it")
    return day


def _day(value: Any) -> date:
    try:
        return _day_of(value)
    except (ValueError, TypeError) as error:
        raise ValidationError(f"须为真实日期 YYYY-MM-DD / {error}") from None


class Moment(_Member):
    """An instant, RFC 3339 with offset; kept as it was written."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> datetime:
        try:
            return clock.parse_instant(value)
        except (ValueError, TypeError) as error:
            raise ValidationError(f"须为带时区的时间 / {error}") from None


class Whole(_Member):
    """A whole number from ``low`` to ``high``."""

    def __init__(self, low: int, high: int, **kw: Any) -> None:
        super().__init__(**kw)
        self.low, self.high = low, high

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> int:
        if type(value) is not int or not self.low <= value <= self.high:
            raise ValidationError(
                f"须为 {self.low} 至 {self.high} 的整数 / a whole number, {self.low} to {self.high}"
            )
        return value


class Truth(_Member):
    """true or false."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> bool:
        if type(value) is not bool:
            raise ValidationError("须为 true 或 false / must be true or false")
        return value


class Quantity(_Member):
    """An amount in the unit of the record's substance, as text; the unit is looked up later (``reading``)."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if type(value) is int and value >= 0:
            return str(value)
        if type(value) is str:
            return value
        raise ValidationError('须为不带小数点的整数或 "1450.5" 这样的文字 / an integer, or text like "1450.5"')


class Decimal(_Member):
    """A plain decimal as text, at most ``high``."""

    def __init__(self, high: int, **kw: Any) -> None:
        super().__init__(**kw)
        self.high = high

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        try:
            if type(value) is str and decimal(value) <= self.high:
                return value
        except ValueError:
            pass
        raise ValidationError(f'须为 "0.003" 这样的文字,不大于 {self.high} / text like "0.003", at most {self.high}')


class MonthDay(_Member):
    """``MM-DD``, a day that every year has."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> str:
        if type(value) is str and re.fullmatch("[0-9]{2}-[0-9]{2}", value):
            _day(f"2001-{value}")
            return value
        raise ValidationError("须为 MM-DD / must be MM-DD")


class GradeList(_Member):
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
                day = _day(item[0])
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


class Each(_Member):
    """A list of members of one kind."""

    def __init__(self, inner: _Member, **kw: Any) -> None:
        super().__init__(**kw)
        self.inner = inner

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any) -> list[Any]:
        if type(value) is not list:
            raise ValidationError("须为列表 / must be a list")
        found, faults = [], {}
        for index, item in enumerate(value):
            try:
                found.append(self.inner.deserialize(item))
            except ValidationError as error:
                faults[index] = error.messages
        if faults:
            raise ValidationError(faults)
        return found


class _Record(Schema):
    """Base of all records: a member that is not named here is a fault."""

    class Meta:
        unknown = RAISE

    error_messages = {
        "unknown": "没有这一项 / there is no such member",
        "type": "须为对象 / must be an object",
    }


class _Object(fields.Nested):
    """A record inside a record."""

    default_error_messages = _Member.default_error_messages | {"type": "须为对象 / must be an object"}

    def __init__(self, schema: Any, *, many: bool = False) -> None:
        super().__init__(schema, many=many, required=True)


class PeriodForm(_Record):
    """A calendar year."""

    start = Day()
    end = Day()


class ToleranceForm(_Record):
    """Shares of the quantity, by category and for drugs."""

    drug = Decimal(1)


ToleranceForm._declared_fields |= {key: Decimal(1) for key in ("1", "2", "3")}


class SalesDaysForm(_Record):
    """Days by category."""


SalesDaysForm._declared_fields |= {key: Whole(0, 3650) for key in ("1", "2", "3")}


class TargetsForm(_Record):
    """Percent."""


TargetsForm._declared_fields |= {f"K{n}": Decimal(100) for n in range(1, 7)}


class RulesForm(_Record):
    """Parameters of the figures for this register."""

    delegation_grace_days = Whole(0, 3650)
    verification_days_after_close = Whole(0, 3650)
    ie_verification_days = Whole(0, 3650)
    qty_tolerance = _Object(ToleranceForm)
    inspection_min_active_days = Whole(0, 3650)
    inspection_min_inspectors = Whole(0, 1000)
    inspection_entry_days = Whole(0, 3650)
    sales_report_days = _Object(SalesDaysForm)
    annual_report_due = MonthDay()
    loss_report_hours = Whole(0, 87_600)
    equipment_report_working_days = Whole(0, 3650)
    quarterly_report_due_day = Whole(1, 30)
    association_threshold = Whole(0, 1_000_000)
    targets = _Object(TargetsForm)


class AreaForm(_Record):
    """One of ``jurisdictions``."""

    id = Text()
    name = Text()
    level = Word("city", "county")
    parent = Text(null=True)


class SubstanceForm(_Record):
    """One of ``substances``."""

    id = Text()
    name_zh = Text()
    category = Whole(1, 3)
    kind = Word("non_drug", "drug")
    unit = Word("kg", "支", "片", "粒")


class EnterpriseForm(_Record):
    """One of ``enterprises``."""

    id = Text()
    name = Text()
    kind = Word("producer", "trader", "user", "hospital", "pharma_wholesaler", "carrier", "importer_exporter")
    registered_county = Ref("jurisdictions")
    registered_on = Day()
    grades = GradeList()
    information_officer = Truth()
    seal_card = Text(optional=True)
    seal_card_valid_to = Day(optional=True)


class ExternalForm(_Record):
    """One of ``external_parties``."""

    id = Text()
    name = Text()
    county = Ref("jurisdictions", optional=True)


class SiteForm(_Record):
    """One of ``sites``."""

    id = Text()
    enterprise = Ref("enterprises")
    county = Ref("jurisdictions")
    open_on = Day()
    closed_on = Day(null=True)
    registered = Truth()


class DelegationForm(_Record):
    """One of ``delegations``."""

    id = Text()
    site = Ref("sites")
    delegator = Ref("jurisdictions")
    delegate = Ref("jurisdictions")
    requested_on = Day()
    accepted_on = Day(null=True)
    valid_to = Day()
    revoked_on = Day(null=True)


class PermitForm(_Record):
    """One of ``permits``."""

    id = Text()
    kind = Word(*PermitKind)
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


class OpeningForm(_Record):
    """One of ``stock_opening``."""

    site = Ref("sites")
    substance = Ref("substances")
    qty = Quantity()


class MovementForm(_Record):
    """One of ``movements``."""

    id = Text()
    date = Day()
    recorded_on = Day()
    site = Ref("sites")
    type = Word(*MovementType)
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


class ForeignLegForm(_Record):
    """The leg abroad."""

    state = Word("verified", "pending", "not_required")
    on = Day(null=True)
    reason = Text(null=True)


class DomesticLegForm(_Record):
    """The leg at home."""

    state = Word("verified", "pending")
    on = Day(null=True)


class ShipmentForm(_Record):
    """One of ``shipments``."""

    id = Text()
    direction = Word("import", "export")
    enterprise = Ref("enterprises")
    substance = Ref("substances")
    qty = Quantity()
    customs_date = Day()
    licence = Text(null=True)
    customs_no = Text(null=True)
    foreign_leg = _Object(ForeignLegForm)
    domestic_leg = _Object(DomesticLegForm)


class StocktakeForm(_Record):
    """One of ``stocktakes``."""

    date = Day()
    site = Ref("sites")
    substance = Ref("substances")
    counted = Quantity()


class IncidentForm(_Record):
    """One of ``incidents``."""

    id = Text()
    enterprise = Ref("enterprises")
    site = Ref("sites")
    substance = Ref("substances")
    qty = Quantity()
    kind = Text()
    discovered_at = Moment()
    reported_at = Moment()


class SaleAttemptForm(_Record):
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


class CarryAttemptForm(_Record):
    """One of ``attempts``: a carriage."""

    id = Text()
    date = Day()
    action = Word("sale", "carry")
    permit = Ref("permits", null=True)
    substance = Ref("substances")
    qty = Quantity()
    carrier = Ref("enterprises")


class AttemptList(_Member):
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


class InspectionForm(_Record):
    """One of ``inspections``."""

    id = Text()
    enterprise = Ref("enterprises")
    date = Day()
    recorded_on = Day()
    mode = Word("onsite", "remote")
    inspectors = Whole(0, 1000)


class RoadCheckForm(_Record):
    """One of ``road_checks``."""

    county = Ref("jurisdictions")
    date = Day()
    recorded_on = Day()


class AnnualReportForm(_Record):
    """One of ``annual_reports_Y``."""

    enterprise = Ref("enterprises")
    submitted_on = Day()


class QuarterlyReportForm(_Record):
    """One of ``quarterly_reports``."""

    county = Ref("jurisdictions")
    quarter = Whole(1, 4)
    submitted_on = Day()


class KeySiteForm(_Record):
    """One of ``key_sites``."""

    id = Text()
    county = Ref("jurisdictions")
    name = Text()
    since = Day()
    patrols = Each(Day())


class EquipmentEventForm(_Record):
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
        "period": _Object(PeriodForm),
        "as_of": Day(),
        "rules": _Object(RulesForm),
    }
    for name, form in LISTS.items():
        member = AttemptList() if name == "attempts" else _Object(form, many=True)
        members[reports if name == "annual_reports" else name] = member
    return _Record.from_dict(members, name="BundleForm")()
