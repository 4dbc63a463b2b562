"""Cases: opened by what scans give away, alone and beside one another; closed by somebody who was not there.

Which cases there are depends on the scans alone, and not on the order in which phones bring them home.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from precursor import audit
from precursor.accounts.models import User
from precursor.api.collection import Values
from precursor.areas.models import Area
from precursor.core.clock import legal_day
from precursor.core.db import take_ids
from precursor.core.errors import NotFound, Refused
from precursor.movements.models import Movement
from precursor.movements.service import stands
from precursor.permits.models import Permit, PermitBalance
from precursor.roadside import service
from precursor.roadside.models import CaseEnd, Device, DeviceEntry, RoadCase
from precursor.rules import roadside as rules
from precursor.rules.permits import is_revoked
from precursor.rules.roadside import CaseKind, Place, Presence, Sighting
from precursor.signing import claims as c
from precursor.signing.verdicts import Verdict
from precursor.tokens import trips
from precursor.tokens.models import Ending

Claims = dict[int, Any]
_CANNOT_JUDGE: Final = frozenset(
    {
        Verdict.TRUST_INVALID,
        Verdict.TRUST_EXPIRED,
        Verdict.STATUS_MISSING,
        Verdict.STATUS_INVALID,
        Verdict.STATUS_EXPIRED,
    }
)
#: What a phone shows that knows no better; here, where every key is known, the same words are a judgement.
_KNEW_NO_BETTER: Final = _CANNOT_JUDGE | {"NONE", Verdict.UNKNOWN_KEY, Verdict.MALFORMED}
#: What becomes true of a document after it was on the road, so that it tells nothing of the scan.
_MAY_BE_LATER: Final = frozenset({Verdict.USED_UP, Verdict.SUSPENDED})
#: Verdicts with which nobody lets a lorry go on, whatever a phone showed.
_NEVER_RELEASED: Final = frozenset(
    {Verdict.FORGED, Verdict.REVOKED, Verdict.KEY_COMPROMISED, Verdict.OUT_OF_SCOPE, Verdict.UNISSUED}
)


def compare(
    session: Session, row: DeviceEntry, entry: Values, said: Claims | None, user: User, now: datetime
) -> None:
    """Open every case that this entry gives away, by itself and with each other scan of its document."""
    if entry["at"] > now + rules.AHEAD:
        begin(session, CaseKind.CLOCK_AHEAD, name_of(row), row, None, user, now)
    if _differs(session, row, said):
        begin(session, CaseKind.REJUDGED, name_of(row), row, None, user, now)
    for kind in _of_check(session, row, entry, said):
        begin(session, kind, name_of(row), row, None, user, now)
    if store := entry.get("store"):
        _compare_label(session, row, store["result"], user, now)
    if said is not None:
        _compare_document(session, row, said, user, now)


def _of_check(session: Session, row: DeviceEntry, entry: Values, said: Claims | None) -> Iterator[CaseKind]:
    """What the form of a check gives away: what its phone found, and who was let go on."""
    if (check := entry.get("check")) is None:
        return
    found = set(entry.get("scan", {}).get("findings", []))
    yield from (kind for code, kind in rules.FINDING_MEANS.items() if code in found)
    is_warned = row.shown != Verdict.GENUINE  # what was shown as good is judged again by itself
    if check["result"] == "pass" and is_warned and row.verdict in _NEVER_RELEASED and _was_so(session, row, said):
        yield CaseKind.RELEASED


def _compare_document(session: Session, row: DeviceEntry, said: Claims, user: User, now: datetime) -> None:
    """Open what the scan of a good code gives away, by itself and with each other scan of its document."""
    if c.TRIP in said[c.PERMIT]:
        trips.seen(session, said[c.SUB], row.at, service.actor_of(user), now)
    mine = _sighting(session, row, said)
    for kind in rules.alone(mine):
        begin(session, kind, name_of(row), row, None, user, now)
    of_it = (DeviceEntry.list_number == row.list_number, DeviceEntry.list_index == row.list_index)
    found: dict[tuple[CaseKind, str], list[tuple[Sighting, int]]] = {}
    for theirs, number in _others(session, row, *of_it):
        for kind in rules.together(mine, theirs):
            found.setdefault((kind, "|".join(rules.tells(kind, mine, theirs))), []).append((theirs, number))
    place = f"{row.list_number}/{row.list_index}"
    for (kind, more), those in found.items():
        theirs, number = min(those, key=lambda one: one[0].order)
        other = session.get_one(DeviceEntry, number)
        first, second = (row, other) if mine.order < theirs.order else (other, row)
        begin(session, kind, f"{place}|{more}", first, second, user, now)


def _others(session: Session, row: DeviceEntry, *of_it: sa.ColumnElement[bool]) -> Iterable[tuple[Sighting, int]]:
    """What two scans are compared by, of every other scan near in time, in one query; and the number of each."""
    query = (
        sa.select(
            DeviceEntry.id,
            DeviceEntry.seq,
            DeviceEntry.at,
            DeviceEntry.token,
            DeviceEntry.plate,
            DeviceEntry.latitude,
            DeviceEntry.longitude,
            DeviceEntry.repeats,
            DeviceEntry.list_number,
            DeviceEntry.list_index,
            Device.outside_id,
        )
        .join(Device, Device.id == DeviceEntry.device_id)
        .where(
            *of_it,
            DeviceEntry.id != row.id,
            DeviceEntry.at.between(row.at - rules.COMPARED, row.at + rules.COMPARED),
        )
        .order_by(DeviceEntry.id)
    )
    for one in session.execute(query):
        yield _seen(one, one.outside_id), one.id


def _compare_label(session: Session, row: DeviceEntry, result: str, user: User, now: datetime) -> None:
    """Open what the scan of a label gives away; one container in two places at once is a copied sticker."""
    if result == "mismatch":
        begin(session, CaseKind.LABEL_MISMATCH, name_of(row), row, None, user, now)
    if row.repeats is not None:  # what follows was said of the scan itself
        return
    if kind := rules.PRESENCE_MEANS.get(Presence(row.verdict or "")):
        begin(session, kind, name_of(row), row, None, user, now)
    mine = _seen(row, "")
    same = (DeviceEntry.kind == "store", DeviceEntry.token == row.token, DeviceEntry.repeats.is_(None))
    far: dict[str, list[tuple[Sighting, int]]] = {}
    for theirs, number in _others(session, row, *same):
        if mine.place and theirs.place and rules.is_too_fast(mine.place, mine.at, theirs.place, theirs.at):
            days = "|".join(rules.tells(CaseKind.TOO_FAST, mine, theirs))
            far.setdefault(days, []).append((theirs, number))
    for days, those in far.items():
        other = session.get_one(DeviceEntry, min(those, key=lambda one: one[0].order)[1])
        first, second = sorted((row, other), key=lambda one: (one.at, one.device_id, one.seq))
        begin(session, CaseKind.TOO_FAST, f"{row.token}|{days}", first, second, user, now)


def name_of(row: DeviceEntry) -> str:
    """An entry in the key of a case."""
    return f"{row.device_id}/{row.seq}"


def _place(row: Any) -> Place | None:
    if row.latitude is None or row.longitude is None:
        return None
    return Place(row.latitude / 1e6, row.longitude / 1e6)


def _differs(session: Session, row: DeviceEntry, said: Claims | None) -> bool:
    """Whether what was shown is not what is known here to have held then."""
    if row.kind not in ("scan", "check") or row.repeats is not None or row.verdict in (None, row.shown):
        return False
    if row.shown in _KNEW_NO_BETTER or row.verdict in _CANNOT_JUDGE | _MAY_BE_LATER:
        return False
    return _was_so(session, row, said)


def _was_so(session: Session, row: DeviceEntry, said: Claims | None) -> bool:
    """Whether what is known here held at the scan: a document may have been revoked since."""
    if row.verdict == Verdict.REVOKED and said is not None:
        return _was_revoked(session, said, row.at)
    return True


def is_one_stop(scan: DeviceEntry, place: Values) -> bool:
    """Whether an entry was made where a scan was, as far as both say where that was."""
    there = _place(scan)
    if there is None or not place:
        return True
    here = Place(place["latitude"] / 1e6, place["longitude"] / 1e6)
    return rules.distance(there, here) <= rules.ONE_PLACE


def _was_revoked(session: Session, said: Claims, at: datetime) -> bool:
    """Whether a document was revoked by then, by the day; of a trip slip, the document that it is of."""
    query = (
        sa.select(PermitBalance.revoked_on)
        .join(
            Permit,
            sa.and_(Permit.enterprise_id == PermitBalance.enterprise_id, Permit.id == PermitBalance.permit_id),
        )
        .where(Permit.outside_id == said[c.PERMIT].get(c.PARENT, said[c.SUB]))
    )
    return is_revoked(session.scalar(query), legal_day(at))


def _seen(row: Any, device: str) -> Sighting:
    """An entry, or its columns, as far as two are compared."""
    return Sighting(
        name=(device, row.seq),
        at=row.at,
        day=legal_day(row.at),
        token=row.token or "",
        index=(row.list_number or 0, row.list_index or 0),
        is_scan=row.repeats is None,
        plate=row.plate,
        place=_place(row),
    )


def _sighting(session: Session, row: DeviceEntry, said: Claims) -> Sighting:
    """An entry as the rules see it, with what its code says."""
    permit = said[c.PERMIT]
    device = session.scalars(sa.select(Device.outside_id).where(Device.id == row.device_id)).one()
    area = session.get_one(Area, row.area_id)
    is_slip = c.TRIP in permit
    return replace(
        _seen(row, device),
        plates=tuple(permit.get(c.PLATES, ())),
        route=tuple(str(stop)[:6] if isinstance(stop, int) else stop for stop in permit.get(c.ROUTE, ())),
        area=(area.code[:6] if area.code else area.outside_id) if row.kind == "check" else None,
        uses=permit[c.USES],
        trip=trips.number_of_use(session, permit[c.PARENT], permit[c.TRIP]) if is_slip else None,
        received=_received(session, said),
        is_given_up=is_slip and trips.ended(session, said[c.SUB], Ending.GIVEN_UP) is not None,
    )


def _received(session: Session, said: Claims) -> date | None:
    """The day on which a journey arrived, or the other side booked in what a document covers; None before that."""
    if c.TRIP in said[c.PERMIT]:
        end = trips.ended(session, said[c.SUB], Ending.ARRIVED)
        return end.day if end else None
    theirs = aliased(Movement)
    query: sa.Select[Any] = (
        sa.select(sa.func.max(theirs.day))
        .select_from(Movement)
        .join(
            Permit,
            sa.and_(Permit.enterprise_id == Movement.transport_holder_id, Permit.id == Movement.transport_permit_id),
        )
        .join(theirs, sa.and_(theirs.other_enterprise_id == Movement.enterprise_id, theirs.other_id == Movement.id))
        .where(Permit.outside_id == said[c.SUB], stands(Movement), stands(theirs))
    )
    found: date | None = session.scalar(query)
    return found


def begin(
    session: Session,
    kind: CaseKind,
    of: str,
    first: DeviceEntry,
    second: DeviceEntry | None,
    user: User,
    now: datetime,
) -> None:
    """Open a case, unless it is open or was closed already: its key is the kind and what it is of.

    Of two scans of one document or label, and of single scans of one phone, no more than ``rules.ENOUGH`` cases of a
    kind are opened on a day.
    """
    key = f"{kind}|{of}"
    if session.scalar(sa.select(RoadCase.id).where(RoadCase.key == key)) is not None:
        return
    number, today = take_ids(session, 1)[0], legal_day(now)
    whose = f"{of.partition('|')[0]}|" if second is not None else f"{of.partition('/')[0]}/"
    alike = sa.select(sa.func.count()).where(
        RoadCase.key.startswith(f"{kind}|{whose}", autoescape=True), RoadCase.opened_on == today
    )
    if session.scalars(alike).one() >= rules.ENOUGH:
        return
    row = {
        "id": number,
        "outside_id": f"RC-{number}",
        "key": key,
        "kind": kind.value,
        "first_id": first.id,
        "second_id": second.id if second else None,
        "area_id": (second or first).area_id,
        "document": first.document,
        "opened_on": today,
        "due_on": today + timedelta(rules.DAYS_TO_CLOSE),
    }
    audit.write(session, RoadCase, [row], action="road_case.open", actor=service.actor_of(user), now=now)


def _beside(session: Session, case: RoadCase) -> set[str]:
    """Who stood beside the officer of the phone, by what was signed."""
    entries = session.scalars(
        sa.select(DeviceEntry.said).where(DeviceEntry.id.in_([case.first_id, case.second_id or case.first_id]))
    )
    forms = (said.get(kind) or {} for said in map(json.loads, entries) for kind in ("check", "visit"))
    return {
        str(code).upper()
        for form in forms
        if isinstance(form, dict) and isinstance(form.get("officers"), list)
        for code in form["officers"]
    }


def close(session: Session, outside_id: str, outcome: str, reason: str, actor: audit.Actor, now: datetime) -> None:
    """End a case. Refused for who was at the scan, and when it is closed already."""
    case = session.scalars(sa.select(RoadCase).where(RoadCase.outside_id == outside_id)).one_or_none()
    if case is None:
        raise NotFound(f"没有这个案件 / there is no case {outside_id}")
    if session.get(CaseEnd, case.id) is not None:
        raise Refused("案件已办结 / the case is closed already")
    people = (
        sa.select(User.person)
        .join(Device, Device.user_id == User.id)
        .join(DeviceEntry, DeviceEntry.device_id == Device.id)
        .where(DeviceEntry.id.in_([case.first_id, case.second_id or case.first_id]))
    )
    if actor.person.upper() in {person.upper() for person in session.scalars(people)} | _beside(session, case):
        raise Refused("扫码人本人不能办结 / who scanned does not close the case (C1)")
    row = {
        "case_id": case.id,
        "outcome": outcome,
        "reason": reason,
        "person": actor.person,
        "day": legal_day(now),
    }
    audit.write(session, CaseEnd, [row], action="road_case.close", actor=actor, now=now)
