"""What a form weighs while it is filled in: what lies in a store and would then; what a holder has and uses.

It only shows; whether it may be done is judged where it is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from precursor.api.collection import Act, Call, Values
from precursor.core import quantity
from precursor.desk import documents, terms
from precursor.desk.house import House, call_for
from precursor.movements.models import Movement
from precursor.movements.service import stands
from precursor.rules.law import Words
from precursor.rules.movements import TYPES, MovementType

#: Days of use that are summed up before a document is issued.
_USED_DAYS: Final = 90
_DOCUMENTS: Final = {"PurchaseForm": "purchase-documents", "TransportForm": "transport-documents"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it is, the amount, and a look: a sum, or something that cannot be."""

    label: Words
    amount: str
    look: str = ""
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A title, the lines, the unit that all of them are in, and a word about them."""

    title: Words
    unit: str
    lines: list[Line]
    note: Words | None = None


def knows(act: Act) -> bool:
    """Whether there is something to weigh in the form of an act."""
    return act.form.__name__ in ("InForm", "OutForm", *_DOCUMENTS)


def of(call: Call, act: Act, typed: Mapping[str, str], house: House) -> Weighed | None:
    """What there is to weigh with what is typed so far; None when that is nothing yet."""
    form, substance = act.form.__name__, typed.get("substance", "")
    unit = unit_of(house, substance)
    if not unit:
        return None
    if form in ("InForm", "OutForm") and typed.get("site"):
        return _store(call, typed, unit, house)
    if form in _DOCUMENTS and typed.get("holder"):
        return _holder(call, typed, unit, house, _DOCUMENTS[form])
    return None


def sent_by(call: Call, counterpart: str) -> int | None:
    """Base units that the other side recorded, in a movement that names the reader's enterprise."""
    if not counterpart or call.scope.enterprise_id is None:
        return None
    query = sa.select(Movement.quantity).where(
        Movement.outside_id == counterpart,
        Movement.other_enterprise_id == call.scope.enterprise_id,
        stands(Movement),
    )
    return call.session.scalar(query)


def unit_of(house: House, substance: str) -> str:
    """The unit in which a substance is counted; empty when there is none such."""
    rows = house.rows("substances", id=substance) if substance else []
    return str(rows[0].unit) if rows else ""


def typed_amount(typed: Mapping[str, str], unit: str) -> int | None:
    """Base units that are typed; None for what is no amount in such a unit."""
    named = typed.get("unit") or unit
    try:
        if quantity.UNITS[named][0] != quantity.UNITS[unit][0]:
            return None
        return quantity.parse(typed.get("quantity", "").replace(",", "").strip(), named)
    except (KeyError, ValueError):
        return None


def _store(call: Call, typed: Mapping[str, str], unit: str, house: House) -> Weighed | None:
    site = house.rows("sites", id=typed["site"])
    if not site:
        return None
    booked = house.report("stock", on=call.today, as_of=call.today, enterprise=site[0].enterprise) or {}
    here = booked.get(f"{typed['site']}/{typed['substance']}")
    lies = quantity.parse(here["quantity"], here["unit"]) if here else 0
    lines = [Line(Words("账面结存", "In store by the books"), quantity.show(lies, unit))]
    note, amount = None, typed_amount(typed, unit)
    is_in = MovementType(typed["type"]).is_in if typed.get("type") in set(MovementType) else False
    if is_in and (sent := sent_by(call, typed.get("counterpart", ""))) is not None:
        look = "" if amount in (None, sent) else "bad"
        lines.append(Line(Words("对方发出", "Sent by the other side"), quantity.show(sent, unit), look))
    if amount is not None:
        then = lies + (amount if is_in else -amount)
        lines.append(Line(Words("本次", "This movement"), quantity.show(amount, unit), sign="+" if is_in else "−"))
        lines.append(
            Line(Words("之后结存", "In store then"), quantity.show(then, unit), "bad" if then < 0 else "sum")
        )
        if then < 0:
            most = f"{Decimal(quantity.show(lies, unit)):,f} {unit}"
            note = Words(f"结存不足，至多 {most}", f"More than there is: {most} at most")
        note = note or _unproven(typed)
    return Weighed(Words("库存试算", "The store"), unit, lines, note)


def _unproven(typed: Mapping[str, str]) -> Words | None:
    """What a movement that has no other side still lacks to be written off (核销)."""
    kind = typed.get("type", "")
    member = TYPES[MovementType(kind)].proof.member if kind in set(MovementType) else None
    if member is None or typed.get(member):
        return None
    said = terms.member(member)
    return Words(
        f"没有填{said.zh}：可以保存，但不能核销，将列为缺口",
        f"Without {said.en} it can be saved, and will stand as a gap",
    )


def _holder(call: Call, typed: Mapping[str, str], unit: str, house: House, path: str) -> Weighed:
    holder, substance = typed["holder"], typed["substance"]
    lines = []
    if (booked := house.report("stock", on=call.today, as_of=call.today, enterprise=holder)) is not None:
        lies = sum(
            quantity.parse(amount["quantity"], amount["unit"])
            for place, amount in booked.items()
            if place.partition("/")[2] == substance
        )
        lines.append(Line(Words("持证单位现有库存", "The holder has in store"), quantity.show(lies, unit)))
    if (used := _used(call, holder, substance, house)) is not None:
        lines.append(Line(Words(f"近 {_USED_DAYS} 日领用", f"Used in {_USED_DAYS} days"), quantity.show(used, unit)))
    rows = house.rows(path, lambda c: documents.in_force(c, call.today), holder=holder, substance=substance)
    found = [house.collections[path].show(row) for row in rows]
    left = sum((_left(record) for record in found), Decimal(0))
    lines.append(Line(Words("同类有效证件余量", "Left on such documents in force"), f"{left.normalize():f}"))
    if (amount := typed_amount(typed, unit)) is not None:
        asked = Decimal(quantity.show(amount, unit))
        lines.append(Line(Words("本证", "This document"), f"{asked.normalize():f}", sign="+"))
        lines.append(Line(Words("合计可用", "In all"), f"{(left + asked).normalize():f}", "sum"))
    return Weighed(Words("额度试算", "The allowance"), unit, lines)


def _left(record: Values) -> Decimal:
    return Decimal(record["quantity"]) - Decimal(record["drawn"] or 0) if record.get("quantity") else Decimal(0)


def _used(call: Call, holder: str, substance: str, house: House) -> int | None:
    """Base units that a holder used up lately; None when the reader may not see his ledger."""
    movements = house.collections["movements"]
    if (reader := call_for(movements.list)) is None:
        return None
    rows: Any = movements.query(reader).subquery().c
    query = sa.select(sa.func.coalesce(sa.func.sum(rows.quantity), 0)).where(
        rows.enterprise == holder,
        rows.substance == substance,
        rows.type == MovementType.USE_OUT.value,
        rows.date > call.today - timedelta(_USED_DAYS),
    )
    return int(call.session.scalar(query) or 0)
