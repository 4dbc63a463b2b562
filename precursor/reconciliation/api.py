"""Figures, gaps, documents, trace and plan, as programs see them."""

from typing import Any

import sqlalchemy as sa

from precursor.api import Call, Listing
from precursor.api.collection import Values
from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.core import clock
from precursor.core.access import GRANTS, OF_ENTERPRISE, Action, Reach
from precursor.core.access import scope as access_scope
from precursor.core.errors import Fault, Faulty, NotFound
from precursor.core.members import Day, Member, Text, Word
from precursor.enterprises.models import Party, Site
from precursor.enterprises.scoping import visible
from precursor.permits.models import Permit
from precursor.reconciliation import listings, service, tracing
from precursor.reconciliation.service import in_scope
from precursor.reconciliation.view import View
from precursor.rules.law import RULES, Words
from precursor.rules.places import described
from precursor.substances.models import Substance

#: A period on the API covers at most so many calendar years.
_LONGEST = 5

PERIOD: dict[str, Member] = {
    "period": Text(longest=40, note="2025, 2025-Q3, 2025-H1 or 2025-01-01..2025-06-30"),
    "as_of": Day(optional=True, note="the day of view: today when left out"),
    "area": Text(optional=True, longest=200, note="a county of the city: all of them when left out"),
}
_CITY_WIDE = {Reach.PUB, Reach.ALL}


def _view(call: Call, asked: Values) -> tuple[areas.City, View]:
    try:
        period = clock.Period.parse(asked["period"])
    except ValueError as error:
        raise Faulty([Fault("/period", str(error))]) from None
    if len(period.years) > _LONGEST:
        raise Faulty([Fault("/period", f"至多 {_LONGEST} 个日历年 / at most {_LONGEST} calendar years")])
    city = areas.city(call.session)
    area = areas.by_outside_id(call.session, asked["area"]) if "area" in asked else None
    reach = call.scope.reach
    if reach not in OF_ENTERPRISE and reach not in _CITY_WIDE and call.scope.area_id != city.id:
        own = call.session.get_one(Area, call.scope.area_id)
        if area is not None and area.id != own.id:
            raise NotFound(f"没有这个辖区 / there is no area {asked['area']}")
        area = own
    return city, service.view_of(city, period, asked.get("as_of", call.today), area)


def _kpi(call: Call, asked: Values) -> Any:
    city, view = _view(call, asked)
    report = service.kpi_report(call.session, city, view, asked.get("area"))
    found = service.gaps(call.session, view) if call.subject.role in GRANTS[Action.ALERT_LIST] else []
    scope = access_scope(call.subject, Action.ALERT_LIST) if found else call.scope
    shown = {gap.line for gap in in_scope(call.session, found, scope)}
    for figure in report["kpi"].values():  # what the reader may not see by name is counted, and stays unnamed
        figure["failed"] = [failed for failed in figure["failed"] if failed["text"] in shown]
    return report


def _gaps(call: Call, asked: Values) -> Any:
    _, view = _view(call, asked)
    found = in_scope(call.session, service.gaps(call.session, view), call.scope)
    return service.gap_report(view, asked.get("area"), found)


def _documents(call: Call, asked: Values) -> Any:
    _, view = _view(call, asked)
    seen = visible(
        call.scope,
        enterprise=Permit.enterprise_id,
        areas_of=(Permit.area_id,),
        substance=Permit.substance_id,
        parties=(Permit.seller_id, Permit.consignee_id, Permit.carrier_id),
    )
    return listings.documents(call.session, view, seen)


def _plan(call: Call, asked: Values) -> Any:
    _, view = _view(call, asked)
    query = sa.select(Party.outside_id, Party.id).where(
        Party.is_external == sa.false(), visible(call.scope, enterprise=Party.id)
    )
    if "enterprise" in asked:
        query = query.where(Party.outside_id == asked["enterprise"])
    known = {outside: number for outside, number in call.session.execute(query)}  # noqa: C416 - rows are no pairs
    if "enterprise" in asked and not known:
        raise NotFound(f"没有企业 / there is no enterprise {asked['enterprise']}")
    report = service.plan(call.session, view, next(iter(known.values())) if "enterprise" in asked else None)
    report["slots"] = [slot for slot in report["slots"] if slot["enterprise"] in known]
    return report


def _trace(call: Call, asked: Values) -> Any:
    site, _, substance = asked["of"].partition("/")
    query = (
        sa.select(Site.id)
        .join(Substance, sa.true())
        .where(
            Site.outside_id == site,
            Substance.outside_id == substance,
            visible(call.scope, enterprise=Site.enterprise_id, areas_of=(Site.area_id,), substance=Substance.id),
        )
    )
    if call.session.scalar(query) is None:
        raise NotFound(f"没有这个场所与品种 / there is no site and substance {asked['of']}")
    return tracing.trace(call.session, asked["of"], up=asked["direction"] == "up", as_of=asked.get("as_of"))


def _rules(_: Call, asked: Values) -> Any:
    """Every rule, or the one that is named."""
    if "id" not in asked:
        return [described(rule) for rule in RULES.values()]
    if asked["id"] not in RULES:
        raise NotFound(f"没有这条规则 / there is no rule {asked['id']}")
    return [described(RULES[asked["id"]])]


LISTINGS = (
    Listing(
        path="rules",
        summary=Words("规则", "the rules with their words and sources"),
        action=Action.RULE_READ,
        make=_rules,
        parameters={"id": Text(optional=True, longest=80)},
        schema={"type": "array", "items": {"type": "object"}},
    ),
    Listing(
        path="kpi",
        summary=Words("指标", "the figures"),
        action=Action.STATS_AREA,
        make=_kpi,
        parameters=PERIOD,
    ),
    Listing(
        path="gaps",
        summary=Words("缺口", "every missing point, and who must act"),
        action=Action.ALERT_LIST,
        make=_gaps,
        parameters=PERIOD,
    ),
    Listing(
        path="documents",
        summary=Words("证件核减与到期", "documents with what is drawn and when verification falls due"),
        action=Action.PURCHASE_LIST,
        make=_documents,
        parameters=PERIOD,
    ),
    Listing(
        path="plan",
        summary=Words("检查计划", "the inspection slots"),
        action=Action.INSPECTION_LIST,
        make=_plan,
        parameters=PERIOD | {"enterprise": Text(optional=True, longest=200, note="of one enterprise")},
    ),
    Listing(
        path="trace",
        summary=Words("流向追溯", "the chain up or down from a site and substance"),
        action=Action.LEDGER_TRACE,
        make=_trace,
        parameters={
            "of": Text(longest=400, note="SITE/SUBSTANCE"),
            "direction": Word("up", "down"),
            "as_of": Day(optional=True),
        },
    ),
)
