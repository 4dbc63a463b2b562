"""The targets page, the gap list, and what stands behind each gap."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, g, render_template, request, url_for
from sqlalchemy.orm import aliased

from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.areas.service import City
from precursor.core import access
from precursor.core.access import Action, Reach, Scope
from precursor.core.clock import Period, legal_day
from precursor.core.errors import Fault, Faulty, Forbidden, NotFound, Refused
from precursor.core.members import day_at
from precursor.enterprises.models import Party
from precursor.movements.models import Movement
from precursor.movements.service import stands
from precursor.reconciliation import evidence, exhibits, goods, service
from precursor.reconciliation.figures import BY_KEY, Gap
from precursor.reconciliation.records import ACTS, act_of, record_of
from precursor.reconciliation.service import Counted, Rate
from precursor.reconciliation.summary import HEADLINE, Kept, Summary, last_entry, lowers
from precursor.reconciliation.view import View
from precursor.reconciliation.wording import OFTEN, said_detail, seen_from, who_acts, wrong
from precursor.rules.gaps import GAPS, GapKind
from precursor.rules.law import Words
from precursor.web import marks, paging, sheets
from precursor.web.database import db
from precursor.web.i18n import local, words
from precursor.web.marks import Mark

bp = Blueprint("reconciliation", __name__)


@bp.app_context_processor
def helpers() -> dict[str, Any]:
    """What the layout needs: which links the reader may follow, and this page in the other language."""

    def may(action: str) -> bool:
        return g.subject is not None and g.subject.role in access.GRANTS[Action(action)]

    def here(language: str) -> str:
        return f"{request.path}?{urlencode(request.args.to_dict() | {'lang': language})}"

    def nav_url(endpoint: str) -> str:
        kept: dict[str, Any] = {name: request.args[name] for name in ("period", "as_of") if name in request.args}
        return url_for(endpoint, **kept)

    def about() -> dict[str, Any]:
        if "about" not in g:
            g.about = _about()
        return g.about  # type: ignore[no-any-return]

    return {
        "about": about,
        "may": may,
        "here": here,
        "nav_url": nav_url,
        "who_acts": who_acts,
        "said_detail": said_detail,
    }


def _about() -> dict[str, Any]:
    """What every page says of itself: the city, its last day, and the reader's gaps where they are counted."""
    now = current_app.extensions["settings"].clock()
    found: dict[str, Any] = {"city": "", "as_of": legal_day(now), "now": local(now)}
    if g.subject and g.subject.enterprise_id is not None:
        found["office"] = db.session.scalar(sa.select(Party.name).where(Party.id == g.subject.enterprise_id))
    elif g.subject and g.subject.area_id is not None:
        found["office"] = db.session.scalar(sa.select(Area.name).where(Area.id == g.subject.area_id))
    try:
        found["city"] = areas.city(db.session).name
        scope = _listed() if g.subject else None
        if scope is not None and scope.reach is not Reach.ENT:
            known = latest_summary(seen_by(scope, str(found["as_of"].year), found["as_of"]))
            found["gaps"] = known.gap_count if known else None
    except (NotFound, Refused):  # nothing is registered yet, or the reader is of another city
        pass
    return found


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
    as_of = day_at("/as_of", as_of_text) if as_of_text else today
    return seen_by(scope, period_text, as_of, request.args.get("area") or None)


def seen_by(scope: Scope, period_text: str, as_of: date, named: str | None = None) -> Asked:
    """The view of a period on a day, of an area or the whole city, within the scope of the reader."""
    try:
        period = Period.parse(period_text)
    except ValueError as error:
        raise Faulty([Fault("/period", str(error))]) from None
    if len(period.years) > _LONGEST:
        raise Faulty([Fault("/period", f"至多 {_LONGEST} 个日历年 / at most {_LONGEST} calendar years")])
    city = areas.city(db.session)
    area = areas.by_outside_id(db.session, named) if named else None
    if scope.reach is not Reach.ENT and scope.area_id != city.id:
        own = db.session.get_one(Area, scope.area_id)
        if area is not None and area.id != own.id:
            raise NotFound(f"没有这个辖区 / there is no area {named}")
        area = own
    view = service.view_of(city, period, as_of, area)
    counties = {c.outside_id: c.name for c in city.counties if c.id in view.areas}
    return Asked(city, view, counties, period_text, area.outside_id if area else None)


