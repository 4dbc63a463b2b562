"""What phones bring home: each entry taken once, judged again and recorded.

An entry is told from others by phone and number; sent again it gets the receipt that it got before. Nothing that was
shown on the spot is changed by what is known here: where the two differ, a case says so (``cases``). What was signed
is kept even where its form cannot be recorded: the receipt says why, and the log goes on.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from precursor import audit
from precursor.accounts.models import User
from precursor.api.collection import Values
from precursor.api.common import amount_of, wanted
from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.checkpoints import service as checkpoints
from precursor.checkpoints.service import RecordRoadCheck
from precursor.core.clock import legal_day
from precursor.core.db import take_ids
from precursor.core.errors import ClockOut, Fault, Faulty, Forbidden, Locked, NotFound, Refused, Stale
from precursor.core.members import schema_of
from precursor.core.strict import flatten, loads, repeated_names
from precursor.enterprises.models import Party, Site
from precursor.inspections import service as inspections
from precursor.inspections.service import Counted, RecordInspection
from precursor.movements import labels
from precursor.movements.models import Label
from precursor.roadside import cases, service
from precursor.roadside.models import Device, DeviceEntry, DeviceFork, RoadCase
from precursor.roadside.schemas import EntryForm
from precursor.rules import roadside as rules
from precursor.rules.roadside import CaseKind, Presence
from precursor.signing import claims as c
from precursor.signing.keys import holds, public
from precursor.signing.verify import Judgement
from precursor.substances.models import Substance
from precursor.tokens.models import StatusNumber

#: A phone's greeting is good for so long either way: long enough for a clock that is out.
GREETS: Final = timedelta(hours=12)
MOST: Final = 100  # entries at once
#: Among so many entries before it, the scan is looked for that a check says again.
_RECENT: Final = 200
#: The verdict on a text at an instant (seconds), by what is known here; None where no key lies here.
Judge = Callable[[str, int], Judgement | None]
_FORMS: Final = {
    "scan": ("scan",),
    "check": ("scan", "check"),
    "visit": ("visit",),
    "store": ("store",),
    "handover": ("handover",),
}
#: Members of an entry that may be wrong without its being no entry.
_PARTS: Final = ("scan", "check", "visit", "store", "handover", "place")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the phone is told of an entry: its number, what is thought of it here, what came of it."""

    seq: int
    received_at: datetime
    verdict: str | None
    record: str | None
    fault: str | None
    cases: list[tuple[str, str]] = field(default_factory=list)  # number and kind


def greeted(
    session: Session, outside_id: str, at: datetime, hello: str, wish: str, now: datetime
) -> tuple[Device, User]:
    """The phone that says so, and its officer.

    ``wish``: for what it asks, ``log`` or ``extract``; its greeting is good for that alone. Forbidden for another's
    key, ClockOut for a greeting of another time, Locked for a locked phone and an officer who may not any more.
    """
    device = session.scalars(sa.select(Device).where(Device.outside_id == outside_id).with_for_update()).one_or_none()
    if device is None:
        raise NotFound(f"没有这部手机 / there is no phone {outside_id[:40]}")
    said = f"hello {outside_id} {int(at.timestamp())} {wish}".encode()
    if not holds(public(bytes.fromhex(device.key)), bytes.fromhex(hello), said):
        raise Forbidden("签名不是这部手机的 / not signed by this phone")
    if device.locked_on is not None:
        raise Locked("手机已锁定 / this phone is locked")
    user = session.get_one(User, device.user_id)
    service.check_account(user)
    if user.area_id != device.area_id:
        raise Locked("持机人已调离，请重新登记 / its officer serves elsewhere now: enrol it anew")
    if abs(now - at) > GREETS:
        raise ClockOut(f"手机时钟相差太多，现在是 {now:%Y-%m-%dT%H:%M}Z / its clock is far out: it is {now:%H:%M}Z")
    return device, user


def take(
    session: Session, device: Device, user: User, signed: list[Values], judge: Judge, now: datetime
) -> list[Receipt]:
    """Take entries in their order. Faulty or Refused leaves none of them; Stale says where the log has got to."""
    # one upload after another: of two scans of one code, the later to arrive must see the earlier
    session.execute(sa.select(StatusNumber.number).order_by(StatusNumber.number).with_for_update())
    if len(signed) > MOST:
        raise Faulty([Fault("/entries", f"一次至多 {MOST} 条 / at most {MOST} entries at once")])
    log = _Log(device, _floor(session, device))
    return [_take(session, log, user, one, judge, now) for one in signed]


