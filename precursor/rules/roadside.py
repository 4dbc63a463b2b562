"""What a scan on the road gives away when it is laid beside the document and beside other scans of it.

Look here for: which comparison opens a case, and the figures in it. Everything is decided by the scans themselves,
never by the order in which they arrive: two phones, any order of their uploads, the same cases. The figures are our
own proposal (自定): no instrument gives them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from precursor.rules.law import Words

#: Kilometres an hour that no lorry with goods keeps up between two places.
FASTEST: Final = 130
#: Kilometres within which two places are one: what satellites and hands are out by.
ONE_PLACE: Final = 5
#: Two scans further apart in time than this are not compared.
COMPARED: Final = timedelta(days=7)
#: For so long a scan speaks for the check that follows it at the same stop.
ONE_STOP: Final = timedelta(hours=2)
#: By how much a phone's clock may be ahead, or an entry before the one that it follows.
AHEAD: Final = timedelta(minutes=5)
#: So many cases of one kind about one document tell no more than the first few: no more are opened.
ENOUGH: Final = 50
#: Days in which a case is to be closed.
DAYS_TO_CLOSE: Final = 7
_EARTH: Final = 6371.0  # km


class CaseKind(StrEnum):
    """Why a scan is to be looked at again."""

    PLATE_MISMATCH = "plate_mismatch"
    OFF_ROUTE = "off_route"
    AFTER_WRITE_OFF = "after_write_off"
    MORE_TRIPS = "more_trips"
    TRIP_GIVEN_UP = "trip_given_up"
    REJUDGED = "rejudged"
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BACK = "clock_back"
    OTHER_TOKEN = "other_token"  # noqa: S105 - no password
    OTHER_PLATE = "other_plate"
    TOO_FAST = "too_fast"
    LOG_FORK = "log_fork"
    OVER_LIMIT = "over_limit"
    NO_DOCUMENT = "no_document"
    RELEASED = "released"
    LABEL_UNKNOWN = "label_unknown"
    LABEL_GONE = "label_gone"
    LABEL_MISMATCH = "label_mismatch"


CASES: Final = {
    CaseKind.PLATE_MISMATCH: Words("车牌与证件不符", "the plate is none of the document's"),
    CaseKind.OFF_ROUTE: Words("不在证载路线上", "off the route of the document"),
    CaseKind.AFTER_WRITE_OFF: Words("已收货核销后仍在途", "on the road after its goods were received"),
    CaseKind.MORE_TRIPS: Words("车次超过证件允许", "more trips than the document allows"),
    CaseKind.TRIP_GIVEN_UP: Words("已取消的车次在路上", "on the road with a journey that was given up"),
    CaseKind.REJUDGED: Words("后台结论与现场不同", "judged otherwise afterwards than on the spot"),
    CaseKind.CLOCK_AHEAD: Words("手机时钟走快", "the phone's clock is ahead"),
    CaseKind.CLOCK_BACK: Words("记录时间早于前一条或登记", "an entry earlier than the one before, or than the phone"),
    CaseKind.OTHER_TOKEN: Words("同一编号出现另一个码", "one number, two different codes"),
    CaseKind.OTHER_PLATE: Words("同一个码出现在两块车牌上", "one code on two plates"),
    CaseKind.TOO_FAST: Words("两次扫码相隔太远", "two scans too far apart for the time between"),
    CaseKind.OVER_LIMIT: Words("实载超过证载或余量", "more on board than the document states or has left"),
    CaseKind.NO_DOCUMENT: Words("运输没有证件", "goods on the road without a document"),
    CaseKind.RELEASED: Words("放行了不该放行的", "released though its code is not good"),
    CaseKind.LOG_FORK: Words("手机日志同一序号有两条", "one number of a phone's log, two entries"),
    CaseKind.LABEL_UNKNOWN: Words("标签不是登记系统印的", "a label that was never printed here"),
    CaseKind.LABEL_GONE: Words("账上已无此批次，容器仍在", "a container of a batch that is gone by the books"),
    CaseKind.LABEL_MISMATCH: Words("容器数量与标签、账面不符", "the container is not as label and books say"),
}


class Presence(StrEnum):
    """What the books say of the container that a label is on."""

    HERE = "here"  # some of its batch is in a store
    GONE = "gone"  # all of it has left, and nobody booked it in
    UNKNOWN = "unknown"  # no such label


PRESENCES: Final = {
    Presence.HERE: Words("在账", "in the books"),
    Presence.GONE: Words("账上已无", "gone by the books"),
    Presence.UNKNOWN: Words("查无标签", "no such label"),
}
#: The case that the scan of a label opens by itself.
PRESENCE_MEANS: Final = {Presence.GONE: CaseKind.LABEL_GONE, Presence.UNKNOWN: CaseKind.LABEL_UNKNOWN}


class Finding(StrEnum):
    """What the phone itself adds to a verdict, by what it compares (ui.md section 5a)."""

    OVER_QTY = "OVER_QTY"
    WRONG_PLATE = "WRONG_PLATE"
    CLONE = "CLONE"
    CLOCK = "CLOCK"
    SEAL_BROKEN = "SEAL_BROKEN"
    WRONG_ROUTE = "WRONG_ROUTE"
    WRONG_DOC = "WRONG_DOC"
    NO_PERMIT = "NO_PERMIT"
    TRIP_USED = "TRIP_USED"


FINDINGS: Final = {
    Finding.OVER_QTY: Words("实载超过证载或余量", "more on board than the document has, or has left"),
    Finding.WRONG_PLATE: Words("车牌不是证载车牌", "the plate is none of the document's"),
    Finding.CLONE: Words(
        "同一编号曾以另一个码或另一块车牌出现", "the same number was seen with another code or plate"
    ),
    Finding.CLOCK: Words("手机时钟慢于已见名单", "the phone's clock is behind a list that it has seen"),
    Finding.SEAL_BROKEN: Words("铅封不符", "the seals are not as stated"),
    Finding.WRONG_ROUTE: Words("路线不符", "not on the route"),
    Finding.WRONG_DOC: Words("货物与证件不符", "the goods are not those of the document"),
    Finding.NO_PERMIT: Words("没有证件", "no document"),
    Finding.TRIP_USED: Words("此车次已到货，随车单不能再用", "this journey has arrived: its slip is used up"),
}

#: The case that a finding is by itself.
FINDING_MEANS: Final = {Finding.OVER_QTY: CaseKind.OVER_LIMIT, Finding.NO_PERMIT: CaseKind.NO_DOCUMENT}

#: Where a document stands that is looked up by its number.
STATES: Final = {
    "in force": Words("有效", "in force"),
    "revoked": Words("已吊销", "revoked"),
    "suspended": Words("已暂停", "suspended"),
    "expired": Words("已过期", "expired"),
    "not yet": Words("未生效", "not yet in force"),
}

#: What is compared at the roadside.
ITEMS: Final = {
    "plate": Words("车牌与证件", "plate"),
    "seal": Words("铅封号", "seals"),
    "people": Words("驾驶员、押运员证件", "papers of driver and escort"),
    "route": Words("路线", "route"),
    "goods": Words("货物、标签、包装", "goods, labels, packing"),
}
#: The finding that a fault of it means.
FAULT_MEANS: Final = {
    "plate": Finding.WRONG_PLATE,
    "seal": Finding.SEAL_BROKEN,
    "route": Finding.WRONG_ROUTE,
    "goods": Finding.WRONG_DOC,
}


class Place(NamedTuple):
    """Degrees north and east."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """One scan of a document whose signature is good, or the check that followed it (not ``is_scan``).

    A check without a scan before it counts as one: else it would be seen by no rule.
    ``name`` tells scans apart (phone and number); ``token`` is the digest of the code and ``index`` its place on the
    lists; ``plate`` is what the officer saw, ``plates`` and ``route`` what the code says (areas by six digits, or by
    their own number); ``uses`` 0 is without limit; ``received`` is the day on which the other side had the goods, of
    a trip slip the day on which its journey was over, and ``is_given_up`` that it was to be none.
    """

    name: tuple[str, int]
    at: datetime
    day: date
    token: str
    index: tuple[int, int]
    is_scan: bool = True
    plate: str | None = None
    plates: tuple[str, ...] = ()
    route: tuple[str, ...] = ()
    area: str | None = None
    place: Place | None = None
    uses: int = 0
    trip: int | None = None
    received: date | None = None
    is_given_up: bool = False

    @property
    def order(self) -> tuple[datetime, tuple[str, int]]:
        """By which the earlier of two is told, wherever they arrive first."""
        return self.at, self.name


def bare(plate: str) -> str:
    """A plate as it is compared: without marks between its parts, in capital letters."""
    return "".join(letter for letter in plate.upper() if letter.isalnum())


def alone(one: Sighting) -> Iterator[CaseKind]:
    """What one scan, or one check, gives away by itself; a check repeats its scan, which has spoken for itself."""
    if one.plate and one.plates and bare(one.plate) not in map(bare, one.plates):
        yield CaseKind.PLATE_MISMATCH
    if one.area and one.route and one.area not in one.route:
        yield CaseKind.OFF_ROUTE
    if not one.is_scan:
        return
    if one.is_given_up:
        yield CaseKind.TRIP_GIVEN_UP
    is_for_once = one.uses == 1 or one.trip is not None
    if one.received is not None and is_for_once and one.day > one.received:
        yield CaseKind.AFTER_WRITE_OFF
    if one.trip is not None and one.uses and one.trip > one.uses:
        yield CaseKind.MORE_TRIPS


def together(one: Sighting, other: Sighting) -> Iterator[CaseKind]:
    """What two scans of one place on the lists give away together, whichever is named first."""
    if one.index != other.index or one.name == other.name or abs(one.at - other.at) > COMPARED:
        return
    if one.plate and other.plate and bare(one.plate) != bare(other.plate):
        yield CaseKind.OTHER_PLATE
    if not (one.is_scan and other.is_scan):
        return
    if one.token != other.token:
        yield CaseKind.OTHER_TOKEN
    if one.place and other.place and is_too_fast(one.place, one.at, other.place, other.at):
        yield CaseKind.TOO_FAST


def tells(kind: CaseKind, one: Sighting, other: Sighting) -> tuple[str, ...]:
    """By what two scans open this case and no other: the days, and the two plates or codes.

    A hundred checks of one lorry with two plates on a day are one case, whichever two of them arrive first.
    """
    days = sorted({str(one.day), str(other.day)})
    if kind is CaseKind.OTHER_PLATE:
        return (*days, *sorted(bare(each.plate or "") for each in (one, other)))
    if kind is CaseKind.OTHER_TOKEN:
        return (*days, *sorted(each.token for each in (one, other)))
    return tuple(days)


def is_too_fast(one: Place, at: datetime, other: Place, then: datetime) -> bool:
    """Whether nothing on wheels gets from one place to the other in the time between."""
    far = distance(one, other)
    return far > ONE_PLACE and far > FASTEST * (abs(at - then) / timedelta(hours=1))


def distance(one: Place, other: Place) -> float:
    """Kilometres on the great circle."""
    a, b = math.radians(one.latitude), math.radians(other.latitude)
    across = math.radians(other.longitude - one.longitude)
    chord = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(across / 2) ** 2
    return 2 * _EARTH * math.asin(min(1.0, math.sqrt(chord)))
