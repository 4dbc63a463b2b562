"""Issue, draw on, revoke and verify documents. Draws are atomic: never more than the document holds."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit
from precursor.core.clock import legal_day
from precursor.core.db import BaseUnits, LegalDay, changed, insert, table_of
from precursor.core.errors import NotFound, Refused, RuleViolated
from precursor.permits.models import (
    Draw,
    DrawReturn,
    Permit,
    PermitBalance,
    Revocation,
    RouteStop,
    Suspension,
    Verification,
)
from precursor.rules.permits import PermitKind, PermitState, Uses, check_draw

ANY_NUMBER: Final = 2**31 - 1  # of draws, on a document of many uses
ANY_AMOUNT: Final = 2**62  # on a document without amount


@dataclass(frozen=True, slots=True, order=True)
class PermitKey:
    """A document: its holder and its number in this database."""

    holder: int
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePermit:
    """Put a document on record as it was issued; quantity in base units."""

    outside_id: str
    kind: str
    holder: int
    substance: int | None
    quantity: int | None
    valid_from: date
    valid_to: date
    uses: str
    area: int
    seller: int | None = None
    route: Sequence[int] | None = None
    consignee: int | None = None
    carrier: int | None = None
    covers: str | None = None
    fields: str | None = None
    issuer: str | None = None
    issued_by: str | None = None
    law: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawPermit:
    """Draw on a document for one version of a movement."""

    permit: PermitKey
    mover: int
    movement: int
    version: int
    substance: int
    quantity: int
    day: date
    recorded_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOfPermit:
    """A revocation (``reason``: on what ground) or a verification (``result``: what was found), on its legal day."""

    permit: PermitKey
    day: date
    recorded_on: date
    result: str | None = None
    reason: str | None = None


def issue(session: Session, commands: Sequence[IssuePermit], actor: audit.Actor, now: datetime) -> list[PermitKey]:
    """Put documents on record; returns their keys in the order given."""
    permits = audit.write(
        session,
        Permit,
        (
            {
                "enterprise_id": command.holder,
                "outside_id": command.outside_id,
                "kind": command.kind,
                "substance_id": command.substance,
                "quantity": command.quantity,
                "valid_from": command.valid_from,
                "valid_to": command.valid_to,
                "uses": command.uses,
                "area_id": command.area,
                "seller_id": command.seller,
                "has_route": command.route is not None,
                "consignee_id": command.consignee,
                "carrier_id": command.carrier,
                "covers": command.covers,
                "fields": command.fields,
                "issuer": command.issuer,
                "issued_by": command.issued_by,
                "law": command.law,
            }
            for command in commands
        ),
        action="permit.issue",
        actor=actor,
        now=now,
    )
    keys = [PermitKey(row["enterprise_id"], row["id"]) for row in permits]
    balances, stops = [], []
    for key, command in zip(keys, commands, strict=True):
        of_permit = {"enterprise_id": key.holder, "permit_id": key.id}
        balances.append(
            {
                **of_permit,
                "approved": ANY_AMOUNT if command.quantity is None else command.quantity,
                "allowed_draws": 1 if command.uses == Uses.SINGLE else ANY_NUMBER,
                "drawn": 0,
                "draws": 0,
                "revoked_on": None,
                "is_suspended": False,
            }
        )
        stops += [of_permit | {"position": n, "area_id": area} for n, area in enumerate(command.route or ())]
    insert(session, PermitBalance, balances)
    insert(session, RouteStop, stops)
    return keys


#: The columns of a state, named as its fields; whole rows would be loaded, and dropped, at every draw.
_STATES: Final = (
    sa.select(
        Permit.enterprise_id,
        Permit.id,
        Permit.seller_id.label("seller"),
        Permit.substance_id.label("substance"),
        Permit.quantity,
        Permit.valid_from,
        Permit.valid_to,
        Permit.uses,
        Permit.kind,
        Permit.covers,
        PermitBalance.revoked_on,
        PermitBalance.drawn,
        PermitBalance.draws,
        PermitBalance.is_suspended,
    )
    .join(
        PermitBalance,
        sa.and_(PermitBalance.enterprise_id == Permit.enterprise_id, PermitBalance.permit_id == Permit.id),
    )
    .where(sa.tuple_(Permit.enterprise_id, Permit.id).in_(sa.bindparam("keys", expanding=True)))
)


def states(session: Session, keys: Iterable[PermitKey]) -> dict[PermitKey, PermitState]:
    """The documents as they stand now, with all that is drawn on them. NotFound names the first unknown one."""
    wanted, found = set(keys), {}
    chunks = sorted(wanted)
    for start in range(0, len(chunks), 200):
        pairs = [(key.holder, key.id) for key in chunks[start : start + 200]]
        for row in session.connection().execute(_STATES, {"keys": pairs}):
            found[PermitKey(row.enterprise_id, row.id)] = PermitState(
                holder=row.enterprise_id,
                seller=row.seller,
                substance=row.substance,
                quantity=row.quantity,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                uses=Uses(row.uses),
                revoked_on=row.revoked_on,
                suspended=bool(row.is_suspended),
                kind=row.kind,
                covers=row.covers,
                drawn=row.drawn,
                draws=row.draws,
            )
    if missing := wanted - found.keys():
        raise NotFound(f"没有这份证件 / no document {min(missing).id}")
    return found


_ON: Final = sa.bindparam("on", type_=LegalDay())
_LICENCES: Final = (
    sa.select(Permit.kind)
    .join(
        PermitBalance,
        sa.and_(PermitBalance.enterprise_id == Permit.enterprise_id, PermitBalance.permit_id == Permit.id),
    )
    .where(
        Permit.enterprise_id == sa.bindparam("holder"),
        Permit.substance_id == sa.bindparam("substance"),
        Permit.valid_from <= _ON,
        Permit.valid_to >= _ON,
        PermitBalance.is_suspended == sa.false(),
        sa.or_(PermitBalance.revoked_on.is_(None), PermitBalance.revoked_on >= _ON),
    )
    .distinct()
)


def licences(session: Session, holder: int, substance: int, on: date) -> frozenset[PermitKind]:
    """The kinds of the holder's documents for a substance that are in force on a day."""
    values = {"holder": holder, "substance": substance, "on": on}
    return frozenset(map(PermitKind, session.connection().scalars(_LICENCES, values)))


