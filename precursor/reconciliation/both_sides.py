"""What stands behind a gap of a movement: both sides, compared; its document; what happened day by day."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor.core import quantity
from precursor.enterprises.models import Party, Site
from precursor.movements.models import Confirmation, Movement, SalesReport
from precursor.permits.models import Draw, Permit
from precursor.permits.service import standing_draws
from precursor.reconciliation.exhibits import TYPE_WORDS, Evidence, Link, Step, Table, W, called
from precursor.reconciliation.figures import Gap
from precursor.reconciliation.view import View
from precursor.reconciliation.writeoff import stands
from precursor.rules.gaps import GAPS
from precursor.rules.law import Words
from precursor.rules.movements import TYPES, MovementType
from precursor.substances.models import Substance

_COLUMNS: Final = (
    W("方", "Side"),
    W("编号", "No."),
    W("企业", "Enterprise"),
    W("场所", "Site"),
    W("类型", "Type"),
    W("发生日", "Day"),
    W("录入日", "Recorded"),
    W("数量", "Quantity"),
    W("证件", "Document"),
)


def of_movement(session: Session, view: View, gap: Gap) -> Evidence:
    """What both sides of a movement recorded, its document with every draw, and what happened day by day."""
    query = sa.select(Movement).where(Movement.outside_id == gap.subject, stands(Movement, view))
    movement = session.scalars(query).one()
    substance = session.get_one(Substance, movement.substance_id)
    found = Evidence(unit=substance.unit)
    found.facts.append((W("品种", "Substance"), called(substance)))
    other = _standing_other(session, view, movement)
    confirmation = session.get(Confirmation, (movement.enterprise_id, movement.id))
    if confirmation and confirmation.recorded_on > view.as_of:
        confirmation = None
    theirs = other.quantity if other else confirmation.quantity if confirmation else None
    kind = MovementType(movement.type)
    if gap.code in ("WRITEOFF_QTY_MISMATCH", "WRITEOFF_NO_COUNTERPART") and TYPES[kind].pairs_with:
        ours, theirs_ = movement.quantity, theirs or 0
        found.equation = _compared(*((theirs_, ours) if kind.is_in else (ours, theirs_)), substance.unit)
    sides = [_side(session, movement, substance)]
    if other:
        sides.append(_side(session, other, substance))
    if kind.is_in:  # who sent first
        sides.reverse()
    found.facts += _proofs(session, movement, other, confirmation)
    title = W("双方记录", "Both sides") if TYPES[kind].pairs_with else W("记录", "The record")
    found.tables.append(Table(title, _COLUMNS, sides, frozenset({7})))
    found.steps += _happened(session, view, gap, movement, other, confirmation)
    found.trace = _traced(session, movement, substance)
    if (permit := _document(session, movement)) is not None:
        found.tables += draws_of(session, view, permit)
    return found


def _compared(out: int, in_: int, unit: str) -> list[tuple[Words, str]]:
    """The larger less the smaller, and what the difference is: missing, or more than was sent."""
    sides = [(W("发出", "Issued"), quantity.show(out, unit)), (W("收到", "Received"), quantity.show(in_, unit))]
    said = W("少收", "Missing") if out >= in_ else W("多收", "Too much")
    return [*(sides if out >= in_ else sides[::-1]), (said, quantity.show(abs(out - in_), unit))]


def _happened(
    session: Session,
    view: View,
    gap: Gap,
    movement: Movement,
    other: Movement | None,
    confirmation: Confirmation | None,
) -> Iterator[Step]:
    """A movement from the day it happened: each record of it, its document, and what there is none of to this day."""
    unit = session.get_one(Substance, movement.substance_id).unit
    is_in = MovementType(movement.type).is_in
    for each in filter(None, (other, movement) if is_in else (movement, other)):
        said = TYPE_WORDS[each.type]
        by = session.get_one(Party, each.enterprise_id).name
        yield Step(each.day, said, f"{each.outside_id} {by} {_amount(each.quantity, unit)}")
        if each.recorded_on != each.day:
            yield Step(each.recorded_on, W(f"{said.zh}录入", f"{said.en}, recorded"), each.outside_id)
    if confirmation is not None and confirmation.day is not None:
        yield Step(confirmation.day, W("对方确认", "confirmed by the other side"))
    permit = _document(session, movement)
    if permit is not None and permit.valid_to < movement.day:
        yield Step(permit.valid_to, W("证件失效", "its document ended"), permit.outside_id, is_bad=True)
    yield Step(view.as_of, GAPS[gap.code].title, is_bad=True)


def _document(session: Session, movement: Movement) -> Permit | None:
    if movement.permit_id is None:
        return None
    return session.get_one(Permit, (movement.permit_holder_id, movement.permit_id))


def _amount(base: int, unit: str) -> str:
    return f"{Decimal(quantity.show(base, unit)):,f} {unit}"


def _traced(session: Session, movement: Movement, substance: Substance) -> dict[str, str]:
    site = session.get_one(Site, movement.site_id)
    way = "up" if MovementType(movement.type).is_in else "down"
    return {"of": f"{site.outside_id}/{substance.outside_id}", "direction": way}


def _standing_other(session: Session, view: View, movement: Movement) -> Movement | None:
    """The other side's record that a movement names, when it is there."""
    query = sa.select(Movement).where(
        Movement.enterprise_id == movement.other_enterprise_id,
        Movement.id == movement.other_id,
        stands(Movement, view),
    )
    return session.scalars(query).one_or_none()


