"""The targets page, the gap list, and what stands behind each gap."""

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
from precursor.core.clock import SHANGHAI, Period, legal_day, parse_day
from precursor.core.errors import Fault, Faulty, NotFound
from precursor.enterprises.models import Party
from precursor.reconciliation import evidence, service
from precursor.reconciliation.figures import BY_KEY, Gap
from precursor.reconciliation.records import record_of
from precursor.reconciliation.service import Counted
from precursor.reconciliation.summary import HEADLINE, Kept, Summary, last_entry
from precursor.reconciliation.view import View
from precursor.rules.gaps import GAPS
from precursor.rules.law import Words
from precursor.web import marks, paging
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


bp.record(lambda state: state.app.extensions.setdefault("summaries", Kept()))

_MONTHS = Words("近十二个月", "the last twelve months")
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


def _record_of(gap: Gap) -> str | None:
    """Where the record behind a gap is shown; None when there is none, or the reader may not open it."""
    found = record_of(gap)
    if found is None or g.subject.role not in access.GRANTS[found[0]]:
        return None
    own = g.subject.enterprise_id
    return found[1] if own is None or not gap.parties or gap.parties[0] == _outside_id(own) else None


def _outside_id(enterprise: int) -> str | None:
    if "own_outside_id" not in g:
        g.own_outside_id = db.session.scalar(sa.select(Party.outside_id).where(Party.id == enterprise))
    return g.own_outside_id  # type: ignore[no-any-return]


@bp.get("/targets")
@access.requires(Action.STATS_AREA)
def targets() -> str:
    """Every figure: how many are missing, by county."""
    seen = asked(g.scope)
    settings = current_app.extensions["settings"]
    # some see how many are missing, and not which
    lists = access.scope(g.subject, Action.ALERT_LIST) if g.subject.role in access.GRANTS[Action.ALERT_LIST] else None
    kept: Kept = current_app.extensions["summaries"]
    found = kept.get(db.session, seen.city, seen.view, lists, settings.clock(), fresh="fresh" in request.args)
    counted = found.counted
    return render_template(
        "targets.html",
        seen=seen,
        found=found,
        cards=[(c, _strip(seen, c), _spark(found, c)) for c in counted if c.figure.key in HEADLINE],
        missed=[c for c in counted if c.met is False],
        targeted=[c for c in counted if c.target is not None],
        gaps=found.gaps or [],
        names=_names(found.gaps or []) | _names_of([owner.partition(":")[2] for owner, _ in found.owners]),
        kinds=GAPS,
        record_of=_record_of,
        cell=marks.cell,
        floors={c.figure.key: _floor(c) for c in counted},
        is_older=found.last_entry != last_entry(db.session),
        counted_at=found.counted_at.astimezone(SHANGHAI),
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


def _spark(found: Summary, counted: Counted) -> str:
    months = [
        (first.strftime("%Y-%m"), float(rate.pct) if rate.pct else None)
        for first, rate in found.months[counted.figure.key]
    ]
    return marks.spark(months, float(counted.target) if counted.target else None, words(_MONTHS))


def _names(found: list[Gap]) -> dict[str, str]:
    """The names of the enterprises that gaps concern, by outside id."""
    return _names_of(sorted({party for gap in found for party in gap.parties}))


def _names_of(ids: list[str]) -> dict[str, str]:
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
    enterprise = request.args.get("enterprise") or None
    shown = [
        gap
        for gap in found
        if (not code or gap.code == code)
        and (not county or gap.area == county)
        and (not figure or GAPS[gap.code].figure == figure)
        and (not enterprise or enterprise in gap.parties)
    ]
    shown.sort(key=lambda gap: (gap.since, gap.line))
    page = paging.of(len(shown))
    return render_template(
        "gaps.html",
        seen=seen,
        gaps=shown[page.part],
        subjects=len({gap.subject for gap in shown}),
        figures=BY_KEY,
        page=page,
        code=code,
        figure=figure,
        county=county,
        enterprise=enterprise,
        codes=sorted(codes, key=list(GAPS).index),
        kinds=GAPS,
        record_of=_record_of,
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
        record=_record_of(found[0]),
        figure=figure,
        whole=g.scope.reach is not Reach.ENT,
        evidence=evidence.of_gap(db.session, seen.view, found[0], whole=g.scope.reach is not Reach.ENT),
        names=_names(found),
        is_day=lambda value: isinstance(value, date),
        is_words=lambda value: isinstance(value, Words),
        is_link=lambda value: isinstance(value, evidence.Link),
    )