def summary(seen: Asked, *, fresh: bool = False) -> Summary:
    """What is counted of a view for the reader, as kept or counted now."""
    kept: Kept = current_app.extensions["summaries"]
    clock = current_app.extensions["settings"].clock
    return kept.get(db.session, seen.city, seen.view, _listed(), clock(), fresh=fresh)


def older(known: Summary) -> datetime | None:
    """When a summary was counted, if more was recorded since."""
    return known.counted_at if known.last_entry != last_entry(db.session) else None


def gaps_about(seen: Asked, enterprise: str, most: int) -> dict[str, Any] | None:
    """The gaps that concern an enterprise, for the table of them: the oldest that lower a target first.

    None where nobody has had them counted; to count them for a page about something else takes too long.
    """
    scope, known = _listed(), latest_summary(seen)
    every = current_app.extensions["summaries"].listed(seen.view)
    if scope is None or known is None or every is None:
        return None
    found = [gap for gap in service.in_scope(db.session, every, scope) if enterprise in gap.parties]
    found.sort(key=lambda gap: (not lowers(gap), gap.since, gap.line))
    return {"seen": seen, "total": len(found), "older": older(known), **_table(seen, found[:most])}


def _table(seen: Asked, found: Sequence[Gap]) -> dict[str, Any]:
    """What the table of gaps needs to show some."""
    return {
        "gaps": found,
        "kinds": GAPS,
        "goods": goods.of(db.session, found),
        "places": goods.places(db.session, found),
        "days": lambda gap: (seen.view.as_of - gap.since).days,
        "record_of": _record_of,
        "names": _names(found) | names_of_owners(gap.owner for gap in found),
    }


def latest_summary(seen: Asked) -> Summary | None:
    """The same, though more may have been recorded since."""
    kept: Kept = current_app.extensions["summaries"]
    return kept.latest(seen.city, seen.view, _listed())


def gaps_to_close(seen: Asked, owner: str) -> list[Gap]:
    """What one party must close, as far as the reader may list it: the oldest that lower a target first."""
    scope, kept = _listed(), current_app.extensions["summaries"]
    found = service.in_scope(db.session, kept.gaps(db.session, seen.view), scope) if scope else []
    return sorted(
        (gap for gap in found if gap.owner == owner), key=lambda gap: (not lowers(gap), gap.since, gap.line)
    )


def told(seen: Asked, enterprise: str, found: Sequence[Gap]) -> Iterator[tuple[Gap, str, str, str]]:
    """Each gap in a line: what is wrong and of what; beneath it the record, what to do; the address of its page.

    As the ``enterprise`` sees it, which must act.
    """
    of, comma, colon = goods.of(db.session, found), words(Words("，", ", ")), words(Words("：", ": "))
    for gap in found:
        what = of.get((gap.code, gap.subject))
        said = words(wrong(gap, what, enterprise))
        detail = seen_from(gap, enterprise)
        address = seen.address("reconciliation.gap", code=gap.code, subject=gap.subject, detail=gap.detail or None)
        whose = "" if gap.parties[:1] == (enterprise,) else words(Words("对方记录 ", "their record "))
        beneath = f"{whose}{gap.subject}{colon}{words(GAPS[gap.code].action)}"
        yield gap, said + (f"{comma}{detail}" if detail else ""), beneath, address


def own_months(seen: Asked, enterprise: int) -> dict[date, Rate]:
    """The write-off rate of one enterprise by month of the period that is seen."""
    return service.writeoff_by_month(db.session, seen.view, enterprise)


def _listed() -> Scope | None:
    """Whose gaps the reader may list; some see how many are missing, and not which."""
    try:
        return access.scope(g.subject, Action.ALERT_LIST)
    except Forbidden:
        return None


@dataclass(frozen=True, slots=True)
class WriteOff:
    """Whether a movement is written off: the kind of its gap and the page of it, or neither."""

    kind: GapKind | None
    address: str = ""


