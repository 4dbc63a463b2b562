"""What devices fetch, and the page that any camera opens. Public: no account, no cookie, no trace of a token."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, jsonify, make_response, render_template, request
from sqlalchemy.orm import Session

from precursor import audit
from precursor.areas.models import Area
from precursor.core import access
from precursor.core.db import transaction
from precursor.core.errors import NotFound, Refused
from precursor.rules.law import Words
from precursor.signing.verdicts import SCREENS, WARNED, WARNINGS, WORDS, Screen, Verdict
from precursor.tokens import saying, service
from precursor.tokens.models import Published
from precursor.tokens.service import Office
from precursor.tokens.store import KeyStore
from precursor.web.database import db
from precursor.web.i18n import words

bp = Blueprint("tokens", __name__)
_STATUS: Final = "application/statuslist+cwt"
#: What the page says of each verdict and warning.
SAID: Final[dict[str, Words]] = {code.value: said for code, said in (*WORDS.items(), *WARNINGS.items())}
#: What the public page says, where an inspector is told otherwise: whoever looks has the paper, and no register.
_ON_PAPER: Final = {
    Verdict.GENUINE: Words("请与纸面逐项核对", "Compare it with the paper, line by line"),
    Verdict.MALFORMED: Words("请重新扫码，或打电话核实", "Scan it again, or call the authority"),
}
#: Lists are signed by the installation itself, whoever asks for them.
SIGNER: Final = audit.Actor(account="signing", person="SYSTEM", role="sysadmin")


def office() -> Office:
    """Keys and address of this installation."""
    settings = current_app.extensions["settings"]
    return Office(KeyStore.of(settings), settings.base_url)


def _listed(make: Callable[[Session], Published], mimetype: str) -> Response:
    """A signed list, again only when it changed (conditional GET)."""
    if "number" in (request.view_args or {}) and f"/{request.view_args['number']}.cwt" not in request.path:  # type: ignore[index]
        raise NotFound("没有此列表 / there is no such list")  # a number has no leading zeros (C9)
    try:
        with transaction(current_app.extensions["engine"]) as session:
            found = make(session)
            body, signed_at = found.body, found.signed_at
    except Refused as error:  # nothing is registered, or no key lies here
        raise NotFound(str(error)) from None
    answer = Response(body, mimetype=mimetype)
    answer.last_modified = signed_at
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag()
    return answer.make_conditional(request)  # type: ignore[return-value]


@bp.get("/.well-known/precursor/trust.cwt")
@access.public
def trust_list() -> Response:
    """The trust list."""
    now = current_app.extensions["settings"].clock()
    return _listed(lambda session: service.trust_list(session, office(), now), "application/cwt")


@bp.get("/.well-known/precursor/status/<int(max=4294967295):number>.cwt")
@access.public
def status_list(number: int) -> Response:
    """A status list."""
    now = current_app.extensions["settings"].clock()
    return _listed(lambda session: service.status_list(session, office(), number, SIGNER, now), _STATUS)


@bp.get("/.well-known/precursor/balance/<int(max=4294967295):number>.cwt")
@access.public
def balance_list(number: int) -> Response:
    """A balance list."""
    now = current_app.extensions["settings"].clock()
    return _listed(
        lambda session: service.balance_list(session, office(), number, SIGNER, now),
        "application/precursor-balance+cwt",
    )


@bp.get("/.well-known/precursor/lists.json")
@access.public
def list_numbers() -> Response:
    """Which status lists there are, for a device that keeps them all. Unsigned: each list speaks for itself."""
    with transaction(current_app.extensions["engine"]) as session:
        answer = jsonify(status=service.numbers(session))
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@bp.get("/.well-known/precursor/jwks.json")
@access.public
def key_set() -> Response:
    """The listed keys, for general tools."""
    now = current_app.extensions["settings"].clock()
    with transaction(current_app.extensions["engine"]) as session:
        found = service.jwks(session, now)
    answer = jsonify(found)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def known() -> dict[str, Any]:
    """What a page has to know to say a verdict: words, screens, and what authorities are called."""
    screens = {verdict.value: _screen(screen) for verdict, screen in SCREENS.items()}
    return {
        "said": {code: words(said) for code, said in SAID.items()},
        "screens": screens | {"WARNED": _screen(WARNED)},
        "authorities": dict(_authorities()),
    }


@bp.get("/v")
@access.public
def public_page() -> Response:
    """Says of a scanned document what it knows and what it does not; what follows # never leaves the browser.

    Anybody may look, so it names the document and its authority, and nobody whom it concerns.
    """
    shown = known()
    for verdict, todo in _ON_PAPER.items():
        shown["screens"][verdict.value]["todo"] = words(todo)
    return make_response(render_template("v.html", known=shown))


def _screen(screen: Screen) -> dict[str, Any]:
    return {
        "look": screen.look,
        "word": words(screen.word),
        "todo": words(screen.todo),
        "claimed": screen.claimed,
    }


def _authorities() -> Iterator[tuple[str, str]]:
    """What the scopes of tokens are called."""
    for area in db.session.scalars(sa.select(Area)):
        with suppress(Refused):  # of an area with a long id no token is signed
            yield saying.scope_of(area), area.name