@dataclass
class _Log:
    """A phone's log as far as it is here; ``floor``: the earliest that its next entry can be."""

    device: Device
    floor: datetime


def _take(session: Session, log: _Log, user: User, signed: Values, judge: Judge, now: datetime) -> Receipt:
    device = log.device
    text: str = signed["said"]
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()
    if not holds(public(bytes.fromhex(device.key)), bytes.fromhex(signed["signature"]), data):
        raise Forbidden("签名不是这部手机的 / not signed by this phone")
    entry, fault = _read(data)
    before = session.scalars(
        sa.select(DeviceEntry).where(DeviceEntry.device_id == device.id, DeviceEntry.seq == entry["seq"])
    ).one_or_none()
    if before is not None and before.digest == digest:
        return _receipt(session, before)
    if before is not None:
        return _forked(session, before, signed | {"digest": digest}, user, now)
    if (
        entry["device"] != device.outside_id
        or entry["seq"] != device.next_seq
        or entry.get("prev", "") != device.head
    ):
        raise Stale(f"日志应接着第 {device.next_seq} 条 / the log goes on at {device.next_seq}")
    row = _row(session, log, user, entry, signed | {"digest": digest, "fault": fault}, judge, now)
    log.floor = max(log.floor, min(row.at, now))
    device.next_seq, device.head = entry["seq"] + 1, digest
    session.flush()
    return _receipt(session, row)


def _forked(session: Session, before: DeviceEntry, signed: Values, user: User, now: datetime) -> Receipt:
    """A second entry under a number: kept as it was signed, and its receipt says that nothing came of it."""
    values = {"id": take_ids(session, 1)[0], "device_id": before.device_id, "seq": before.seq} | {
        name: signed[name] for name in ("digest", "said", "signature")
    }
    kept = sa.select(DeviceFork.id).where(
        DeviceFork.device_id == before.device_id, DeviceFork.digest == values["digest"]
    )
    if session.scalar(kept) is None:
        audit.write(session, DeviceFork, [values], action="device.fork", actor=service.actor_of(user), now=now)
    cases.begin(session, CaseKind.LOG_FORK, cases.name_of(before), before, None, user, now)
    fault = "此序号已有另一条，仅留存 / this number has another entry: kept, and nothing came of it"
    return replace(_receipt(session, before), record=None, fault=fault)


def _read(data: bytes) -> tuple[Values, str | None]:
    """An entry, and what is wrong with its forms, which are left out then. Faulty when it is no entry at all."""
    document = loads(data, "entry")
    faults = list(repeated_names(document))
    try:
        entry: Values = schema_of(EntryForm).load(document)
        wanted = _FORMS[entry["kind"]]
        faults += [
            Fault(f"/{name}", "与种类不合 / does not go with the kind")
            for name in _PARTS[:-1]
            if (name in entry) != (name in wanted)
        ]
        scan = entry.get("scan", {})
        if "text" not in scan and scan.get("verdict", "NONE") != "NONE":
            faults.append(Fault("/scan/verdict", "没有码则为 NONE / without a code it is NONE"))
    except ValidationError as error:
        faults += flatten(error.messages)
    if not faults:
        return entry, None
    if any(fault.pointer.split("/")[1:2] not in ([part] for part in _PARTS) for fault in faults):
        raise Faulty(sorted(set(faults)))
    wrong = {fault.pointer.split("/")[1] for fault in faults}
    bare = {name: value for name, value in document.items() if name not in wrong}
    return schema_of(EntryForm).load(bare), "；".join(f"{f.pointer} {f.message}" for f in sorted(set(faults)))


# ------------------------------------------------------------------ one entry


