"""Where a record stands today, in a word, for lists: what waits or went wrong must not look like the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from precursor.api.collection import Call, Values
from precursor.areas import service as areas
from precursor.core.errors import Refused
from precursor.core.members import day_at
from precursor.enterprises.models import Delegation, DelegationAnswer
from precursor.rules.law import Words
from precursor.trade.models import Shipment, ShipmentLeg
from precursor.trade.service import is_leg_done

#: What a list calls it.
MEMBER: Final = "standing"


@dataclass(frozen=True, slots=True)
class Standing:
    """Look, words and icon, like those of a document."""

    look: str
    said: Words
    icon: str


def _delegation(call: Call, record: Values) -> Standing:
    query = (
        sa.select(DelegationAnswer.answer, DelegationAnswer.day)
        .join(Delegation, Delegation.id == DelegationAnswer.delegation_id)
        .where(Delegation.outside_id == record["id"])
    )
    days = {answer: day for answer, day in call.session.execute(query)}  # noqa: C416 - rows are no pairs
    if (ended := days.get("revoked")) is not None and ended <= call.today:
        return Standing("", Words("已撤销", "ended"), "undo")
    if (begins := days.get("accepted")) is None:
        return Standing("bad", Words("未答复", "not answered"), "alert")
    if day_at("/valid_to", record["valid_to"]) < call.today:
        return Standing("warn", Words("已到期", "expired"), "clock")
    if begins > call.today:
        return Standing("", Words("未生效", "not yet in force"), "clock")
    return Standing("ok", Words("生效", "in force"), "check")


def _shipment(call: Call, record: Values) -> Standing:
    query = sa.select(ShipmentLeg).join(Shipment, Shipment.id == ShipmentLeg.shipment_id)
    done = {
        leg.leg for leg in call.session.scalars(query.where(Shipment.outside_id == record["id"])) if is_leg_done(leg)
    }
    if lacks := [words for leg, words in _LEGS.items() if leg not in done]:
        zh, en = "、".join(one.zh for one in lacks), " and ".join(one.en for one in lacks)
        return Standing("bad", Words(f"缺{zh}核查", f"{en} leg open"), "alert")
    return Standing("ok", Words("双向已核查", "both legs verified"), "check")


_LEGS: Final = {"foreign": Words("境外", "foreign"), "domestic": Words("境内", "domestic")}


def _incident(call: Call, record: Values) -> Standing | None:
    try:
        allowed = areas.city(call.session).parameters.loss_report_hours
    except Refused:
        return None
    found, told = (datetime.fromisoformat(record[name]) for name in ("discovered_at", "reported_at"))
    hours = (told - found) // timedelta(hours=1)
    if told - found > timedelta(hours=allowed):
        return Standing("bad", Words(f"迟报，{hours} 小时", f"late, {hours} hours"), "alert")
    return Standing("ok", Words(f"按时，{hours} 小时", f"in time, {hours} hours"), "check")


_MAKE: Final[dict[str, Callable[[Call, Values], Standing | None]]] = {
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
