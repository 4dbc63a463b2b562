"""A document's code and certificate: pictures and papers of what ``tokens`` signed."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, g, redirect, request
from werkzeug import Response as AnyResponse

from precursor.api.collection import Call, Collection, Values
from precursor.api.views import call_of
from precursor.core import access, numerals
from precursor.core.db import transaction
from precursor.core.errors import NotFound, Refused
from precursor.core.members import day_at
from precursor.desk import names, paper, terms
from precursor.desk.house import call_for
from precursor.desk.terms import DOCUMENTS
from precursor.enterprises.models import Party
from precursor.permits import printing
from precursor.permits.models import PARTICULARS, Permit
from precursor.rules.law import Words, law_for
from precursor.rules.matrix import rows_of
from precursor.rules.permits import STATES, PermitKind, is_revoked
from precursor.rules.substances import class_of
from precursor.signing import qr
from precursor.substances.models import Substance
from precursor.tokens import pages as token_pages
from precursor.tokens import service
from precursor.tokens.models import TripSlip
from precursor.web.database import db
from precursor.web.i18n import local

#: What a certificate states, in order.
_STATED: Final = (
    "holder",
    "seller",
    "consignee",
    "carrier",
    "substance",
    "covers",
    "quantity",
    "route",
    "uses",
    *PARTICULARS,
    "county",
)


class State(Enum):
    """Where a document stands today: look, words, icon."""

    REVOKED = ("bad", Words("已吊销", "revoked"), "alert")
    SUSPENDED = ("bad", Words("已暂停", "suspended"), "alert")
    EXPIRED = ("", Words("已过期", "expired"), "clock")
    NOT_YET = ("", Words("未生效", "not yet in force"), "clock")
    USED_UP = ("", Words("已用完", "used up"), "check")
    IN_FORCE = ("ok", Words("有效", "in force"), "check")

    def __init__(self, look: str, said: Words, icon: str) -> None:
        self.look, self.said, self.icon = look, said, icon


#: Closed: from now on its verification is awaited.
CLOSED: Final = frozenset({State.REVOKED, State.EXPIRED, State.USED_UP})


def state_of(call: Call, record: Values) -> State:
    """Where a document stands today."""
    if is_revoked(date.fromisoformat(record["revoked_on"]) if record["revoked_on"] else None, call.today):
        return State.REVOKED
    if record["suspended"]:
        return State.SUSPENDED
    if record["valid_to"] < call.today.isoformat():
        return State.EXPIRED
    if record["valid_from"] > call.today.isoformat():
        return State.NOT_YET
    return State.USED_UP if record.get("quantity") and record["drawn"] == record["quantity"] else State.IN_FORCE


def state_column(columns: Any, today: date) -> sa.ColumnElement[str]:
    """The same of rows: the name of the state."""
    return sa.case(
        (columns.revoked_on <= today, State.REVOKED.name),
        (columns.suspended, State.SUSPENDED.name),
        (columns.valid_to < today, State.EXPIRED.name),
        (columns.valid_from > today, State.NOT_YET.name),
        (columns.drawn >= columns.quantity, State.USED_UP.name),
        else_=State.IN_FORCE.name,
    )


def in_force(columns: Any, today: date) -> sa.ColumnElement[bool]:
    """In force today, and something left on it."""
    return state_column(columns, today) == State.IN_FORCE.name


#: What a list says of a document besides its members.
BESIDE: Final = ("left", "state")


def beside(call: Call, record: Values) -> Values:
    """A document with what is left on it, and where it stands today."""
    left = f"{Decimal(record['quantity']) - Decimal(record['drawn']):f}" if record.get("quantity") else None
    return record | {"left": left, "state": state_of(call, record)}


def narrowed(call: Call, query: sa.Select, asked: Mapping[str, str]) -> sa.Select:
    """Documents of one ``state``, and those that end by the day ``until``."""
    columns = query.selected_columns
    if (state := asked.get("state", "")) in State.__members__:
        query = query.where(state_column(columns, call.today) == state)
    if until := asked.get("until"):
        query = query.where(columns.valid_to <= day_at("/until", until))
    return query


def said_in(collection: Collection) -> tuple[Any, ...]:
    """Where a document says what is no column of its list: plates among it."""
    return (Permit.fields,) if collection.path in DOCUMENTS else ()


def why_no_code(call: Call, record: Values) -> Words:
    """The one reason why a document has no code."""
    if not service.gets_token(record["kind"]):
        return Words("此类证件不带二维码", "Documents of this kind carry no code")
    state = state_of(call, record)
    if state is State.IN_FORCE:
        return Words("证件内容装不进二维码", "A code cannot hold what this document says")
    return Words(f"证件{state.said.zh}，没有二维码", f"The document is {state.said.en}: it has no code")


def code_of(call: Call, record: Values) -> tuple[str, str] | None:
    """The text of a document's code and its digest, signed now if it never was; None where there is none to give."""
    if not service.gets_token(record["kind"]):
        return None
    try:
        with transaction(current_app.extensions["engine"]) as session:
            office = token_pages.office()
            token = service.issue(session, office, service.by_number(session, record["id"]), call.actor, call.now)
            return office.text(token), token.digest
    except Refused:
        return None