def _row(
    session: Session, log: _Log, user: User, entry: Values, signed: Values, judge: Judge, now: datetime
) -> DeviceEntry:
    device, floor = log.device, log.floor
    at = min(entry["at"], now + timedelta(days=1))  # a clock can say anything
    if at < floor - rules.AHEAD:  # none precedes the one that it follows: who goes back in time goes back to that
        at = floor
    scan, check, place = entry.get("scan") or {}, entry.get("check") or {}, entry.get("place") or {}
    store = entry.get("store") or {}
    found: Judgement | None = judge(scan["text"], int(min(at, now).timestamp())) if scan.get("text") else None
    said = found.claims if found and found.claims else None
    area, record, fault = session.get_one(Area, device.area_id), None, signed["fault"]
    number, index = said[c.PERMIT][c.STATUS] if said else (None, None)
    document = str(said[c.SUB]) if said else scan.get("number")
    marked, label = labels.read(store["text"]) if store else None, None
    if marked is not None and (label := labels.found(session, marked)) is not None:
        document = label.outside_id
    try:
        area = _area(session, device, check.get("county"))
        record = _record(session, user, entry, area, document, legal_day(min(at, now)), now)
    except Faulty as error:
        fault = "；".join(f"{one.pointer} {one.message}" for one in error.faults)
    except (NotFound, Refused) as error:
        fault = str(error)
    values = {
        "id": take_ids(session, 1)[0],
        "device_id": device.id,
        "seq": entry["seq"],
        "digest": signed["digest"],
        "said": signed["said"],
        "signature": signed["signature"],
        "kind": entry["kind"],
        "at": at,
        "area_id": area.id,
        "shown": scan.get("verdict") or store.get("shown"),
        "verdict": found.verdict.value if found else _presence(session, label, at, now) if store else None,
        "token": found.token if said and found else store.get("text"),
        "document": document,
        "list_number": number,
        "list_index": index,
        "plate": check.get("plate"),
        "latitude": place.get("latitude"),
        "longitude": place.get("longitude"),
        "record": record,
        "fault": fault,
        "repeats": _repeated(session, device, entry, at, place),
    }
    audit.write(session, DeviceEntry, [values], action="device.log", actor=service.actor_of(user), now=now)
    row = session.get_one(DeviceEntry, values["id"])
    if entry["at"] < floor - rules.AHEAD:
        cases.begin(session, CaseKind.CLOCK_BACK, cases.name_of(row), row, None, user, now)
    cases.compare(session, row, entry, said, user, now)
    return row


def _floor(session: Session, device: Device) -> datetime:
    """The earliest that the next entry of a phone can be: the latest of all before it, or when it was enrolled.

    None of them is later than it came here, whatever the phone's clock said. The latest of all, not the last: else a
    log goes back by small steps.
    """
    came = sa.case((DeviceEntry.at < DeviceEntry.recorded_at, DeviceEntry.at), else_=DeviceEntry.recorded_at)
    latest = sa.select(sa.func.max(came)).where(DeviceEntry.device_id == device.id)
    return max(device.enrolled_at, session.scalar(latest) or device.enrolled_at)


def _repeated(session: Session, device: Device, entry: Values, at: datetime, place: Values) -> int | None:
    """The scan that a check, or what was found in a store, says again: the last of that code by this phone.

    One scan speaks for one check, of the same stop: soon after it, and not somewhere else.
    """
    kind, form = {"check": ("scan", "scan"), "store": ("store", "store")}.get(entry["kind"], ("", ""))
    text = (entry.get(form) or {}).get("text")
    if text is None or (kind == "store" and entry["store"]["result"] == "seen"):
        return None
    taken = sa.select(DeviceEntry.repeats).where(
        DeviceEntry.device_id == device.id,
        DeviceEntry.seq >= device.next_seq - _RECENT,
        DeviceEntry.repeats.is_not(None),
    )
    earlier = (
        sa.select(DeviceEntry)
        .where(
            DeviceEntry.device_id == device.id,
            DeviceEntry.seq >= device.next_seq - _RECENT,
            DeviceEntry.seq.not_in(taken),
            DeviceEntry.at >= at - rules.ONE_STOP,
            DeviceEntry.kind == kind,
            DeviceEntry.repeats.is_(None),
            DeviceEntry.fault.is_(None),
            DeviceEntry.said.contains(json.dumps(text), autoescape=True),
        )
        .order_by(DeviceEntry.seq.desc())
        .limit(1)
    )
    found = session.scalars(earlier).one_or_none()
    if found is None or not cases.is_one_stop(found, place):
        return None
    return found.seq


def _presence(session: Session, label: Label | None, at: datetime, now: datetime) -> str:
    """What the books say, as they stand now, of the container of a label on the day of its scan."""
    if label is None:
        return Presence.UNKNOWN.value
    there = labels.whereabouts(session, [label], legal_day(min(at, now)))[label.id]
    return (Presence.HERE if there.is_anywhere else Presence.GONE).value


