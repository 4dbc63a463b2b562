"""Routes from collections: list, read, act. The only place where the API meets HTTP."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, g, jsonify, request
from marshmallow import ValidationError

from precursor.api import doing, idempotency
from precursor.api.collection import MOST, USUAL, Act, Call, Collection, Listing, Values
from precursor.api.doing import ROOT
from precursor.core import access, canonical
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, Malformed, Stale, VersionMissing
from precursor.core.members import Day, Member, Text, Whole, Word, schema_of
from precursor.core.strict import flatten, loads, repeated_names
from precursor.web.database import db

#: What is said to whoever changes what another changed before.
STALE: Final = "记录已被改动,请重新读取 / the record has changed: read it again"

#: What every list may be asked.
PAGING: Final[dict[str, Member]] = {
    "limit": Whole(1, MOST, optional=True, note=f"records on the page, {USUAL} when nothing is said"),
    "after": Text(optional=True, longest=200, note="the id after which the page begins"),
    "count": Word("true", "false", optional=True, note="also say how many there are (X-Total-Count)"),
}


def blueprint(collections: tuple[Collection, ...], listings: tuple[Listing, ...]) -> Blueprint:
    """Every route of the API."""
    made = Blueprint("api", __name__, url_prefix=ROOT)
    for collection in collections:
        path = f"/{collection.path}"
        _add(made, path, collection.list, _list(collection))
        _add(made, f"{path}/<id>", collection.read, _read(collection))
        for act in collection.acts:
            _add(made, path + act.at, act.action, _act(collection, act), act.method)
    for listing in listings:
        _add(made, f"/{listing.path}", listing.action, _make(listing))
    return made


def _add(bp: Blueprint, path: str, action: Action, view: Callable[..., Response], method: str = "GET") -> None:
    bp.add_url_rule(path, endpoint=f"{method} {path}", view_func=access.requires(action)(view), methods=[method])


def call_of() -> Call:
    """The call that a request is, in the scope of its view's action."""
    now: datetime = current_app.extensions["settings"].clock()
    return Call(db.session, g.subject, g.scope, now)


def parameters(known: Mapping[str, Member]) -> Values:
    """Read the query of the address; Faulty names what is unknown, repeated or wrong."""
    faults, found = [], {}
    for name, values in request.args.lists():
        member = known.get(name)
        if member is None or len(values) > 1:
            faults.append(Fault(f"/{name}", "没有或重复的参数 / unknown or repeated parameter"))
            continue
        value: Any = values[0]
        if isinstance(member, Whole) and value.isascii() and value.isdigit() and len(value) < 10:
            value = int(value)
        try:
            found[name] = member.deserialize(value)
        except ValidationError as error:
            faults += flatten(error.messages, f"/{name}")
    faults += [
        Fault(f"/{name}", "缺少这个参数 / this parameter is missing")
        for name, member in known.items()
        if member.required and name not in request.args
    ]
    if faults:
        raise Faulty(sorted(faults))
    return found


def filters_of(collection: Collection) -> dict[str, Member]:
    """The members that a list may be narrowed by, as parameters."""
    found: dict[str, Member] = {}
    for name in collection.filters:
        note = f"only those whose {name} this is"
        found[name] = (
            Day(optional=True, note=note) if collection.has_day(name) else Text(optional=True, longest=200, note=note)
        )
    return found


def _list(collection: Collection) -> Callable[..., Response]:
    known: dict[str, Member] = {**PAGING, **filters_of(collection)}

    def view() -> Response:
        asked, call = parameters(known), call_of()
        query = collection.query(call)
        columns = query.selected_columns
        narrowed = query.where(*(columns[n] == asked[n] for n in collection.filters if n in asked))
        limit = asked.get("limit", USUAL)
        page = narrowed.order_by(columns.id).limit(limit + 1)
        if "after" in asked:
            page = page.where(columns.id > asked["after"])
        rows = call.session.execute(page).all()
        answer = jsonify([collection.show(row) for row in rows[:limit]])
        if len(rows) > limit:
            onwards = request.args.to_dict() | {"after": rows[limit - 1].id}
            answer.headers["Link"] = f'<{quote(request.path)}?{urlencode(onwards)}>; rel="next"'
        if asked.get("count") == "true":
            total = call.session.scalar(sa.select(sa.func.count()).select_from(narrowed.subquery()))
            answer.headers["X-Total-Count"] = str(total)
        return answer

    return view


def tag_of(body: Values) -> str:
    """The version of a record as it was shown."""
    return canonical.digest(json.dumps(body, ensure_ascii=False, sort_keys=True))[:32]


def _read(collection: Collection) -> Callable[..., Response]:
    def view(id: str) -> Response:
        parameters({})
        body = collection.show_one(call_of(), id)
        answer = jsonify(body)
        answer.set_etag(tag_of(body))
        return answer.make_conditional(request)  # type: ignore[return-value]

    return view


def _make(listing: Listing) -> Callable[..., Response]:
    def view(**_: str) -> Response:
        return jsonify(listing.make(call_of(), parameters(listing.parameters)))

    return view


def body_of(form: Any) -> Values:
    """Read the body: Malformed when it is no JSON object, Faulty with every fault of its members."""
    if request.mimetype != "application/json":
        raise Malformed("须为 application/json / the body must be application/json")
    try:
        document = loads(request.get_data(), "record")
    except Faulty as error:
        raise Malformed(error.faults[0].message) from None
    faults = list(repeated_names(document))
    try:
        loaded: Values = schema_of(form).load(document)
    except ValidationError as error:
        faults += flatten(error.messages)
    if faults:
        raise Faulty(sorted(set(faults)))
    return loaded


def _act(collection: Collection, act: Act) -> Callable[..., Response]:
    def view(id: str = "") -> Response:
        parameters({})
        call = call_of()
        key = request.headers.get("Idempotency-Key", "")
        if not key and call.subject.actions is not None:
            raise Malformed("须带 Idempotency-Key / a token's writes carry an Idempotency-Key")
        if len(key) > 200:
            raise Malformed("Idempotency-Key 过长 / an Idempotency-Key has at most 200 characters")
        wanted = doing.Request(
            id=id,
            read=lambda: body_of(act.form),
            look=lambda: _look(collection, act, call, id),
            key=key,
            digest=idempotency.digest_of(request.method, request.path, request.get_data()),
        )
        done = doing.perform(call, collection, act, wanted)
        if done.body is None:
            answer = _answer(json.loads(done.kept or ""), done.status, done.location)
            answer.headers["Idempotent-Replay"] = "true"
            return answer
        return _answer(done.body, done.status, done.location)

    return view


def _look(collection: Collection, act: Act, call: Call, id_: str) -> None:
    """Still as the caller saw it (optimistic concurrency)."""
    if not request.if_match:
        if act.method == "PUT":
            raise VersionMissing("须带 If-Match / a change names the version it was made on (If-Match)")
        return
    if not request.if_match.contains(tag_of(collection.show_one(call, id_))):
        raise Stale(STALE)


def _answer(body: Values, status: int, location: str) -> Response:
    answer = jsonify(body)
    answer.status_code = status
    answer.headers["Location"] = location
    answer.set_etag(tag_of(body))
    return answer