def write_offs(movements: Iterable[tuple[str, date]]) -> dict[str, WriteOff]:
    """By number: how each movement stands today, of those whose gaps the reader may list; with the day of each."""
    scope = _listed()
    if scope is None:
        return {}
    by_year: dict[int, list[str]] = defaultdict(list)
    for number, day in movements:
        by_year[day.year].append(number)
    found, today = {}, legal_day(current_app.extensions["settings"].clock())
    for year, numbers in by_year.items():
        try:
            seen = seen_by(scope, str(year), today)
        except (NotFound, Refused):  # no register yet, or a reader of another city
            return {}
        for number, code in service.faults_of(db.session, seen.view, numbers).items():
            found[number] = (
                WriteOff(GAPS[code], seen.address("reconciliation.gap", code=code, subject=number))
                if code
                else WriteOff(None)
            )
    return found


def unverified(document: str) -> tuple[date, str] | None:
    """By when a document was to be verified, and the page of that gap; None where it is none, or not the reader's."""
    scope, today = _listed(), legal_day(current_app.extensions["settings"].clock())
    if scope is None:
        return None
    try:
        due = service.verification_due(db.session, seen_by(scope, str(today.year), today).view, document)
        if due is None or due > today:
            return None
        seen = seen_by(scope, str(due.year), today)
    except (NotFound, Refused):  # no register yet, or a reader of another city
        return None
    return due, seen.address("reconciliation.gap", code="PERMIT_UNVERIFIED", subject=document)


def _record_of(gap: Gap) -> str | None:
    """Where the record behind a gap is shown; None when there is none, or the reader may not open it."""
    found = record_of(gap)
    if found is None or g.subject.role not in access.GRANTS[found[0]]:
        return None
    own = g.subject.enterprise_id
    if own is None or not gap.parties or gap.parties[0] == _outside_id(own):
        return found[1]
    mine = _own_side(gap.subject, own) if found[0] is Action.LEDGER_READ else None
    return f"/movements/{quote(mine)}" if mine else None


def _own_side(movement: str, own: int) -> str | None:
    """What an enterprise recorded of a movement of somebody else."""
    there, mine = aliased(Movement), aliased(Movement)
    pair = sa.and_(mine.enterprise_id == there.other_enterprise_id, mine.id == there.other_id)
    query = sa.select(mine.outside_id).join(there, pair)
    return db.session.scalar(query.where(there.outside_id == movement, mine.enterprise_id == own, stands(mine)))


def closes(code: str) -> bool:
    """Whether the reader's role may do what closes gaps of a kind."""
    return code in ACTS and g.subject.role in access.GRANTS[ACTS[code][0]]


def _act_of(gap: Gap) -> tuple[Words, str] | None:
    """What closes a gap and the address of its form; None when there is none, or it is not for the reader to do."""
    found = act_of(gap)
    if found is None or g.subject.role not in access.GRANTS[found[0]]:
        return None
    own = g.subject.enterprise_id
    if own is not None and gap.owner != f"enterprise:{_outside_id(own)}":
        return None
    return found[1], found[2]


def _outside_id(enterprise: int) -> str | None:
    if "own_outside_id" not in g:
        g.own_outside_id = db.session.scalar(sa.select(Party.outside_id).where(Party.id == enterprise))
    return g.own_outside_id  # type: ignore[no-any-return]


@bp.get("/targets")
@access.requires(Action.STATS_AREA)
def targets() -> str:
    """Every figure: how many are missing, by county."""
    seen = asked(g.scope)
    found = summary(seen, fresh="fresh" in request.args)
    counted, owners, table = found.counted, found.owners(), _table(seen, found.gaps or [])
    return render_template(
        "targets.html",
        seen=seen,
        found=found,
        cards=[(c, _strip(seen, c), _spark(found, c)) for c in counted if c.figure.key in HEADLINE],
        missed=[c for c in counted if c.met is False],
        targeted=[c for c in counted if c.target is not None],
        owners=owners,
        **table | {"names": table["names"] | names_of_owners(owner for owner, *_ in owners)},
        cell=marks.cell,
        often=OFTEN,
        roads=next(c for c in counted if c.figure.key == "K6"),
        heat=_heat(seen, found),
        floors={c.figure.key: _floor(c) for c in counted},
        is_older=older(found) is not None,
        counted_at=found.counted_at,
    )


