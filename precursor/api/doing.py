"""Do an act once, whichever door it came through: judge the form, do it, keep the answer, note a refusal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

import sqlalchemy as sa

from precursor import audit
from precursor.api import idempotency
from precursor.api.collection import Act, Call, Collection, Values
from precursor.core.errors import PrecursorError

ROOT: Final = "/api/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One wish to do an act: to which record, with which form, under which key of repetition.

    ``look`` says whether the record is still as the caller saw it (raises), and is called once the record is found.
    """

    id: str
    read: Callable[[], Values]
    look: Callable[[], None]
    key: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. ``body`` is None when it was done before: then ``kept`` has the answer."""

    status: int
    location: str
    id: str
    body: Values | None = None
    kept: str | None = None


def perform(call: Call, collection: Collection, act: Act, request: Request) -> Answer:
    """Do the act in one transaction. A refusal leaves its audit entry and nothing else."""
    account = call.subject.account
    if request.key and (before := idempotency.kept(call.session, account, request.key, request.digest)):
        return _before(before, collection)
    try:
        data = request.read()
        if act.is_of_one:
            collection.one(call, request.id)
            request.look()
        done = act.do(call, data, request.id)
        body = collection.show_one(call, done)
        status = 200 if act.method == "PUT" else 201
        location = f"{ROOT}/{collection.path}/{quote(done, safe='')}"
        if request.key:
            idempotency.keep(
                call.session,
                account,
                request.key,
                request.digest,
                status=status,
                location=location,
                body=body,
                now=call.now,
            )
        call.session.commit()
    except sa.exc.IntegrityError as error:
        call.session.rollback()
        if idempotency.is_taken(error) and (
            before := idempotency.kept(call.session, account, request.key, request.digest)
        ):
            return _before(before, collection)
        raise
    except PrecursorError as error:
        call.session.rollback()
        _note_refusal(call, act, collection, request.id, error)
        raise
    return Answer(status, location, done, body)


def _before(kept: idempotency.KeptAnswer, collection: Collection) -> Answer:
    done = unquote(kept.location.removeprefix(f"{ROOT}/{collection.path}/"))
    return Answer(kept.status, kept.location, done, kept=kept.body)


def _note_refusal(call: Call, act: Act, collection: Collection, id_: str, error: PrecursorError) -> None:
    """A refused act leaves nothing but this."""
    audit.note(
        call.session,
        action=f"{act.action.value}.refused",
        kind=collection.path,
        name=id_,
        row={"code": error.code, "detail": str(error)[:2000]},
        actor=call.actor,
        now=call.now,
    )
    call.session.commit()
