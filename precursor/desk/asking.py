"""What a form asks for once its kind is known: what such a record bears, what it is refused without, what is offered.

A page shows the fields of the kind that is being recorded and no others; but nothing typed is hidden.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from precursor.api.collection import Act, Call
from precursor.areas.models import Area
from precursor.core.members import Record, Word, schema_of
from precursor.desk import documents, names, terms
from precursor.desk.house import House
from precursor.rules.law import Law, Words, law_for
from precursor.rules.matrix import LEVEL_WORDS, Row, department_words, rows_of
from precursor.rules.movements import TYPES, MovementType
from precursor.rules.permits import PermitKind
from precursor.rules.substances import class_of
from precursor.substances.models import Substance

#: Forms whose kind decides what else they ask, and the member that says the kind.
KIND_OF: Final = {
    "InForm": "type",
    "OutForm": "type",
    "PurchaseForm": "kind",
    "TransportForm": "kind",
    "LicenceForm": "kind",
    "TradeForm": "kind",
}
#: What depends on another answer: on a change of these a form is shown anew.
LEADS: Final = frozenset(
    {
        *("type", "kind", "site", "holder", "substance", "quantity", "unit", "valid_from", "permit"),
        *("batch", "usage_record", "incident", "shipment"),
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """By the last word of their paths: members asked at once, refused without, and never borne by this kind."""

    at_once: frozenset[str] = frozenset()
    must: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    hints: Mapping[str, Words] = field(default_factory=dict)
    substances: frozenset[str] | None = None  # those that the kind is for; None: any
    unless: frozenset[str] = frozenset()  # refused without by the law, unless what is recorded is exempt from it


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind that a form may be of: its word, what it is called, and a line about it."""

    word: str
    label: Words
    about: Words


T = MovementType
#: By type: what is asked at once, what stands behind 更多; of the members in ``_OF_TYPES`` it bears no others.
_MOVEMENTS: Final = {
    T.PRODUCTION_IN: ("batch", ""),
    T.PURCHASE_IN: (
        "counterpart external permit transport_permit batch",
        "external_permit drawn_on exempt by_mail small_quantity",
    ),
    T.SALE_OUT: (
        "other_site external permit transport_permit payment handler batch",
        "individual external_permit drawn_on exempt by_mail small_quantity agent mandate",
    ),
    T.TRANSFER_IN: ("counterpart transport_permit batch", "small_quantity other_site"),
    T.TRANSFER_OUT: ("other_site transport_permit batch", "small_quantity counterpart"),
    T.IMPORT_IN: ("shipment transport_permit batch", ""),
    T.EXPORT_OUT: ("shipment transport_permit batch", ""),
    T.USE_OUT: ("usage_record batch", ""),
    T.LOSS_OUT: ("incident batch", ""),
    T.DISPOSAL_OUT: ("batch", ""),
    T.RETURN_OUT: ("other_site external transport_permit batch", "small_quantity counterpart"),
    T.RETURN_IN: ("counterpart external transport_permit batch", "small_quantity other_site"),
    T.SAMPLE_OUT: ("usage_record batch", ""),
}
_OF_TYPES: Final = frozenset(name for parts in _MOVEMENTS.values() for part in parts for name in part.split())
_ABOUT: Final = {
    T.PRODUCTION_IN: Words("生产入库，凭批次核销", "from production; written off against its batch"),
    T.PURCHASE_IN: Words("收到购入的货，凭供方记录核销", "goods bought; written off against the seller's record"),
    T.SALE_OUT: Words("销售发货，凭购买证件和购方入库核销", "goods sold; against the buyer's document and receipt"),
    T.TRANSFER_IN: Words("本单位场所之间调入", "from another site of the enterprise"),
    T.TRANSFER_OUT: Words("本单位场所之间调出", "to another site of the enterprise"),
    T.IMPORT_IN: Words("进口到货，凭进出口批次核销", "an import; written off against its shipment"),
    T.EXPORT_OUT: Words("出口发货，凭进出口批次核销", "an export; written off against its shipment"),
    T.USE_OUT: Words("生产、检验领用，凭使用记录核销", "used up; written off against the usage record"),
    T.LOSS_OUT: Words("被盗、丢失、泄漏，凭流失事件核销", "lost; written off against the incident"),
    T.DISPOSAL_OUT: Words("销毁、处置", "destroyed or disposed of"),
    T.RETURN_OUT: Words("退给供方", "back to the seller"),
    T.RETURN_IN: Words("购方退回", "back from the buyer"),
    T.SAMPLE_OUT: Words("取样、留样，凭使用记录核销", "a sample; written off against the usage record"),
}


def _movement(kind: MovementType) -> Asked:
    at_once, more = (frozenset(part.split()) for part in _MOVEMENTS[kind])
    never = _OF_TYPES - at_once - more
    unless = frozenset({"permit"}) if TYPES[kind].needs_permit else frozenset[str]()
    return Asked(at_once, frozenset(), never, unless=unless)


def _plain(form: type[Record]) -> Asked:
    name = form.__name__
    return Asked(
        frozenset(terms.ASKED.get(name, ())),
        frozenset(terms.MUST.get(name, ())),
        terms.LEFT_OUT.get(name, frozenset()),
    )


def of(call: Call, act: Act, typed: Mapping[str, str]) -> Asked:
    """What the form of an act asks, given what is typed so far."""
    plain = _plain(act.form)
    member = KIND_OF.get(act.form.__name__)
    word = typed.get(member, "") if member else ""
    if not member or word not in words_of(act.form, member):
        return plain
    if member == "type":
        return _movement(MovementType(word))
    return _document(call, PermitKind(word), typed, plain, is_issue=not act.at)