_MORE: Final = sa.bindparam("more", type_=BaseUnits())
_TIMES: Final = sa.bindparam("times", type_=sa.BigInteger())
_DRAW: Final = (
    sa.update(table_of(PermitBalance))
    .where(
        PermitBalance.enterprise_id == sa.bindparam("holder"),
        PermitBalance.permit_id == sa.bindparam("permit"),
        PermitBalance.drawn + _MORE <= PermitBalance.approved,
        PermitBalance.draws + _TIMES <= PermitBalance.allowed_draws,
        sa.or_(
            PermitBalance.revoked_on.is_(None),
            PermitBalance.revoked_on >= sa.bindparam("latest", type_=LegalDay()),
        ),
        PermitBalance.is_suspended == sa.false(),
    )
    .values(drawn=PermitBalance.drawn + _MORE, draws=PermitBalance.draws + _TIMES)
)


def draw(session: Session, commands: Sequence[DrawPermit], actor: audit.Actor, now: datetime) -> None:
    """Draw on documents (核减), all or nothing; the contended rows are touched last.

    Raises ``RuleViolated`` when a draw is on a day the document does not cover, of another substance, more than
    is left, or a second one on a single-use document.
    """
    if not commands:
        return
    by_permit: dict[PermitKey, list[DrawPermit]] = defaultdict(list)
    for command in commands:
        by_permit[command.permit].append(command)
    _check(session, by_permit)
    rows = (
        {
            "enterprise_id": command.permit.holder,
            "permit_id": command.permit.id,
            "movement_id": command.movement,
            "version": command.version,
            "mover_id": command.mover,
            "quantity": command.quantity,
            "day": command.day,
            "recorded_on": command.recorded_on,
        }
        for command in commands
    )
    audit.write(session, Draw, rows, action="permit.draw", actor=actor, now=now)
    for key, draws in sorted(by_permit.items()):
        values = {
            "holder": key.holder,
            "permit": key.id,
            "more": sum(d.quantity for d in draws),
            "times": len(draws),
            "latest": max(d.day for d in draws),
        }
        if changed(session, _DRAW, values) != 1:  # another process drew, or revoked, since we looked
            _check(session, {key: draws})
            raise Refused("证件刚刚有变动，请重试 / the document changed at this moment: try again")


def _check(session: Session, by_permit: dict[PermitKey, list[DrawPermit]]) -> None:
    for key, state in states(session, by_permit).items():
        drawn, count = state.drawn, state.draws
        for command in sorted(by_permit[key], key=lambda c: c.day):
            now_state = replace(state, drawn=drawn, draws=count)
            if broken := check_draw(
                now_state, substance=command.substance, quantity=command.quantity, on=command.day
            ):
                raise RuleViolated(broken)
            drawn, count = drawn + command.quantity, count + 1