def take_numbers(call: Call, documents: Sequence[str]) -> dict[str, int]:
    """The how manieth print of each document the next sheet is."""
    with transaction(current_app.extensions["engine"]) as session:
        return printing.take_numbers(session, documents, call.actor, call.now)


def is_only_looked_at() -> bool:
    """Whether nobody asked for the file itself: what a browser fetches beforehand, or asks the headers of."""
    return request.method == "HEAD" or "prefetch" in request.headers.get("Sec-Purpose", "")


def routes(bp: Blueprint, collection: Collection) -> None:
    """Code and certificate of the documents of one collection, for whoever may read the document."""
    guard = access.requires(collection.read)

    def picture(kind: str, mimetype: str, make: Callable[[str], bytes]) -> None:
        def view(id: str) -> Response:
            call = call_of()
            found = code_of(call, collection.show_one(call, id))
            if found is None:
                raise NotFound("此证没有二维码 / this document has no code")
            return Response(make(found[0]), mimetype=mimetype)

        path = f"/{collection.path}/<id>/code.{kind}"
        bp.add_url_rule(path, endpoint=f"{kind} {collection.path}", view_func=guard(view))

    picture("png", "image/png", qr.png)
    picture("svg", "image/svg+xml", qr.svg)

    def printed(id: str) -> Response:
        call = call_of()
        record = collection.show_one(call, id)
        if is_only_looked_at():
            return Response(status=204)
        found = code_of(call, record)
        digest, drawn = (found[1], qr.svg(found[0])) if found else ("--", None)
        shown = shown_on_paper(call, record, digest, take_numbers(call, [record["id"]])[record["id"]])
        answer = Response(paper.certificate(shown, drawn), mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'inline; filename="{record["id"]}.pdf"'
        return answer

    bp.add_url_rule(
        f"/{collection.path}/<id>/certificate.pdf", endpoint=f"paper {collection.path}", view_func=guard(printed)
    )


def trip_routes(bp: Blueprint, collection: Collection) -> None:
    """The code of a trip slip, for whoever may read it."""
    guard = access.requires(collection.read)

    def picture(kind: str, mimetype: str, make: Callable[[str], bytes]) -> None:
        def view(id: str) -> Response:
            collection.show_one(call_of(), id)
            slip = db.session.scalars(sa.select(TripSlip).where(TripSlip.outside_id == id)).one()
            return Response(make(token_pages.office().text_of(bytes.fromhex(slip.cose))), mimetype=mimetype)

        path = f"/{collection.path}/<id>/code.{kind}"
        bp.add_url_rule(path, endpoint=f"{kind} {collection.path}", view_func=guard(view))

    picture("png", "image/png", qr.png)
    picture("svg", "image/svg+xml", qr.svg)


def by_number(by_path: dict[str, Collection], then: str = "") -> Callable[[str], AnyResponse]:
    """``/permits/<number>``: the document that is called so, in whichever collection the reader may see it.

    ``then``: what of it, such as its certificate.
    """

    def view(number: str) -> AnyResponse:
        if g.subject is None:
            return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
        for path in DOCUMENTS:
            if (call := call_for(by_path[path].read)) is None:
                continue
            try:
                by_path[path].one(call, number)
            except NotFound:
                continue
            return redirect(f"/{path}/{quote(number)}{then}")
        raise NotFound(f"没有证件 / there is no document {number}")

    return access.public(view)


def shown_on_paper(call: Call, record: Values, digest: str, nth: int) -> dict[str, Any]:
    """What the certificate states when it is printed for the ``nth`` time, every value as text."""
    state, why = state_of(call, record), why_no_code(call, record)
    called = names.of(call, [record]) | names.on_paper(call, record)
    credits = _credit_codes(call, record)
    substance = call.session.scalars(
        sa.select(Substance).where(Substance.outside_id == (record.get("substance") or ""))
    ).one_or_none()
    category = substance.category if substance else None
    of_category = terms.word("category", str(category)) if category else None
    beside = credits | ({"substance": f"{of_category.zh} {of_category.en}"} if of_category else {})
    if record.get("quantity"):
        beside["quantity"] = f"大写：{numerals.quantity(record['quantity'], record['unit'])}"
    rows = [
        _line(
            terms.member(name), _paper_value(record, name, called), beside.get(name, ""), is_large=name == "quantity"
        )
        for name in _STATED
        if record.get(name) not in (None, [])
    ]
    valid = Words("有效期", "Valid")
    rows.append(_line(valid, f"{_on_paper(record['valid_from'])} 至 {_on_paper(record['valid_to'])}"))
    kind = terms.word("kind", record["kind"]) or Words(record["kind"], record["kind"])
    issuer = terms.word("issuer", record.get("issuer") or "")
    county = called.get(("areas", record["county"]), record["county"])
    return {
        "title": {"zh": ("易制毒化学品" if category else "") + kind.zh, "en": kind.en.capitalize()},
        "number": record["id"],
        "states": _states(record, state, substance),
        "rows": rows,
        "issuer": f"{county} {issuer.zh if issuer else ''}".strip(),
        "digest": " ".join(textwrap.wrap(digest[:16].upper(), 4)),
        "state": None if state is State.IN_FORCE else {"zh": state.said.zh, "en": state.said.en},
        "why": {"zh": why.zh, "en": why.en},
        "day": _on_paper(record["valid_from"]),
        "foot": f"复印无效，涂改无效。打印于 {local(call.now)}，操作人 {call.subject.account}，第 {nth} 次打印。",
    }


def _line(said: Words, value: str, beside: str = "", *, is_large: bool = False) -> dict[str, Any]:
    """A line of the table: what it is, what it says, and what stands beside it at the right."""
    return {"zh": said.zh, "en": said.en, "value": value, "beside": beside, "large": is_large}


def _on_paper(day: str) -> str:
    """A day as papers write it."""
    year, month, of_month = day.split("-")
    return f"{year} 年 {int(month)} 月 {int(of_month)} 日"


def _states(record: Values, state: State, substance: Substance | None) -> dict[str, str] | None:
    """The sentence of the certificate and the article that it rests on.

    None where the document does not hold, or the law of its day knows no such document for such a substance.
    """
    if state in (State.REVOKED, State.SUSPENDED, State.EXPIRED):
        return None
    kind, begins = PermitKind(record["kind"]), date.fromisoformat(record["valid_from"])
    cls = class_of(substance.category, substance.kind, substance.schedule) if substance else None
    rows = [row for row in rows_of(law_for(None, begins)) if row.kind is kind and (cls is None or cls in row.classes)]
    basis = {row.basis for row in rows}
    if len(basis) != 1 or (found := basis.pop()) is None:
        return None
    said, mark = STATES[kind], "" if found.is_confirmed else "（条款待核实）"
    return {"zh": f"根据《{found.instrument}》{found.article}{mark}，{said.zh}。", "en": said.en.capitalize() + "."}


def _credit_codes(call: Call, record: Values) -> dict[str, str]:
    """By member: the credit code of whom a document names, where the register has one."""
    permit = call.session.scalars(sa.select(Permit).where(Permit.outside_id == record["id"])).one()
    named = {
        "holder": permit.enterprise_id,
        "seller": permit.seller_id,
        "consignee": permit.consignee_id,
        "carrier": permit.carrier_id,
    }
    query = sa.select(Party.id, Party.credit_code).where(
        Party.id.in_([party for party in named.values() if party is not None]), Party.credit_code.is_not(None)
    )
    known = {party: str(code) for party, code in call.session.execute(query)}
    return {name: known[party] for name, party in named.items() if party in known and record.get(name)}


def _paper_value(record: Values, name: str, called: dict[tuple[str, str], str]) -> str:
    value: Any = record[name]
    if isinstance(value, list):
        return " → ".join(str(called.get((terms.REFS.get(name, "areas"), item), item)) for item in value)
    if name == "quantity":
        whole, dot, fraction = str(value).partition(".")
        return f"{int(whole):,}{dot}{fraction} {numerals.unit(record['unit'])} {record['unit']}".replace("  ", " ")
    if name in terms.REFS:
        return called.get((terms.REFS[name], value), str(value))
    word = terms.word(name, value)
    return f"{word.zh} {word.en}" if word else str(value)
