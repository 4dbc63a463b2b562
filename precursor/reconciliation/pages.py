"""The targets page, the gap list, and what stands behind each gap."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, g, render_template, request, url_for

from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.areas.service import City
from precursor.core import access
from precursor.core.access import Action, Reach, Scope
from precursor.core.clock import Period, legal_day, parse_day
from precursor.core.errors import Fault, Faulty, NotFound
from precursor.enterprises.models import Party
from precursor.reconciliation import evidence, service
from precursor.reconciliation.figures import BY_KEY, FIGURES, Gap
from precursor.reconciliation.service import Counted
from precursor.reconciliation.view import View
from precursor.rules.gaps import GAPS
from precursor.web import marks
from precursor.web.database import db
from precursor.web.i18n import words
from precursor.web.marks import Mark

bp = Blueprint("reconciliation", __name__)


@bp.app_context_processor
def helpers() -> dict[str, Any]:
    """What the layout needs: which links the reader may follow, and this page in the other language."""

    def may(action: str) -> bool:
        return g.subject is not None and g.subject.role in access.GRANTS[Action(action)]

    def here(language: str) -> str:
        if request.method != "GET":
            return url_for("desk.home", lang=language)
        return f"{request.path}?{urlencode(request.args.to_dict() | {'lang': language})}"

    def nav_url(endpoint: str) -> str:
        kept: dict[str, Any] = {name: request.args[name] for name in ("period", "as_of") if name in request.args}
        return url_for(endpoint, **kept)

    return {"may": may, "here": here, "nav_url": nav_url}


#: The targets that come first; the others stand in the table below.
HEADLINE = ("K1", "K2", "K3", "K4")
_PAGE = 50
_LONGEST = 5  # calendar years of a period on a page


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks to see, within the scope of the reader."""

    city: City
    view: View
    counties: dict[str, str]  # outside id: name, those of the reader
    period: str
    area: str | None

    def address(self, endpoint: str, **more: Any) -> str:
        """The same view on another page."""
        kept: dict[str, Any] = {"period": self.period, "as_of": self.view.as_of, "area": self.area}
        return url_for(endpoint, **{k: v for k, v in (kept | more).items() if v is not None})


def asked(scope: Scope) -> Asked:
    """Read period, day of view and area from the address; Faulty names what cannot be read."""
    today = legal_day(current_app.extensions["settings"].clock())
    period_text, as_of_text = request.args.get("period", str(today.year)), request.args.get("as_of")
    try:
        period = Period.parse(period_text)
        as_of = parse_day(as_of_text) if as_of_text else today
    except ValueError as error:
        raise Faulty([Fault("/period" if "period" in str(error) else "/as_of", str(error))]) from None
    if len(period.years) > _LONGEST:
        raise Faulty([Fault("/period", f"至多 {_LONGEST} 个日历年 / at most {_LONGEST} calendar years")])
    city = areas.city(db.session)
    named = request.args.get("area") or None
    area = areas.by_outside_id(db.session, named) if named else None
    if scope.reach is not Reach.ENT and scope.area_id != city.id:
        own = db.session.get_one(Area, scope.area_id)
        if area is not None and area.id != own.id:
            raise NotFound(f"there is no area {named}")
        area = own
    view = service.view_of(city, period, as_of, area)
    counties = {c.outside_id: c.name for c in city.counties if c.id in view.areas}
    return Asked(city, view, counties, period_text, area.outside_id if area else None)


@bp.get("/targets")
@access.requires(Action.STATS_AREA)
def targets() -> str:
    """Every figure: how many are missing, by county."""
    seen = asked(g.scope)
    counted = [service.count(db.session, seen.view, figure, seen.city.counties) for figure in FIGURES]
    gaps: list[Gap] = []
    if g.subject.role in access.GRANTS[Action.ALERT_LIST]:  # some see how many are missing, and not which
        scope = access.scope(g.subject, Action.ALERT_LIST)
        gaps = service.in_scope(db.session, service.gaps(db.session, seen.view), scope)
    cards = [c for c in counted if c.figure.key in HEADLINE]
    return render_template(
        "targets.html",
        seen=seen,
        cards=[(c, _strip(seen, c)) for c in cards],
        counted=counted,
        missed=[c for c in counted if c.met is False],
        targeted=[c for c in counted if c.target is not None],
        gaps=sorted(gaps, key=lambda gap: gap.since)[:8],
        gap_count=len(gaps),
        owners=Counter(gap.owner for gap in gaps).most_common(8),
        names=_names(gaps),
        kinds=GAPS,
        gaps_of_county=_by_county(gaps, seen),
        cell=marks.cell,
        floors={c.figure.key: _floor(c) for c in counted},
        live=service.coverage(db.session, seen.view)["live"],
    )