@bp.get("/targets.xlsx")
@access.requires(Action.STATS_AREA)
def targets_sheet() -> Response:
    """Every figure, the city's and each county's, as a workbook."""
    seen = asked(g.scope)
    return sheets.answer("targets", "指标", _FIGURES, _figure_rows(seen, summary(seen).counted))


_FIGURES: Final = (
    "指标 figure",
    "名称 title",
    "辖区 area",
    "已办 done",
    "应办 due",
    "比率 % rate",
    "目标 % target",
    "差 lacking",
)


def _figure_rows(seen: Asked, counted: Sequence[Counted]) -> Iterator[list[sheets.Cell]]:
    for one in counted:
        whole = {"": one.total} if len(one.by_area) > 1 else {}
        for area, rate in {**whole, **one.by_area}.items():
            name = seen.counties[area] if area else seen.city.name
            pct = Decimal(rate.pct) if rate.pct is not None else None
            target = Decimal(one.target) if one.target is not None else None
            yield [one.figure.key, one.figure.title.zh, name, rate.n, rate.d, pct, target, one.lacking(rate)]


def _floor(counted: Counted) -> float:
    values = [float(rate.pct) for rate in counted.by_area.values() if rate.pct is not None]
    return marks.axis_floor(values + ([float(counted.target)] if counted.target else []))


