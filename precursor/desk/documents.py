"""A document's code and certificate: pictures and papers of what ``tokens`` signed."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from flask import Blueprint, Response, current_app, g, redirect
from werkzeug import Response as AnyResponse

from precursor.api.collection import Call, Collection, Values
from precursor.api.views import call_of
from precursor.core import access
from precursor.core.clock import legal_day
from precursor.core.db import transaction
from precursor.core.errors import Forbidden, NotFound, Refused
from precursor.desk import certificate, names, terms
from precursor.desk.terms import DOCUMENTS
from precursor.rules.law import Words
from precursor.signing import qr
from precursor.tokens import pages as token_pages
from precursor.tokens import service
from precursor.web.database import db

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
    "county",
)


def state_of(call: Call, record: Values) -> tuple[str, Words, str]:
    """Look, words and icon of where a document stands today."""
    today = call.today.isoformat()
    if record["revoked_on"] is not None and record["revoked_on"] <= today:
        return "bad", Words("已吊销", "revoked"), "alert"
    if record["suspended"]:
        return "bad", Words("已暂停", "suspended"), "alert"
    if record["valid_to"] < today:
        return "", Words("已过期", "expired"), "clock"
    if record["valid_from"] > today:
        return "", Words("未生效", "not yet in force"), "clock"
    if record.get("quantity") and record["drawn"] == record["quantity"]:
        return "", Words("已用完", "used up"), "check"
    return "ok", Words("有效", "in force"), "check"


def why_no_code(call: Call, record: Values) -> Words:
    """The one reason why a document has no code."""
    if not service.gets_token(record["kind"]):
        return Words("此类证件不带二维码", "Documents of this kind carry no code")
    look, said, _ = state_of(call, record)
    if look == "ok":
        return Words("证件内容装不进二维码", "A code cannot hold what this document says")
    return Words(f"证件{said.zh}，没有二维码", f"The document is {said.en}: it has no code")


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

    def paper(id: str) -> Response:
        call = call_of()
        record = collection.show_one(call, id)
        found = code_of(call, record)
        shown = shown_on_paper(call, record, found[1] if found else "--")
        answer = Response(certificate.pdf(shown, qr.svg(found[0]) if found else None), mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'inline; filename="{record["id"]}.pdf"'
        return answer

    bp.add_url_rule(
        f"/{collection.path}/<id>/certificate.pdf", endpoint=f"paper {collection.path}", view_func=guard(paper)
    )


def by_number(by_path: dict[str, Collection], then: str = "") -> Callable[[str], AnyResponse]:
    """``/permits/<number>``: the document that is called so, in whichever collection the reader may see it.

    ``then``: what of it, such as its certificate.
    """

    def view(number: str) -> AnyResponse:
        if g.subject is None:
            return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
        for path in DOCUMENTS:
            try:
                collection = by_path[path]
                scope = access.scope(g.subject, collection.read)
                now = current_app.extensions["settings"].clock()
                collection.one(Call(db.session, g.subject, scope, now), number)
            except (Forbidden, NotFound):
                continue
            return redirect(f"/{path}/{quote(number)}{then}")
        raise NotFound(f"没有证件 / there is no document {number}")

    return access.public(view)


def shown_on_paper(call: Call, record: Values, digest: str) -> dict[str, Any]:
    """What the certificate states, every value as text."""
    (look, said, _), why = state_of(call, record), why_no_code(call, record)
    called = names.of(call, [record]) | names.on_paper(call, record)
    rows = [
        {"zh": terms.member(name).zh, "en": terms.member(name).en, "value": _paper_value(record, name, called)}
        for name in _STATED
        if record.get(name) not in (None, [])
    ]
    rows.append({"zh": "有效期", "en": "Valid", "value": f"{record['valid_from']} ～ {record['valid_to']}"})
    kind = terms.word("kind", record["kind"]) or Words(record["kind"], record["kind"])
    issuer = terms.word("issuer", record.get("issuer") or "")
    county = called.get(("areas", record["county"]), record["county"])
    return {
        "title": {"zh": kind.zh, "en": kind.en.capitalize()},
        "number": record["id"],
        "rows": rows,
        "issuer": f"{county} {issuer.zh if issuer else ''}".strip(),
        "digest": digest,
        "state": None if look == "ok" else {"zh": said.zh, "en": said.en},
        "why": {"zh": why.zh, "en": why.en},
        "foot": f"{legal_day(call.now)} {call.subject.account}",
    }


def _paper_value(record: Values, name: str, called: dict[tuple[str, str], str]) -> str:
    value: Any = record[name]
    if isinstance(value, list):
        return " → ".join(str(called.get((terms.REFS.get(name, "areas"), item), item)) for item in value)
    if name == "quantity":
        whole, dot, fraction = str(value).partition(".")
        return f"{int(whole):,}{dot}{fraction} {record['unit']}"
    if name in terms.REFS:
        known = called.get((terms.REFS[name], value))
        return f"{known} ({value})" if known and known != value else str(value)
    word = terms.word(name, value)
    return f"{word.zh} {word.en}" if word else str(value)
