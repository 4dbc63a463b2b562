"""What a bundle says must go together: its days and kinds, then its draws; and its attempts, judged."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from precursor.core.errors import Fault, Faulty
from precursor.exchange.reading import Bundle, Record
from precursor.rules.movements import MovementType, draws_purchase_document
from precursor.rules.permits import PURCHASE, TRANSPORT, PermitState, Uses, check_draw
from precursor.rules.sale import Carriage, Sale, check_carriage, check_sale

#: list: first day, last day of the same record; the second must not lie before the first
_SPANS: Final = (
    ("sites", "open_on", "closed_on"),
    ("delegations", "requested_on", "valid_to"),
    ("permits", "valid_from", "valid_to"),
    ("movements", "date", "recorded_on"),
)
_DOCUMENTS: Final = (("permit", PURCHASE, "购买证件"), ("transport_permit", TRANSPORT, "运输证件"))


@dataclass(frozen=True, slots=True)
class PlannedDraw:
    """A draw that a movement makes on a document (DEFINITIONS D12)."""

    position: int  # of the movement
    member: str  # by which it names the document
    permit: str
    substance: str
    quantity: int
    day: date


def check(bundle: Bundle) -> dict[str, list[PlannedDraw]]:
    """Raise ``Faulty`` with the faults of the first stage that has any; return the draws by document."""
    for stage in (_days_and_kinds, _bad_draws):
        if faults := sorted(set(stage(bundle))):
            raise Faulty(faults)
    return draws(bundle)


def _days_and_kinds(bundle: Bundle) -> Iterator[Fault]:
    for name, first, last in _SPANS:
        for position, record in enumerate(bundle.lists[name]):
            if record[last] is not None and record[last] < record[first]:
                yield Fault(bundle.pointer(name, position, last), f"早于 {first} / lies before {first}")
    for position, movement in enumerate(bundle.lists["movements"]):
        if movement["date"] < bundle.start:
            yield Fault(bundle.pointer("movements", position, "date"), "早于登记期 / lies before the period")
        for member, kinds, zh in _DOCUMENTS:
            if movement.get(member) and bundle.find("permits", movement[member])["kind"] not in kinds:
                yield Fault(
                    bundle.pointer("movements", position, member),
                    f"不是{zh} / not a {'purchase' if kinds is PURCHASE else 'transport'} document",
                )


def draws(bundle: Bundle) -> dict[str, list[PlannedDraw]]:
    """Every draw of the bundle, by document, in order of day."""
    found = defaultdict(list)
    for position, movement in enumerate(bundle.lists["movements"]):
        for draw in _draws_of(position, movement):
            found[draw.permit].append(draw)
    return {permit: sorted(of_permit, key=lambda draw: draw.day) for permit, of_permit in found.items()}


def _draws_of(position: int, movement: Record) -> Iterator[PlannedDraw]:
    kind, on = MovementType(movement["type"]), movement.get("drawn_on") or movement["date"]
    if movement.get("permit") and draws_purchase_document(kind, from_outside=bool(movement.get("external"))):
        day = movement["date"] if kind is MovementType.SALE_OUT else on
        yield PlannedDraw(position, "permit", movement["permit"], movement["substance"], movement["qty"], day)
    if movement.get("transport_permit"):
        yield PlannedDraw(
            position, "transport_permit", movement["transport_permit"], movement["substance"], movement["qty"], on
        )


def _bad_draws(bundle: Bundle) -> Iterator[Fault]:
    for permit, planned in draws(bundle).items():
        state = _state(bundle, permit)
        for draw in planned:
            substance = bundle.by_id["substances"][draw.substance]
            for broken in check_draw(state, substance=substance, quantity=draw.quantity, on=draw.day)[:1]:
                member = {"WRONG_SUBSTANCE": "substance", "PERMIT_OVERDRAW": "qty"}.get(broken.rule, draw.member)
                yield Fault(
                    bundle.pointer("movements", draw.position, member),
                    f"{broken.message} ({permit}) [{broken.rule}]",
                )
            state = replace(state, drawn=state.drawn + draw.quantity, draws=state.draws + 1)


def _state(bundle: Bundle, permit: str) -> PermitState:
    record = bundle.find("permits", permit)
    return PermitState(
        holder=_party(bundle, record["holder"]),
        seller=_party(bundle, record["seller"]) if record["seller"] else None,
        substance=bundle.by_id["substances"][record["substance"]],
        quantity=record["qty"],
        valid_from=record["valid_from"],
        valid_to=record["valid_to"],
        uses=Uses(record["uses"]),
        revoked_on=record["revoked_on"],
        drawn=0,
        draws=0,
    )


def _party(bundle: Bundle, id_: str) -> int:
    """Enterprises and outside parties as one row of numbers; an id of both means the enterprise."""
    enterprises = bundle.by_id["enterprises"]
    return enterprises[id_] if id_ in enterprises else len(enterprises) + bundle.by_id["external_parties"][id_]


def judge(bundle: Bundle) -> dict[str, str | None]:
    """Judge every attempt by all facts of the bundle: its id and the rule that decides, None when allowed."""
    planned = draws(bundle)
    return {attempt["id"]: _judge(bundle, attempt, planned) for attempt in bundle.lists["attempts"]}


def _judge(bundle: Bundle, attempt: Record, planned: dict[str, list[PlannedDraw]]) -> str | None:
    substance, permit = bundle.find("substances", attempt["substance"]), None
    if attempt["permit"]:
        so_far = [draw for draw in planned.get(attempt["permit"], ()) if draw.day <= attempt["date"]]
        permit = replace(
            _state(bundle, attempt["permit"]), drawn=sum(draw.quantity for draw in so_far), draws=len(so_far)
        )
    number = bundle.by_id["substances"][attempt["substance"]]
    if attempt["action"] == "carry":
        load = Carriage(substance=number, quantity=attempt["qty"], on=attempt["date"], permit=permit)
        return next((broken.rule for broken in check_carriage(load)), None)
    buyer = attempt["buyer"]
    sale = Sale(
        category=substance["category"],
        substance=number,
        quantity=attempt["qty"],
        on=attempt["date"],
        seller=bundle.by_id["enterprises"][bundle.find("sites", attempt["seller_site"])["enterprise"]],
        buyer=None if buyer.startswith("person:") else _party(bundle, buyer),
        cash=attempt["payment"] == "cash",
        permit=permit,
    )
    return next((broken.rule for broken in check_sale(sale)), None)