def _area(session: Session, device: Device, named: str | None) -> Area:
    if named is None:
        return session.get_one(Area, device.area_id)
    area = areas.by_outside_id(session, named)
    if area.id not in areas.within(session, device.area_id):
        raise Faulty([Fault("/check/county", "不在本机关辖区 / lies outside the officer's area")])
    return area


def _record(
    session: Session, user: User, entry: Values, area: Area, document: str | None, day: date, now: datetime
) -> str | None:
    """The road check or the visit that the entry is, in its own room."""
    if "check" in entry:
        return _road_check(session, user, entry, area, document, day, now)
    if "visit" in entry:
        return _visit(session, user, entry["visit"], day, now)
    return None


def _road_check(
    session: Session, user: User, entry: Values, area: Area, document: str | None, day: date, now: datetime
) -> str:
    check = entry["check"]
    amount = f"{check['quantity']} {check['unit']}" if "quantity" in check and "unit" in check else None
    command = RecordRoadCheck(
        area_id=area.id,
        day=day,
        recorded_on=legal_day(now),
        place=check["where"],
        plate=check["plate"],
        result=check["result"],
        officers=json.dumps(_officers(check, user)),
        document=document,
        verdict=entry.get("scan", {}).get("verdict"),
        findings=json.dumps(check["items"], ensure_ascii=False, sort_keys=True),
        differences=json.dumps(entry.get("scan", {}).get("findings", [])),
        measured=amount,
        note=check.get("note"),
    )
    return f"road-checks/{checkpoints.record(session, [command], service.actor_of(user), now)[0]}"


def _visit(session: Session, user: User, visit: Values, day: date, now: datetime) -> str:
    firm = session.scalars(
        sa.select(Party).where(
            Party.outside_id == visit["enterprise"],
            Party.is_external == sa.false(),
            Party.area_id.in_(areas.subtree(user.area_id or 0)),
        )
    ).one_or_none()
    if firm is None:
        raise Faulty([Fault("/visit/enterprise", "找不到这家企业 / there is no such enterprise")])
    found, officers = _counted(session, firm, visit.get("counts", [])), _officers(visit, user)
    command = RecordInspection(
        outside_id=f"V-{take_ids(session, 1)[0]}",
        enterprise_id=firm.id,
        day=day,
        recorded_on=legal_day(now),
        mode="onsite",
        inspectors=len(officers),
        officers=json.dumps(officers),
        result=visit["result"],
        findings=json.dumps(visit["items"], ensure_ascii=False),
        note=visit.get("note"),
    )
    inspections.visit(session, command, found, service.actor_of(user), now)
    return f"inspections/{command.outside_id}"


def _counted(session: Session, firm: Party, lines: list[Values]) -> list[Counted]:
    """What was counted in the stores of an enterprise; Faulty where one is not its own, or goods are not known."""
    found = []
    for number, line in enumerate(lines):
        pointer = f"/visit/counts/{number}"
        sites = sa.select(Site).where(Site.outside_id == line["site"], Site.enterprise_id == firm.id)
        site = wanted(session.scalars(sites).one_or_none(), f"{pointer}/site", line["site"])
        goods = sa.select(Substance).where(Substance.outside_id == line["substance"])
        substance = wanted(session.scalars(goods).one_or_none(), f"{pointer}/substance", line["substance"])
        try:
            amount = amount_of(line, substance.unit, "counted")
        except Faulty as error:
            raise Faulty([Fault(pointer + one.pointer, one.message) for one in error.faults]) from None
        found.append(Counted(site=site, substance=substance, amount=amount, pointer=pointer))
    return found


def _officers(form: Values, user: User) -> list[str]:
    """All who were there, the officer of the phone among them."""
    return sorted({user.person.upper(), *(code.upper() for code in form["officers"])})


def _receipt(session: Session, row: DeviceEntry) -> Receipt:
    opened = sa.select(RoadCase.outside_id, RoadCase.kind).where(
        sa.or_(RoadCase.first_id == row.id, RoadCase.second_id == row.id)
    )
    return Receipt(
        row.seq,
        row.recorded_at,
        row.verdict,
        row.record,
        row.fault,
        [(row.outside_id, row.kind) for row in session.execute(opened.order_by(RoadCase.id))],
    )
