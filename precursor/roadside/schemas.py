"""What a phone sends: how it enrols, and the entries of its log."""

from typing import Final

from precursor.api.common import ref, words
from precursor.core.members import Amount, Each, Moment, Nested, Record, Text, Whole, Word, record_of
from precursor.core.quantity import UNITS
from precursor.rules.inspection_form import FOUND, RESULTS
from precursor.rules.inspection_form import ITEMS as VISIT_ITEMS
from precursor.rules.law import Words
from precursor.rules.roadside import ITEMS, Finding, Presence
from precursor.signing.verdicts import Verdict, Warn

#: Characters of an entry: a visit with some hundred counts.
LONGEST: Final = 100_000
_HEX: str = r"[0-9a-f]{64}"
_PERSON: str = r"[A-Za-z0-9-]{1,40}"


class EnrolForm(Record):
    """A phone to be enrolled: the secret of the code, the public half of its key, and that it has the other."""

    secret = Text(longest=32, pattern=r"[0-9a-f]{32}")
    key = Text(longest=64, pattern=_HEX)
    proof = Text(longest=128, pattern=r"[0-9a-f]{128}")
    name = words(optional=True)


class SignedEntry(Record):
    """An entry as the phone signed it: JSON as text, and the signature over its UTF-8 bytes."""

    said = Text(longest=LONGEST)
    signature = Text(longest=128, pattern=r"[0-9a-f]{128}")


class Greeting(Record):
    """Who asks, and when. ``hello`` signs the moment, so that nobody else asks for this phone."""

    device = ref()
    at = Moment()
    hello = Text(longest=128, pattern=r"[0-9a-f]{128}")


class LogForm(Greeting):
    """A part of a phone's log, in order."""

    entries = Nested(SignedEntry, many=True)


class PlaceForm(Record):
    """Where the phone was, in millionths of a degree, and by how many metres it may be out."""

    latitude = Whole(-90_000_000, 90_000_000)
    longitude = Whole(-180_000_000, 180_000_000)
    accuracy = Whole(0, 1_000_000, optional=True)


class ScanForm(Record):
    """What was read and what the phone said of it. ``text`` is absent where there was no code to read."""

    text = Text(longest=2_700, optional=True)
    number = Text(longest=64, optional=True, note="of a document looked up or typed, without a code")
    verdict = Word(*Verdict, "NONE")
    warnings = Each(Word(*Warn), optional=True)
    findings = Each(Word(*Finding), optional=True)
    trust = Whole(0, 2**53 - 1, optional=True, note="sequence of the trust list")
    as_of = Whole(0, 2**53 - 1, optional=True, note="seconds: of the status list")


def _items(name: str, about: str, items: dict[str, Words]) -> type[Record]:
    return record_of(name, about, {item: Word(*FOUND, optional=True, note=said.en) for item, said in items.items()})


CheckItems = _items("CheckItems", "What was compared at the roadside.", ITEMS)
VisitItems = _items("VisitItems", "What was looked at in an enterprise.", VISIT_ITEMS)


class CheckForm(Record):
    """A road check as the officer filled it in at the roadside."""

    county = ref()
    plate = Text(longest=20)
    where = words()
    items = Nested(CheckItems)
    quantity = Amount(optional=True)
    unit = Word(*UNITS, optional=True)
    result = Word("pass", "fault")
    officers = Each(Text(longest=40, pattern=_PERSON))
    note = words(optional=True)
    photos = Each(Text(longest=64, pattern=_HEX), optional=True)


class LineForm(Record):
    """What lies in a store of the enterprise, as the officers counted it."""

    site = ref()
    substance = ref()
    counted = Amount()
    unit = Word(*UNITS)


class VisitForm(Record):
    """A visit to an enterprise as the officers filled it in there."""

    enterprise = ref()
    items = Nested(VisitItems)
    result = Word(*RESULTS)
    counts = Nested(LineForm, many=True, optional=True)
    officers = Each(Text(longest=40, pattern=_PERSON))
    note = words(optional=True)
    photos = Each(Text(longest=64, pattern=_HEX), optional=True)


class StoreForm(Record):
    """A label that was scanned in a store: what the phone said of it, and what the officer found."""

    text = Text(longest=64, pattern=r"PCL1#[0-9]{1,40}")
    shown = Word(*Presence)
    result = Word("seen", "match", "mismatch")


class HandoverForm(Record):
    """The end of a shift: how many entries since the last one, and how many of them were not sent yet."""

    count = Whole(0, 2**31 - 1)
    waiting = Whole(0, 2**31 - 1)
    cases = Whole(0, 2**31 - 1)


class EntryForm(Record):
    """One entry of a phone's log. ``prev`` is the digest of the entry before; the first has none."""

    v = Whole(1, 1)
    device = ref()
    seq = Whole(1, 2**31 - 1)
    prev = Text(longest=64, pattern=_HEX, optional=True)
    at = Moment()
    kind = Word("scan", "check", "visit", "store", "handover")
    place = Nested(PlaceForm, optional=True)
    scan = Nested(ScanForm, optional=True)
    check = Nested(CheckForm, optional=True)
    visit = Nested(VisitForm, optional=True)
    store = Nested(StoreForm, optional=True)
    handover = Nested(HandoverForm, optional=True)