def _proofs(
    session: Session, movement: Movement, other: Movement | None, confirmation: Confirmation | None
) -> Iterator[tuple[Words, Any]]:
    """What else is on record about a movement."""
    if movement.other_id is not None and other is None:
        missing = W("发方", "Sender") if MovementType(movement.type).is_in else W("收方", "Receiver")
        yield missing, W("尚未录入", "has recorded nothing")
    if movement.other_id is None and movement.external_id is not None:
        yield W("外部对方", "Outside party"), session.get_one(Party, movement.external_id).name
        yield W("对方确认", "Confirmed on"), confirmation.day if confirmation else None
    report = session.get(SalesReport, (movement.enterprise_id, movement.id))
    for label, value, wanted in (
        (W("对方证件", "Their document"), movement.external_permit, False),
        (W("批记录", "Batch record"), movement.batch, movement.type == MovementType.PRODUCTION_IN.value),
        (W("使用记录", "Usage record"), movement.usage_record, movement.type == MovementType.USE_OUT.value),
        (W("销售备案日", "Sale reported on"), report and report.day, movement.type == MovementType.SALE_OUT.value),
    ):
        if value or wanted:
            yield label, value


def _side(session: Session, movement: Movement, substance: Substance) -> list[Any]:
    permit = _document(session, movement)
    kind = MovementType(movement.type)
    side = W("收到", "Received") if kind.is_in else W("发出", "Issued")
    return [
        side if TYPES[kind].pairs_with else W("本单位", "Its own"),
        Link(movement.outside_id, "movements", (movement.enterprise_id,)),
        session.get_one(Party, movement.enterprise_id).name,
        session.get_one(Site, movement.site_id).outside_id,
        TYPE_WORDS[movement.type],
        movement.day,
        movement.recorded_on,
        quantity.show(movement.quantity, substance.unit),
        Link(permit.outside_id, "permits", (permit.enterprise_id, permit.seller_id)) if permit else None,
    ]


def draws_of(session: Session, view: View, permit: Permit) -> Iterator[Table]:
    """Every draw on a document, with the movement behind it."""
    unit = session.get_one(Substance, permit.substance_id).unit
    draws = standing_draws(view.as_of).where(Draw.enterprise_id == permit.enterprise_id, Draw.permit_id == permit.id)
    query = (
        sa.select(Movement.outside_id, Party.name, Draw.day, Draw.recorded_on, Draw.quantity)
        .select_from(Draw)
        .join(
            Movement,
            sa.and_(
                Movement.enterprise_id == Draw.mover_id,
                Movement.id == Draw.movement_id,
                Movement.version == Draw.version,
            ),
        )
        .join(Party, Party.id == Draw.mover_id)
        .where(Draw.movement_id.in_(draws.with_only_columns(Draw.movement_id)), Draw.permit_id == permit.id)
        .order_by(Draw.day)
    )
    rows = [
        [Link(number, "movements"), name, day, recorded, quantity.show(amount, unit)]
        for number, name, day, recorded, amount in session.execute(query)
    ]
    columns = (
        W("出入库", "Movement"),
        W("企业", "Enterprise"),
        W("核减日", "Drawn on"),
        W("录入日", "Recorded"),
        W("数量", "Quantity"),
    )
    title = W("{0} 的核减", "Draws on {0}")
    yield Table(
        W(title.zh.format(permit.outside_id), title.en.format(permit.outside_id)),
        columns,
        rows,
        frozenset({4}),
        is_of_document=True,
    )