def _floor(counted: Counted) -> float:
    values = [float(rate.pct) for rate in counted.by_area.values() if rate.pct is not None]
    return marks.axis_floor(values + ([float(counted.target)] if counted.target else []))


def _strip(seen: Asked, counted: Counted) -> str:
    target = float(counted.target) if counted.target else None
    found = [
        Mark(
            seen.counties[county],
            float(rate.pct),
            bool(target is not None and rate.short and float(rate.pct) < target),
        )
        for county, rate in counted.by_area.items()
        if rate.pct is not None
    ]
    return marks.strip(found, target, words(counted.figure.title)) if found else ""


def _by_county(found: list[Gap], seen: Asked) -> dict[str, int]:
    return {county: sum(gap.area == county for gap in found) for county in seen.counties}


def _names(found: list[Gap]) -> dict[str, str]:
    """The names of the enterprises that gaps concern, by outside id."""
    ids = sorted({party for gap in found for party in gap.parties})
    names: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        query = sa.select(Party.outside_id, Party.name).where(
            Party.outside_id.in_(ids[start : start + 500]), Party.is_external == sa.false()
        )
        names |= {outside: name for outside, name in db.session.execute(query)}  # noqa: C416
    return names


@bp.get("/gaps")
@access.requires(Action.ALERT_LIST)
def gaps() -> Response | str:
    """Every missing point, the oldest first, with who must act."""
    seen = asked(g.scope)
    found = service.in_scope(db.session, service.gaps(db.session, seen.view), g.scope)
    codes = {gap.code for gap in found}
    code = request.args.get("code") or None
    if code is not None and code not in GAPS:
        raise NotFound(f"there is no gap code {code}")
    county, figure = request.args.get("county") or None, request.args.get("figure") or None
    shown = [
        gap
        for gap in found
        if (not code or gap.code == code)
        and (not county or gap.area == county)
        and (not figure or GAPS[gap.code].figure == figure)
    ]
    shown.sort(key=lambda gap: (gap.since, gap.line))
    pages = max(-(-len(shown) // _PAGE), 1)
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "gaps.html",
        seen=seen,
        gaps=shown[(page - 1) * _PAGE : page * _PAGE],
        total=len(shown),
        page=page,
        pages=pages,
        code=code,
        figure=figure,
        county=county,
        codes=sorted(codes, key=list(GAPS).index),
        kinds=GAPS,
        names=_names(shown),
        own=g.scope.reach is Reach.ENT,
        days=lambda gap: (seen.view.as_of - gap.since).days,
    )


@bp.get("/gaps/<code>/<path:subject>")
@access.requires(Action.ALERT_READ)
def gap(code: str, subject: str) -> str:
    """What stands behind one gap."""
    if code not in GAPS:
        raise NotFound(f"there is no gap code {code}")
    seen = asked(g.scope)
    figure = BY_KEY[GAPS[code].figure]
    if code == "STOCK_VARIANCE":
        listed = service.variances(db.session, seen.view)
    else:
        listed = list(service.gaps_of(db.session, seen.view, figure))
    detail = request.args.get("detail", "")
    found = [
        gap
        for gap in service.in_scope(db.session, listed, g.scope)
        if gap.code == code and gap.subject == subject and (not detail or gap.detail == detail)
    ]
    if not found:
        raise NotFound(f"there is no gap {code} {subject} in this view")
    return render_template(
        "gap.html",
        seen=seen,
        gap=found[0],
        kind=GAPS[code],
        figure=figure,
        evidence=evidence.of_gap(db.session, seen.view, found[0], whole=g.scope.reach is not Reach.ENT),
        names=_names(found),
        is_day=lambda value: isinstance(value, date),
        is_words=lambda value: hasattr(value, "zh"),
    )
