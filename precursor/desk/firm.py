"""What an enterprise sees of itself on its home page: allowances, what is on its way, its own write-off rate."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from markupsafe import Markup

from precursor.api.collection import Call, Values
from precursor.core import quantity
from precursor.core.access import Action
from precursor.desk import documents, names, terms
from precursor.desk.house import House, call_for
from precursor.enterprises.models import Party, Site
from precursor.movements.models import Movement
from precursor.movements.service import is_unanswered, stands
from precursor.permits.models import Permit
from precursor.reconciliation import pages as figures
from precursor.reconciliation.service import Rate
from precursor.rules.law import Words
from precursor.rules.targets import is_met
from precursor.substances.models import Substance
from precursor.web import marks
from precursor.web.i18n import language, words

_SHOWN: Final = 12
#: Over so many days is counted how fast a substance goes.
_LATELY: Final = 30


@dataclass(frozen=True, slots=True)
class Sent:
    """Goods sent to the enterprise that it has not booked in; ``receipt``: the form of its receipt, filled in."""

    number: str
    sender: str
    day: date
    goods: str
    amount: str
    receipt: str
    permit: str | None  # the document that it drew on
    base: int  # the amount in base units


def coming(call: Call) -> list[Sent] | None:
    """What was sent to the enterprise and is not booked in, the oldest first; None for who does not receive."""
    if call_for(Action.LEDGER_POST_IN) is None and call_for(Action.PURCHASE_LIST) is None:
        return None
    query = (
        sa.select(
            Movement.outside_id,
            Movement.quantity,
            Movement.day,
            Movement.type,
            Substance,
            Permit.outside_id.label("permit"),
            Party.name,
        )
        .join(Substance, Substance.id == Movement.substance_id)
        .join(Party, Party.id == Movement.enterprise_id)
        .outerjoin(
            Permit, sa.and_(Permit.enterprise_id == Movement.permit_holder_id, Permit.id == Movement.permit_id)
        )
        .where(
            Movement.other_enterprise_id == call.subject.enterprise_id,
            Movement.type.in_(("sale_out", "return_out")),
            is_unanswered(Movement),
        )
        .order_by(Movement.day)
        .limit(50)
    )
    own = sa.select(Site.outside_id).where(Site.enterprise_id == call.subject.enterprise_id, Site.closed_on.is_(None))
    sites = list(call.session.scalars(own.order_by(Site.id)))
    found = []
    for row in call.session.execute(query):
        substance: Substance = row.Substance
        # never the amount: that is to be what came
        way = {"counterpart": row.outside_id, "substance": substance.outside_id, "unit": substance.unit}
        is_sale = row.type == "sale_out"
        if is_sale and row.permit:
            way["permit"] = row.permit
        if len(sites) == 1:
            way["site"] = sites[0]
        name = (substance.name_en if language() == "en" else substance.name_zh) or substance.outside_id
        amount = f"{quantity.show(row.quantity, substance.unit)} {substance.unit}"
        address = "/movements/in?" + urlencode(way | {"type": "purchase_in" if is_sale else "return_in"})
        found.append(Sent(row.outside_id, row.name, row.day, name, amount, address, row.permit, row.quantity))
    return found


@dataclass(frozen=True, slots=True)
class Own:
    """The write-off rate of the enterprise itself, this year and by month."""

    total: Rate
    target: str | None
    is_met: bool
    line: Markup


def rate(call: Call, seen: figures.Asked) -> Own | None:
    """The own rate; None for who may not read the ledger, or where nothing moved."""
    if call_for(Action.LEDGER_LIST) is None or call.subject.enterprise_id is None:
        return None
    months = figures.own_months(seen, call.subject.enterprise_id)
    total = Rate(sum(r.n for r in months.values()), sum(r.d for r in months.values()))
    if not total.d:
        return None
    target = seen.view.parameters.targets.get("K4")
    drawn = [(f"{first:%Y-%m}", float(r.pct) if r.pct else None) for first, r in sorted(months.items())]
    label = words(Words("本单位各月核销率", "own write-off rate by month"))
    return Own(
        total,
        target,
        bool(is_met(total.n, total.d, target)),
        marks.spark(drawn, float(target) if target else None, label),
    )


def allowances(call: Call, house: House, arriving: Sequence[Sent]) -> list[Values]:
    """What the own enterprise may still buy or ship: each document in force with its bar, beside the stock.

    By substance, the first to end first; what is drawn and still on its way stands out in the bar.
    """
    if call.subject.enterprise_id is None:
        return []
    held: dict[str, int] | None = None
    if (booked := house.report("stock", on=call.today, as_of=call.today)) is not None:
        held = defaultdict(int)
        for place, amount in booked.items():
            held[place.partition("/")[2]] += quantity.parse(amount["quantity"], amount["unit"])
    gone = _gone(call) if held is not None and call_for(Action.LEDGER_LIST) is not None else {}
    way: dict[str | None, int] = defaultdict(int)
    for sent in arriving:
        way[sent.permit] += sent.base
    found = []
    for path in ("purchase-documents", "transport-documents"):
        for row in house.rows(
            path,
            lambda c: documents.in_force(c, call.today),
            lambda c: c.owner == call.subject.enterprise_id,
            lambda c: c.quantity.is_not(None),
        ):
            out = gone.get(row.substance, 0)
            found.append(
                house.collections[path].show(row)
                | {
                    "left": quantity.show(row.quantity - row.drawn, row.unit),
                    "held": None if held is None else quantity.show(held[row.substance], row.unit),
                    "lasts": held[row.substance] * _LATELY // out if out and held is not None else None,
                    "way": quantity.show(way[row.id], row.unit) if row.id in way else None,
                    "bar": _bar(row.drawn, way.get(row.id, 0), row.quantity),
                    "address": f"/{path}/{quote(row.id)}",
                    "days": (row.valid_to - call.today).days,
                    "title": words(terms.word("kind", row.kind) or Words(row.kind, row.kind)),
                }
            )
    called: Mapping[tuple[str, str], str] = names.of(call, found)
    for document in found:
        document["name"] = called.get(("substances", document["substance"]), document["substance"])
    first: dict[str, int] = {}
    for document in sorted(found, key=lambda document: document["days"])[:_SHOWN]:
        first.setdefault(document["substance"], document["days"])
    shown = [document for document in found if document["substance"] in first]
    shown.sort(key=lambda document: (first[document["substance"]], document["substance"], document["days"]))
    return shown[:_SHOWN]


def _bar(drawn: int, way: int, whole: int) -> Markup:
    came = (drawn - min(way, drawn)) / whole * 100
    return marks.allowance([("used", came), ("way", drawn / whole * 100 - came)])


def _gone(call: Call) -> dict[str, Any]:
    """By substance: what left the stores of the enterprise lately, in base units; moved between its own sites: no."""
    query = (
        sa.select(Substance.outside_id, sa.func.sum(Movement.quantity))
        .join(Substance, Substance.id == Movement.substance_id)
        .where(
            Movement.enterprise_id == call.subject.enterprise_id,
            Movement.day > call.today - timedelta(_LATELY),
            Movement.type.like("%\\_out", escape="\\"),
            Movement.type != "transfer_out",
            stands(Movement),
        )
        .group_by(Substance.outside_id)
    )
    return {substance: int(total) for substance, total in call.session.execute(query)}
