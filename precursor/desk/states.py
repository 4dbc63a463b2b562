"""Where a delegation, a shipment or a loss stands today: what waits or went wrong must not look like the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor.api.collection import Call, Values
from precursor.areas import service as areas
from precursor.core.errors import Refused
from precursor.core.members import day_at
from precursor.desk import terms
from precursor.enterprises.models import Delegation, DelegationAnswer
from precursor.incidents.models import Incident
from precursor.incidents.service import is_late
from precursor.rules.law import Words
from precursor.trade.models import Shipment, ShipmentLeg
from precursor.trade.service import IS_LEG_DONE

#: What a list calls it.
MEMBER: Final = "standing"


@dataclass(frozen=True, slots=True)
class Told:
    """Look, words and icon, like those of the state of a document."""

    look: str
    said: Words
    icon: str


class Delegated(Enum):
    """What became of a delegation by today."""

    OPEN = Told("bad", Words("未答复", "not answered"), "alert")
    NOT_YET = Told("", Words("未生效", "not yet in force"), "clock")
    IN_FORCE = Told("ok", Words("生效", "in force"), "check")
    EXPIRED = Told("warn", Words("已到期", "expired"), "clock")
    REVOKED = Told("", Words("已撤销", "revoked"), "undo")


def delegated(call: Call, record: Values) -> tuple[Delegated, date | None]:
    """What became of a delegation, and since when: accepted, revoked, or over (DEFINITIONS K1)."""
    query = (
        sa.select(DelegationAnswer.answer, DelegationAnswer.day)
        .join(Delegation, Delegation.id == DelegationAnswer.delegation_id)
        .where(Delegation.outside_id == record["id"])
    )
    days = {answer: day for answer, day in call.session.execute(query)}  # noqa: C416 - rows are no pairs
    accepted, revoked, until = days.get("accepted"), days.get("revoked"), day_at("/valid_to", record["valid_to"])
    if revoked is not None and revoked <= call.today:
        return Delegated.REVOKED, revoked
    if accepted is None:
        return Delegated.OPEN, None
    if until < call.today:
        return Delegated.EXPIRED, until
    return (Delegated.NOT_YET if accepted > call.today else Delegated.IN_FORCE), accepted


def open_legs(call: Call, record: Values) -> list[Words]:
    """The legs of a shipment that are not verified (DEFINITIONS K3)."""
    query = sa.select(ShipmentLeg.leg).join(Shipment, Shipment.id == ShipmentLeg.shipment_id)
    done = set(call.session.scalars(query.where(Shipment.outside_id == record["id"], IS_LEG_DONE)))
    return [terms.WORDS[leg] for leg in ("foreign", "domestic") if leg not in done]


def told_after(call: Call, record: Values) -> tuple[timedelta, int] | None:
    """How long after its discovery a loss was reported, and the hours that the city allows; None without a city."""
    try:
        allowed = areas.city(call.session).parameters.loss_report_hours
    except Refused:
        return None
    found, told = (datetime.fromisoformat(record[name]) for name in ("discovered_at", "reported_at"))
    return told - found, allowed


def _delegation(call: Call, record: Values) -> Told:
    return delegated(call, record)[0].value


def _shipment(call: Call, record: Values) -> Told:
    if lacks := open_legs(call, record):
        zh, en = "、".join(one.zh for one in lacks), ", ".join(one.en for one in lacks)
        return Told("bad", Words(f"缺{zh}", f"missing: {en}"), "alert")
    return Told("ok", Words("双向已核查", "both legs verified"), "check")


def _incident(call: Call, record: Values) -> Told | None:
    if (found := told_after(call, record)) is None:
        return None
    used, allowed = found
    hours = used // timedelta(hours=1)
    if used > timedelta(hours=allowed):
        return Told("bad", Words(f"迟报，{hours} 小时", f"late, {hours} hours"), "alert")
    return Told("ok", Words(f"按时，{hours} 小时", f"in time, {hours} hours"), "check")


_MAKE: Final[dict[str, Callable[[Call, Values], Told | None]]] = {
    "delegations": _delegation,
    "shipments": _shipment,
    "incidents": _incident,
}


def has(path: str) -> bool:
    """Whether the records of a list have such a word."""
    return path in _MAKE


def beside(call: Call, path: str, record: Values) -> Values:
    """A record of such a list with the word."""
    return record | {MEMBER: _MAKE[path](call, record)}


# ------------------------------------------------------------------ what is open, of a whole list

Condition = sa.ColumnElement[bool]


# aliases: what is asked of a list may have the same table in it
_THIS_DELEGATION, _THIS_SHIPMENT, _THIS_LOSS = aliased(Delegation), aliased(Shipment), aliased(Incident)


def _unanswered(call: Call, columns: Any) -> Condition:
    answers = sa.select(DelegationAnswer.answer).join(
        _THIS_DELEGATION, _THIS_DELEGATION.id == DelegationAnswer.delegation_id
    )
    is_answered = sa.or_(DelegationAnswer.answer == "accepted", DelegationAnswer.day <= call.today)
    return ~answers.where(_THIS_DELEGATION.outside_id == columns.id, is_answered).exists()


def _unverified(_: Call, columns: Any) -> Condition:
    """A leg that is not done."""
    done = sa.select(sa.func.count(ShipmentLeg.leg.distinct())).join(
        _THIS_SHIPMENT, _THIS_SHIPMENT.id == ShipmentLeg.shipment_id
    )
    return (
        done.where(_THIS_SHIPMENT.outside_id == columns.id, IS_LEG_DONE).scalar_subquery() < 2
    )  # foreign and domestic


def _late(call: Call, columns: Any) -> Condition:
    try:
        allowed = areas.city(call.session).parameters.loss_report_hours
    except Refused:
        return sa.false()
    return sa.select(_THIS_LOSS.id).where(_THIS_LOSS.outside_id == columns.id, is_late(_THIS_LOSS, allowed)).exists()


#: Of lists in which something may be open: what one says of so many, and which they are.
OPEN: Final[dict[str, tuple[Words, Callable[[Call, Any], Condition]]]] = {
    "reversals": (Words("%s 条待批准", "Waiting for approval: %s"), lambda _, columns: columns.done == 0),
    "stocktakes": (Words("%s 次待批准", "Waiting for approval: %s"), lambda _, columns: columns.approved == 0),
    "delegations": (Words("%s 件未答复", "Not answered: %s"), _unanswered),
    "shipments": (Words("%s 批未核查完", "With a leg not verified: %s"), _unverified),
    "incidents": (Words("%s 件迟报", "Reported late: %s"), _late),
}