def words_of(form: type[Record], member: str) -> Sequence[str]:
    """The kinds that a form may be of."""
    found = schema_of(form).fields[member]
    return found.words if isinstance(found, Word) else ()


def _law(call: Call) -> Law:
    area = call.session.get(Area, call.subject.area_id) if call.subject.area_id else None
    return law_for(area.code if area else None, call.today)


def _document(call: Call, kind: PermitKind, typed: Mapping[str, str], plain: Asked, *, is_issue: bool) -> Asked:
    rows = [row for row in rows_of(_law(call)) if row.kind is kind]
    known = {
        row.outside_id: class_of(row.category, row.kind, row.schedule)
        for row in call.session.scalars(sa.select(Substance))
    }
    fitting = [row for row in rows if known.get(typed.get("substance", "")) in row.classes] or rows
    borne = frozenset[str]().union(*(row.fields for row in fitting))
    must = frozenset(fitting[0].fields).intersection(*(row.fields for row in fitting)) if fitting else frozenset()
    if "quantity" in must:  # a document for a class of substances has no amount
        must |= {"substance"}
        plain = Asked(plain.at_once, plain.must, plain.never | {"covers"})
    return Asked(
        plain.at_once | borne | {"particulars"},
        plain.must | (must if is_issue else frozenset()),
        plain.never | (frozenset(terms.OF_SOME) - borne - {"route", "plates"}),
        _until(fitting, typed.get("valid_from", "") or call.today.isoformat()),
        frozenset(id_ for id_, cls in known.items() if any(cls in row.classes for row in rows)) if rows else None,
    )


def _until(rows: Sequence[Row], begins: str) -> Mapping[str, Words]:
    """The last day that a document which begins on a day may be good for, where the law gives one for its kind."""
    try:
        start = date.fromisoformat(begins)
        last = max((day for row in rows if (day := row.last_day(start))), default=None)
        longer = max(
            (day for row in rows if row.extended and (day := row.last_day(start, extended=True))), default=None
        )
    except (ValueError, OverflowError):
        return {}
    if last is None:
        return {}
    zh, en = f"最迟至 {last}", f"{last} at the latest"
    if longer and longer > last:
        zh, en = f"{zh}；持证人长期无违规的可至 {longer}", f"{en}; {longer} for a holder long without a breach"
    return {"valid_to": Words(zh + _doubt(rows).zh, en + _doubt(rows).en)}


def _doubt(rows: Sequence[Row]) -> Words:
    if any(row.status.get("validity", "V") in "RU" for row in rows):
        return Words("（待核实）", " (unconfirmed)")
    return Words("", "")


def choices(call: Call, form: type[Record]) -> list[Choice]:
    """The kinds to choose from, when the kind decides what a form asks."""
    member = KIND_OF.get(form.__name__)
    if member is None:
        return []
    known = words_of(form, member)
    if member == "type":
        return [Choice(word, _called(member, word), _ABOUT[MovementType(word)]) for word in known]
    rows = list(rows_of(_law(call)))
    return [Choice(word, _called(member, word), _issuer([r for r in rows if r.kind == word])) for word in known]


def _called(member: str, word: str) -> Words:
    return terms.word(member, word) or Words(word, word)


def _issuer(rows: Sequence[Row]) -> Words:
    """Who issues it, at which level: as the rows of its classes say."""
    said = dict.fromkeys((department_words(row.issuer), LEVEL_WORDS[row.least_level]) for row in rows)
    return Words(
        "；".join(f"{office.zh}，{level.zh}级" for office, level in said),
        "; ".join(f"{office.en}, {level.en}" for office, level in said),
    )


#: Movements between sites of one enterprise.
_BETWEEN: Final = frozenset({T.TRANSFER_IN, T.TRANSFER_OUT})


def sites_there(call: Call, house: House, typed: Mapping[str, str]) -> list[tuple[str, Words]]:
    """The sites to which goods may go: one's own for what is moved between them, else those of the other party.

    That is who the purchase documents in force name, or the one whose number is typed: who sells must know where to.
    """
    kind, own = typed.get("type", ""), call.subject.enterprise_id
    if kind in _BETWEEN or own is None:
        return [choice for choice in names.choices(call, "sites") if choice[0] != typed.get("site")]
    is_to_buyer = kind in (T.SALE_OUT, T.RETURN_IN)
    rows = _documents(call, house, typed)
    others = {row.holder if is_to_buyer else row.seller for row in rows if (row.owner != own) == is_to_buyer}
    return names.sites_of(call, others - {None})


def _documents(call: Call, house: House, typed: Mapping[str, str]) -> list[Any]:
    """Purchase documents in force that the reader may list, or the one whose number is typed."""
    number = typed.get("permit", "")
    wanted = {"id": number} if number else {}
    return house.rows("purchase-documents", lambda c: documents.in_force(c, call.today), **wanted)


def usual(call: Call, house: House, act: Act, typed: Mapping[str, str]) -> dict[str, str]:
    """What a movement most likely says: the only store that one has, and what the document that is typed is for."""
    if act.form.__name__ not in ("InForm", "OutForm") or call.subject.enterprise_id is None:
        return {}
    stores = house.rows("sites", lambda c: c.closed_on.is_(None))
    found = {"site": str(stores[0].id)} if len(stores) == 1 else {}
    if typed.get("permit") and (rows := _documents(call, house, typed)):
        found["substance"] = str(rows[0].substance)
        there = sites_there(call, house, typed)
        if len(there) == 1 and typed.get("type") == T.SALE_OUT:
            found["other_site"] = there[0][0]
    return found