def give_back(
    session: Session,
    mover: int,
    movement: int,
    version: int,
    *,
    recorded_on: date,
    actor: audit.Actor,
    now: datetime,
) -> None:
    """A version of a movement was reversed: what it drew goes back, and a single-use document opens again."""
    drawn = sa.select(Draw.enterprise_id, Draw.permit_id, Draw.quantity).where(
        Draw.mover_id == mover, Draw.movement_id == movement, Draw.version == version
    )
    for holder, permit, quantity in sorted(session.execute(drawn)):
        returned = {
            "enterprise_id": holder,
            "permit_id": permit,
            "movement_id": movement,
            "version": version,
            "recorded_on": recorded_on,
        }
        audit.write(session, DrawReturn, [returned], action="permit.give_back", actor=actor, now=now)
        changed(
            session,
            sa.update(PermitBalance)
            .where(PermitBalance.enterprise_id == holder, PermitBalance.permit_id == permit)
            .values(drawn=PermitBalance.drawn - quantity, draws=PermitBalance.draws - 1),
        )


def standing_draws(as_of: date | None = None) -> sa.Select:
    """Draws that stand: recorded by ``as_of`` and not given back by then; without a day, as of now."""
    returned = sa.select(DrawReturn.movement_id).where(
        DrawReturn.enterprise_id == Draw.enterprise_id,
        DrawReturn.permit_id == Draw.permit_id,
        DrawReturn.movement_id == Draw.movement_id,
        DrawReturn.version == Draw.version,
    )
    query = sa.select(Draw)
    if as_of is not None:
        query, returned = query.where(Draw.recorded_on <= as_of), returned.where(DrawReturn.recorded_on <= as_of)
    return query.where(~returned.exists())


def revoke(session: Session, commands: Sequence[RecordOfPermit], actor: audit.Actor, now: datetime) -> None:
    """Revoke documents (吊销): the day is the last on which they are good.

    Raises ``Refused`` when a document is revoked already, or was drawn on after that day.
    """
    rows = []
    for command in commands:
        key = command.permit
        later = standing_draws().where(
            Draw.enterprise_id == key.holder, Draw.permit_id == key.id, Draw.day > command.day
        )
        done = changed(
            session,
            sa.update(PermitBalance)
            .where(
                PermitBalance.enterprise_id == key.holder,
                PermitBalance.permit_id == key.id,
                PermitBalance.revoked_on.is_(None),
            )
            .values(revoked_on=command.day),
        )
        if done != 1:
            raise Refused("证件不存在或已吊销 / no such document, or it is revoked already")
        if session.scalar(sa.select(later.exists())):
            raise Refused("该日之后已有核减 / the document was drawn on after that day: reverse that first")
        rows.append(_row(command) | {"reason": command.reason})
    audit.write(session, Revocation, rows, action="permit.revoke", actor=actor, now=now)


def verify(session: Session, commands: Sequence[RecordOfPermit], actor: audit.Actor, now: datetime) -> None:
    """Record that the responsible county looked into documents (核查), whatever it found."""
    rows = (_row(command) | {"result": command.result} for command in commands)
    audit.write(session, Verification, rows, action="permit.verify", actor=actor, now=now)


def verify_once(session: Session, command: RecordOfPermit, actor: audit.Actor, now: datetime) -> None:
    """Record one verification. Refused when the document has one already."""
    if session.get(Verification, (command.permit.holder, command.permit.id)):
        raise Refused("证件已核查 / the document is verified already")
    verify(session, [command], actor, now)


def suspend(session: Session, permit: PermitKey, state: str, reason: str, actor: audit.Actor, now: datetime) -> None:
    """Suspend a document (``suspended``) or reinstate it (``reinstated``). Refused when it is so already."""
    is_suspended = state == "suspended"
    done = changed(
        session,
        sa.update(PermitBalance)
        .where(
            PermitBalance.enterprise_id == permit.holder,
            PermitBalance.permit_id == permit.id,
            PermitBalance.is_suspended != is_suspended,
            PermitBalance.revoked_on.is_(None),
        )
        .values(is_suspended=is_suspended),
    )
    if done != 1:
        raise Refused("证件已是此状态或已吊销 / the document is so already, or it is revoked")
    before = sa.select(sa.func.count()).where(
        Suspension.enterprise_id == permit.holder, Suspension.permit_id == permit.id
    )
    row = {
        "enterprise_id": permit.holder,
        "permit_id": permit.id,
        "number": (session.scalar(before) or 0) + 1,
        "state": state,
        "day": legal_day(now),
        "reason": reason,
        "recorded_on": legal_day(now),
    }
    audit.write(session, Suspension, [row], action=f"permit.{state}", actor=actor, now=now)


def _row(command: RecordOfPermit) -> audit.Row:
    return {
        "enterprise_id": command.permit.holder,
        "permit_id": command.permit.id,
        "day": command.day,
        "recorded_on": command.recorded_on,
    }