def _strip(seen: Asked, counted: Counted) -> str:
    target = float(counted.target) if counted.target else None
    found = [
        Mark(seen.counties[county], float(rate.pct), counted.lacking(rate) > 0)
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


def _heat(seen: Asked, found: Summary) -> str:
    period = seen.view.period
    label = words(
        Words(
            f"每日检查次数，全期 {sum(found.checks.values())} 次",
            f"Checks a day, {sum(found.checks.values())} in all",
        )
    )
    weekdays = words(Words("一三五", "MWF"))
    return marks.calendar(
        found.checks, period.start, period.end, seen.view.as_of, label, (weekdays[0], weekdays[1], weekdays[2])
    )


def _names(found: Sequence[Gap]) -> dict[str, str]:
    """The names of the enterprises that gaps concern, by outside id."""
    return _names_of(sorted({party for gap in found for party in gap.parties}))


def names_of_owners(owners: Iterable[str]) -> dict[str, str]:
    """The names of the enterprises among those who must act."""
    return _names_of([owner.partition(":")[2] for owner in owners])


def _names_of(ids: list[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        query = sa.select(Party.outside_id, Party.name).where(
            Party.outside_id.in_(ids[start : start + 500]), Party.is_external == sa.false()
        )
        names |= {outside: name for outside, name in db.session.execute(query)}  # noqa: C416
    return names


@bp.get("/gaps")
@bp.get("/gaps.xlsx", endpoint="gaps sheet")
@access.requires(Action.ALERT_LIST)
def gaps() -> Response | str:
    """Every missing point, the oldest first, with who must act."""
    seen = asked(g.scope)
    every = current_app.extensions["summaries"].gaps(db.session, seen.view)
    found = service.in_scope(db.session, every, g.scope)
    wanted = {
        name: request.args.get(name) or None for name in ("code", "county", "figure", "enterprise", "of", "owner")
    }
    if wanted["code"] is not None and wanted["code"] not in GAPS:
        raise NotFound(f"没有这种缺口 / there is no gap code {wanted['code']}")
    shown = [gap for gap in found if _is_wanted(gap, wanted)]
    shown.sort(key=lambda gap: (not lowers(gap), gap.since, gap.line))
    if request.path.endswith(".xlsx"):
        names = _names(shown) | names_of_owners(gap.owner for gap in shown)
        return sheets.answer("gaps", "缺口清单", _COLUMNS, _rows(seen, shown, names))
    page = paging.of(len(shown))
    table = _table(seen, shown[page.part])
    return render_template(
        "gaps.html",
        seen=seen,
        oldest=min((gap.since for gap in shown), default=None),
        subjects=len({gap.subject for gap in shown}),
        is_of_two=any(gap.code == "WRITEOFF_QTY_MISMATCH" for gap in shown),
        hidden=_hidden(every, shown, wanted),
        figures=BY_KEY,
        page=page,
        **wanted,
        is_narrowed=any(wanted.values()),
        codes=_counted(found, wanted, "code"),
        owners=_counted(found, wanted, "owner"),
        sheet=f"/gaps.xlsx?{urlencode(paging.kept())}",
        own=g.scope.reach is Reach.ENT,
        **table | {"names": table["names"] | names_of_owners(gap.owner for gap in found)},
    )


def _hidden(every: Sequence[Gap], shown: Sequence[Gap], wanted: Mapping[str, str | None]) -> int:
    """How many gaps are outside the reader's powers: no finer than the figures say, which he may see."""
    if g.scope.reach is Reach.ENT or any(wanted[name] for name in ("code", "enterprise", "of", "owner")):
        return 0
    return sum(_is_wanted(gap, wanted) for gap in every) - len(shown)


def _is_wanted(gap: Gap, wanted: Mapping[str, str | None]) -> bool:
    """Whether a gap fits what the address asks for: under a figure those that lower it, ``of`` whose record it is."""
    return (
        wanted["code"] in (None, gap.code)
        and wanted["county"] in (None, gap.area)
        and wanted["owner"] in (None, gap.owner)
        and (not wanted["enterprise"] or wanted["enterprise"] in gap.parties)
        and (not wanted["of"] or wanted["of"] == next(iter(gap.parties), None))
        and (not wanted["figure"] or (GAPS[gap.code].figure == wanted["figure"] and GAPS[gap.code].lowers))
    )


def _counted(found: Sequence[Gap], wanted: Mapping[str, str | None], name: str) -> list[tuple[str, int]]:
    """What a field may be narrowed to, and how many gaps that would leave, the other fields being as they are."""
    others = {**wanted, name: None}
    counts = Counter(getattr(gap, name) for gap in found if _is_wanted(gap, others))
    return counts.most_common()


_COLUMNS: Final = (
    "对象 subject",
    "企业 enterprise",
    "缺口 gap",
    "代码 code",
    "说明 detail",
    "货物 goods",
    "数量 quantity",
    "县区 county",
    "自 since",
    "已（日） days",
    "谁处理 who acts",
    "如何补办 what to do",
)


def _rows(seen: Asked, gaps: Sequence[Gap], names: Mapping[str, str]) -> Iterator[list[str]]:
    named = goods.of(db.session, gaps)
    for gap in gaps:
        what = named.get((gap.code, gap.subject))
        yield [
            gap.subject,
            names.get(gap.parties[0], gap.parties[0]) if gap.parties else "",
            GAPS[gap.code].title.zh,
            gap.code,
            said_detail(gap),
            what.zh if what else "",
            what.amount if what else "",
            seen.counties.get(gap.area, gap.area),
            str(gap.since),
            str((seen.view.as_of - gap.since).days),
            who_acts(gap.owner, names, seen.counties),
            GAPS[gap.code].action.zh,
        ]


@bp.get("/gaps/<code>/<path:subject>")
@access.requires(Action.ALERT_READ)
def gap(code: str, subject: str) -> str:
    """What stands behind one gap."""
    if code not in GAPS:
        raise NotFound(f"没有这种缺口 / there is no gap code {code}")
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
        raise NotFound(f"此统计期内没有这条缺口，或已补办 / there is no gap {code} {subject} in this view")
    mine = _outside_id(g.subject.enterprise_id) if g.scope.reach is Reach.ENT else None
    return render_template(
        "gap.html",
        seen=seen,
        gap=found[0],
        mine=mine,
        detail=seen_from(found[0], mine),
        kind=GAPS[code],
        record=_record_of(found[0]),
        act=_act_of(found[0]),
        figure=figure,
        whole=g.scope.reach is not Reach.ENT,
        evidence=evidence.of_gap(db.session, seen.view, found[0], whole=g.scope.reach is not Reach.ENT),
        names=_names(found),
        place=goods.places(db.session, found[:1]).get(subject),
        wrong=wrong(found[0], goods.of(db.session, found[:1]).get((code, subject)), mine),
        age=(seen.view.as_of - found[0].since).days,
        is_day=lambda value: isinstance(value, date),
        is_words=lambda value: isinstance(value, Words),
        is_link=lambda value: isinstance(value, exhibits.Link),
    )
