"""What stands behind a gap: the two sides of the movement, the document, the visits. Nobody has to trust us."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from precursor import ledger
from precursor.areas.models import Area
from precursor.checkpoints.models import RoadCheck
from precursor.core import quantity
from precursor.core.clock import Period
from precursor.enterprises.models import Delegation, DelegationAnswer, GradeEntry, Party, Site
from precursor.incidents.models import Incident
from precursor.inspections.models import Inspection
from precursor.movements.models import Movement
from precursor.permits.models import Permit, Verification
from precursor.reconciliation.both_sides import draws_of, of_movement
from precursor.reconciliation.documents import closings
from precursor.reconciliation.exhibits import KINDS, TYPE_WORDS, Evidence, Link, Step, Table, W, called
from precursor.reconciliation.figures import Gap
from precursor.reconciliation.view import View
from precursor.reconciliation.wording import every
from precursor.reconciliation.writeoff import stands
from precursor.rules.gaps import GAPS
from precursor.rules.law import Words
from precursor.substances.models import Substance
from precursor.supervision.models import AnnualReport, EquipmentEvent, KeySite, Patrol, QuarterlyReport
from precursor.trade.models import Shipment, ShipmentLeg

_GRADES: Final = {"A": W("甲", "A"), "B": W("乙", "B"), "C": W("丙", "C")}


def of_gap(session: Session, view: View, gap: Gap, *, whole: bool) -> Evidence:
    """Collect what is recorded about a gap, as seen in the view.

    Not ``whole``: for an enterprise, which sees the draws of others on its own documents only.
    """
    found = _BY_CODE[gap.code](session, view, gap)
    if not whole and _BY_CODE[gap.code] is not _permit:
        found.tables = [table for table in found.tables if not table.is_of_document]
    found.steps.sort(key=lambda step: (step.day, step.is_bad))
    return found


def _permit(session: Session, view: View, gap: Gap) -> Evidence:
    permit = session.scalars(sa.select(Permit).where(Permit.outside_id == gap.subject)).one()
    substance = session.get_one(Substance, permit.substance_id)
    closed = closings(view)
    row = session.execute(
        sa.select(closed).where(closed.c.enterprise_id == permit.enterprise_id, closed.c.id == permit.id)
    ).one()
    verification = session.get(Verification, (permit.enterprise_id, permit.id))
    if verification and verification.recorded_on > view.as_of:
        verification = None

    def show(amount: int) -> str:
        return quantity.show(amount, substance.unit)

    found = Evidence(unit=substance.unit)
    found.equation = [
        (W("核定", "Approved"), show(permit.quantity or 0)),
        (W("已核减", "Drawn"), show(row.drawn)),
        (W("余量", "Left"), show((permit.quantity or 0) - row.drawn)),
    ]
    found.facts = [
        (W("证件", "Document"), KINDS[permit.kind]),
        (W("持证人", "Holder"), session.get_one(Party, permit.enterprise_id).name),
        (W("品种", "Substance"), called(substance)),
        (W("有效期", "Valid"), f"{permit.valid_from} ~ {permit.valid_to}"),
        (W("关闭日", "Closed on"), row.closed_on),
        (W("核查期限", "Verification due"), row.due),
        (W("核查日", "Verified on"), verification.day if verification else None),
        (W("负责核查", "To verify"), session.get_one(Area, permit.area_id).name),
    ]
    found.steps = [
        Step(permit.valid_from, W("有效期起", "in force from"), permit.outside_id),
        Step(row.closed_on, W("用完、到期或吊销，关闭", "closed: used up, expired or revoked")),
        Step(row.due, W("核查期限", "verification due"), is_bad=verification is None or verification.day > row.due),
    ]
    if verification is not None:
        found.steps.append(Step(verification.day, W("核查", "verified")))
    found.tables += draws_of(session, view, permit)
    return found


def _site(session: Session, view: View, gap: Gap) -> Evidence:
    site = session.scalars(sa.select(Site).where(Site.outside_id == gap.subject)).one()
    enterprise = session.get_one(Party, site.enterprise_id)
    found = Evidence()
    found.facts = [
        (W("企业", "Enterprise"), enterprise.name),
        (W("场所", "Site"), " ".join(filter(None, (site.name, site.address)))),
        (W("登记地", "Registered in"), session.get_one(Area, enterprise.area_id).name),
        (W("场所所在地", "Site in"), session.get_one(Area, site.area_id).name),
        (W("启用", "Opened"), site.open_on),
        (W("关闭", "Closed"), site.closed_on),
        (W("已登记", "Registered"), W("是", "yes") if site.registered else W("否", "no")),
    ]
    accepted, revoked = aliased(DelegationAnswer), aliased(DelegationAnswer)
    query = (
        sa.select(Delegation.outside_id, Delegation.requested_on, accepted.day, Delegation.valid_to, revoked.day)
        .outerjoin(accepted, sa.and_(accepted.delegation_id == Delegation.id, accepted.answer == "accepted"))
        .outerjoin(revoked, sa.and_(revoked.delegation_id == Delegation.id, revoked.answer == "revoked"))
        .where(Delegation.site_id == site.id)
        .order_by(Delegation.requested_on)
    )
    columns = (
        W("委托", "Delegation"),
        W("申请", "Requested"),
        W("接受", "Accepted"),
        W("有效至", "Valid to"),
        W("撤销", "Revoked"),
    )
    rows: list[list[Any]] = [list(row) for row in session.execute(query)]
    found.tables.append(Table(W("委托管理", "Delegations"), columns, rows))
    found.steps = [Step(site.open_on, W("场所启用", "site opened"))]
    for number, *days in rows:
        said = (*columns[1:3], W("委托到期", "delegation ended"), columns[4])
        found.steps += [
            Step(day, what, number) for day, what in zip(days, said, strict=True) if day and day <= view.as_of
        ]
    found.steps.append(Step(view.as_of, GAPS[gap.code].title, is_bad=True))
    return found


def _shipment(session: Session, view: View, gap: Gap) -> Evidence:
    shipment = session.scalars(sa.select(Shipment).where(Shipment.outside_id == gap.subject)).one()
    substance = session.get_one(Substance, shipment.substance_id)
    found = Evidence(unit=substance.unit)
    found.facts = [
        (W("企业", "Enterprise"), session.get_one(Party, shipment.enterprise_id).name),
        (W("方向", "Direction"), W("进口", "import") if shipment.direction == "import" else W("出口", "export")),
        (W("品种", "Substance"), substance.name_zh),
        (W("数量", "Quantity"), f"{quantity.show(shipment.quantity, substance.unit)} {substance.unit}"),
        (W("许可证", "Licence"), shipment.licence),
        (W("报关单", "Customs no."), shipment.customs_number),
        (W("报关日", "Customs day"), shipment.customs_day),
    ]
    legs = sa.select(ShipmentLeg).where(ShipmentLeg.shipment_id == shipment.id).order_by(ShipmentLeg.leg.desc())
    found_legs = session.scalars(legs).all()
    names = {"foreign": W("境外", "Foreign"), "domestic": W("境内", "Domestic")}
    states = {
        "verified": W("已核查", "verified"),
        "pending": W("未完成", "pending"),
        "not_required": W("免核查", "not required"),
    }
    rows = [[names[leg.leg], states[leg.state], leg.day, leg.reason] for leg in found_legs]
    found.steps = [Step(shipment.customs_day, W("报关", "customs declared"), shipment.customs_number or "")]
    for leg in found_legs:
        leg_said, state_said = names[leg.leg], states[leg.state]
        said = W(f"{leg_said.zh}{state_said.zh}", f"{leg_said.en} leg {state_said.en}")
        if leg.day is not None and leg.day <= view.as_of:
            found.steps.append(Step(leg.day, said))
    found.steps.append(Step(view.as_of, GAPS[gap.code].title, is_bad=True))
    columns = (W("环节", "Leg"), W("状态", "State"), W("日期", "Day"), W("理由", "Reason"))
    found.tables.append(Table(W("双向核查", "Two-way verification"), columns, rows))
    return found


def _visits(session: Session, view: View, gap: Gap) -> Evidence:
    name = gap.parties[0]
    enterprise = session.scalars(
        sa.select(Party).where(Party.outside_id == name, Party.is_external == sa.false())
    ).one()
    found = Evidence()
    found.facts = [
        (W("企业", "Enterprise"), enterprise.name),
        (W("登记日", "Registered on"), enterprise.registered_on),
    ]
    if gap.code == "INSPECTION_MISSED":
        found.facts += _asked_for(gap.detail)
        window = _window(gap.detail)
        found.steps = [
            Step(window.start, W("应检期开始", "window began")),
            Step(window.end, W("应检期结束，未实地检查", "window ended without a visit"), is_bad=True),
        ]
    grades = sa.select(GradeEntry.since, GradeEntry.grade).where(
        GradeEntry.enterprise_id == enterprise.id, view.seen(GradeEntry.recorded_on)
    )
    query = (
        sa.select(Inspection)
        .where(Inspection.enterprise_id == enterprise.id, view.seen(Inspection.recorded_on))
        .order_by(Inspection.day)
    )
    visits = session.scalars(query).all()
    if found.steps:
        near = [v for v in visits if v.day < found.steps[0].day][-1:] + [
            v for v in visits if v.day > found.steps[-1].day
        ][:1]
        found.steps += [Step(v.day, W("检查", "visit"), v.outside_id) for v in near]
    modes = {"onsite": W("实地", "on site"), "remote": W("远程", "remote")}
    found.tables = [
        Table(
            W("检查记录", "Inspections"),
            (
                W("编号", "No."),
                W("日期", "Day"),
                W("录入日", "Recorded"),
                W("方式", "Mode"),
                W("检查人数", "Inspectors"),
            ),
            [
                [Link(v.outside_id, "inspections"), v.day, v.recorded_on, modes[v.mode], str(v.inspectors)]
                for v in visits
            ],
            frozenset({4}),
        ),
        Table(
            W("等级", "Grades"),
            (W("自", "Since"), W("等级", "Grade")),
            [
                [since, _GRADES.get(grade, grade)]
                for since, grade in session.execute(grades.order_by(GradeEntry.since))
            ],
        ),
    ]
    return found


def _asked_for(slot: str) -> Iterator[tuple[Words, Any]]:
    """Within which days a visit was asked for, and how often; the plans of cities ask for it, not the law."""
    window, often = _window(slot), every(_MONTHS[slot[len("2026-")]])
    yield W("应检期", "Window"), f"{window.start} ～ {window.end}"
    yield W("检查频次", "How often"), W(f"{often.zh}（地方方案）", f"{often.en} (plans of cities)")


#: By the letter of a slot: the months of its window.
_MONTHS: Final = {"Y": 12, "H": 6, "Q": 3}


def _window(slot: str) -> Period:
    return Period.parse(slot.removesuffix("-Y"))


def _days(model: Any, day: Any, title: Words) -> Callable[[Session, View, Gap], Evidence]:
    """Evidence that is a list of days in a county."""

    def collect(session: Session, view: View, gap: Gap) -> Evidence:
        area = session.scalars(sa.select(Area).where(Area.outside_id == gap.area)).one()
        query = sa.select(day).where(model.area_id == area.id, view.seen(model.recorded_on)).order_by(day)
        return Evidence(
            facts=[(W("县区", "County"), area.name)],
            tables=[Table(title, (W("日期", "Day"),), [[found] for found in session.scalars(query)])],
        )

    return collect


def _patrols(session: Session, view: View, gap: Gap) -> Evidence:
    site = session.scalars(sa.select(KeySite).where(KeySite.outside_id == gap.subject)).one()
    query = sa.select(Patrol.day).where(Patrol.key_site_id == site.id, view.seen(Patrol.recorded_on))
    return Evidence(
        facts=[(W("重点部位", "Key site"), site.name), (W("自", "Since"), site.since)],
        tables=[
            Table(
                W("巡查", "Patrols"),
                (W("日期", "Day"),),
                [[d] for d in session.scalars(query.order_by(Patrol.day))],
            )
        ],
    )


def _enterprise(session: Session, view: View, gap: Gap) -> Evidence:
    enterprise = session.scalars(
        sa.select(Party).where(Party.outside_id == gap.parties[0], Party.is_external == sa.false())
    ).one()
    reports = sa.select(AnnualReport.year, AnnualReport.day).where(
        AnnualReport.enterprise_id == enterprise.id, view.seen(AnnualReport.recorded_on)
    )
    return Evidence(
        facts=[
            (W("企业", "Enterprise"), enterprise.name),
            (W("登记日", "Registered on"), enterprise.registered_on),
        ],
        tables=[
            Table(
                W("年度报告", "Annual reports"),
                (W("年度", "Year"), W("提交日", "Handed in")),
                [[str(year), day] for year, day in session.execute(reports)],
            )
        ],
    )


def _equipment(session: Session, view: View, gap: Gap) -> Evidence:
    event = session.scalars(sa.select(EquipmentEvent).where(EquipmentEvent.outside_id == gap.subject)).one()
    kinds = {"lease": W("出租", "lease"), "transfer": W("转让", "transfer")}
    return Evidence(
        facts=[
            (W("企业", "Enterprise"), session.get_one(Party, event.enterprise_id).name),
            (W("设备", "Equipment"), event.item),
            (W("事项", "Event"), kinds[event.event]),
            (W("发生日", "Day"), event.day),
            (W("报告日", "Reported on"), event.reported_on if event.report_recorded_on <= view.as_of else None),
        ]
    )


def _incident(session: Session, view: View, gap: Gap) -> Evidence:
    incident = session.scalars(sa.select(Incident).where(Incident.outside_id == gap.subject)).one()
    substance = session.get_one(Substance, incident.substance_id)
    return Evidence(
        facts=[
            (W("企业", "Enterprise"), session.get_one(Party, incident.enterprise_id).name),
            (W("品种", "Substance"), substance.name_zh),
            (W("数量", "Quantity"), f"{quantity.show(incident.quantity, substance.unit)} {substance.unit}"),
            (W("发现", "Discovered"), incident.discovered_text),
            (W("报告", "Reported"), incident.reported_text),
        ]
    )


def _stocktake(session: Session, view: View, gap: Gap) -> Evidence:
    site_name, _, substance_name = gap.subject.rpartition("/")
    site = session.scalars(sa.select(Site).where(Site.outside_id == site_name)).one()
    substance = session.scalars(sa.select(Substance).where(Substance.outside_id == substance_name)).one()
    movements = session.scalars(
        sa.select(Movement)
        .where(
            Movement.site_id == site.id,
            Movement.substance_id == substance.id,
            Movement.day <= gap.since,
            stands(Movement, view),
        )
        .order_by(Movement.day, Movement.id)
    )
    found = Evidence(unit=substance.unit)
    book = _book(session, site.id, substance.id, gap.since, view.as_of)
    difference = quantity.parse(gap.detail.lstrip("-"), substance.unit) * (-1 if gap.detail.startswith("-") else 1)
    found.equation = [
        (W("盘点", "Counted"), quantity.show(book + difference, substance.unit)),
        (W("账面", "Book"), quantity.show(book, substance.unit)),
        (W("差额", "Difference"), gap.detail),
    ]
    found.facts = [
        (W("场所", "Site"), " ".join(filter(None, (site.outside_id, site.name)))),
        (W("品种", "Substance"), called(substance)),
        (W("盘点日", "Counted on"), gap.since),
    ]
    found.tables.append(
        Table(
            W("此前出入库", "Movements before"),
            (W("编号", "No."), W("类型", "Type"), W("发生日", "Day"), W("数量", "Quantity")),
            [
                [
                    Link(m.outside_id, "movements"),
                    TYPE_WORDS[m.type],
                    m.day,
                    ("" if m.type.endswith("_in") else "-") + quantity.show(m.quantity, substance.unit),
                ]
                for m in movements
            ],
            frozenset({3}),
        )
    )
    return found


def _book(session: Session, site: int, substance: int, day: date, as_of: date) -> int:
    book = ledger.book_stock(day, as_of).subquery()
    query = sa.select(book.c.amount).where(book.c.site_id == site, book.c.substance_id == substance)
    return session.scalar(query) or 0


_BY_CODE: Final[dict[str, Callable[[Session, View, Gap], Evidence]]] = {
    "DELEGATION_UNCOVERED": _site,
    "SITE_UNREGISTERED": _site,
    "PERMIT_UNVERIFIED": _permit,
    "PERMIT_VERIFIED_LATE": _permit,
    "IE_FOREIGN_LEG_MISSING": _shipment,
    "IE_DOMESTIC_LEG_MISSING": _shipment,
    "WRITEOFF_NO_COUNTERPART": of_movement,
    "WRITEOFF_NO_PERMIT": of_movement,
    "WRITEOFF_NO_CONFIRMATION": of_movement,
    "WRITEOFF_NO_RECORD": of_movement,
    "WRITEOFF_QTY_MISMATCH": of_movement,
    "INSPECTION_MISSED": _visits,
    "INSPECTION_ENTRY_LATE": _visits,
    "ROAD_CHECK_MISSED": _days(RoadCheck, RoadCheck.day, W("道路检查", "Road checks")),
    "SALES_REPORT_MISSING": of_movement,
    "SALES_REPORT_LATE": of_movement,
    "ANNUAL_REPORT_MISSING": _enterprise,
    "ANNUAL_REPORT_LATE": _enterprise,
    "INFORMATION_OFFICER_MISSING": _enterprise,
    "PATROL_MISSED": _patrols,
    "QUARTERLY_REPORT_MISSING": _days(QuarterlyReport, QuarterlyReport.day, W("季度报送", "Quarterly reports")),
    "QUARTERLY_REPORT_LATE": _days(QuarterlyReport, QuarterlyReport.day, W("季度报送", "Quarterly reports")),
    "LOSS_REPORT_LATE": _incident,
    "EQUIPMENT_REPORT_MISSING": _equipment,
    "EQUIPMENT_REPORT_LATE": _equipment,
    "STOCK_VARIANCE": _stocktake,
}
