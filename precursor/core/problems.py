"""From an error to an answer: the only place where an error meets an HTTP status (RFC 9457)."""

from http import HTTPStatus
from typing import Any, Final

import sqlalchemy as sa

from precursor.core.errors import (
    Faulty,
    Forbidden,
    NotFound,
    PrecursorError,
    Refused,
    RuleViolated,
    Stale,
    Unauthenticated,
    Unavailable,
    VersionMissing,
)

#: The nearest base class in this table decides.
STATUS: Final[dict[type[PrecursorError], HTTPStatus]] = {
    PrecursorError: HTTPStatus.BAD_REQUEST,
    Faulty: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refused: HTTPStatus.CONFLICT,
    NotFound: HTTPStatus.NOT_FOUND,
    Forbidden: HTTPStatus.FORBIDDEN,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Stale: HTTPStatus.PRECONDITION_FAILED,
    VersionMissing: HTTPStatus.PRECONDITION_REQUIRED,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_of(error: PrecursorError) -> HTTPStatus:
    """The HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem(error: PrecursorError) -> dict[str, Any]:
    """An error as the body of ``application/problem+json``."""
    status = status_of(error)
    body: dict[str, Any] = {
        "type": f"urn:precursor:{error.code}",
        "title": status.phrase,
        "status": status.value,
        "detail": str(error),
    }
    if isinstance(error, RuleViolated):
        body["violations"] = [
            {"rule": v.rule, "message": v.message, "zh": v.words.zh, "en": v.words.en, "source": str(v.source)}
            for v in error.violations
        ]
    if isinstance(error, Faulty):
        body["errors"] = [{"pointer": f.pointer, "message": f.message} for f in error.faults]
    return body


def from_database(error: sa.exc.DBAPIError) -> PrecursorError:
    """What the database refused, as an error of ours: it is busy or full, or a guard held."""
    if isinstance(error, sa.exc.OperationalError):
        return Unavailable("数据库暂时不能写入 / the database cannot write now")
    return Refused("数据库拒绝了这次操作 / the database refused this")
