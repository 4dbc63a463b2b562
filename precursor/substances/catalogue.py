"""The state's catalogues: 47 precursors in three categories, and 128 medicinal narcotic and psychotropic drugs.

Look here for: what a CAS number or a name means, and what about an entry nobody has confirmed. The lists are ours to
compare with the official annexes before they are relied on; until then every entry is shown as unconfirmed (未核对).
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final

from stdnum import casrn
from stdnum.exceptions import ValidationError

from precursor.core.errors import Fault, Faulty
from precursor.rules.substances import SubstanceClass

_DIR: Final = Path(__file__).parent / "catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a catalogue. ``is_class``: it stands for a whole class, so a CAS names only one of its members."""

    item: str
    cls: SubstanceClass
    name_zh: str
    name_en: str
    cas: str
    other_names: tuple[str, ...] = ()
    other_cas: tuple[str, ...] = ()  # printed in an earlier list, and wrong
    is_class: bool = False
    salts_controlled: bool = True
    effective_from: date | None = None
    mixture_threshold: str = "any"
    made_and_used: bool = True  # in China: only such a drug has lawful movements
    remark: str = ""
    doubt: str = ""


class Certainty(StrEnum):
    """How sure a match is."""

    CAS = "cas"
    NAME = "name"
    PERSON = "person"  # a person must decide


@dataclass(frozen=True, slots=True)
class Match:
    """What was found; entries are candidates when a person must decide."""

    certainty: Certainty
    entries: tuple[Entry, ...]


def _precursors() -> Iterator[Entry]:
    with (_DIR / "precursors.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Entry(
                item=row["item"] + row["member"],
                cls=SubstanceClass(row["class"]),
                name_zh=row["name_zh"],
                name_en=row["name_en"],
                cas=row["cas"],
                other_names=tuple(filter(None, row["abbreviation"].split("/"))),
                is_class=row["is_class"] == "1",
                salts_controlled=row["salts_controlled"] == "1",
                effective_from=date.fromisoformat(row["effective_from"]),
                mixture_threshold=row["mixture_threshold"],
                doubt=row["doubt"],
            )


def _drugs() -> Iterator[Entry]:
    with (_DIR / "drugs.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            printed = row["cas_printed_2013"]
            yield Entry(
                item=row["item"],
                cls=SubstanceClass(row["class"]),
                name_zh=row["name_zh"],
                name_en=row["name_en"],
                cas=row["cas"],
                other_cas=(printed,) if printed and printed != row["cas"] else (),
                made_and_used=row["made_and_used"] == "1",
                remark=row["remark"],
                doubt=row["doubt"],
            )


#: Every entry by its item.
ENTRIES: Final = {entry.item: entry for entry in (*_precursors(), *_drugs())}


def _plain(name: str) -> str:
    """A name without what typing varies: case, blanks, kinds of brackets and dashes. Nothing is ever translated."""
    return re.sub(r"[\s*]", "", name).translate(str.maketrans("()–—－", "()---")).casefold()


def _by_name() -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in ENTRIES.values():
        for name in {entry.name_zh, entry.name_en, *entry.other_names}:
            found.setdefault(_plain(name), []).append(entry)
    return found


_NAMES: Final = _by_name()
_CAS: Final = {cas: entry for entry in ENTRIES.values() for cas in (entry.cas, *entry.other_cas) if cas}


def check_cas(cas: str) -> str:
    """The number itself; Faulty when its form or check digit is wrong."""
    try:
        if casrn.validate(cas) == cas:
            return cas
    except ValidationError:
        pass
    raise Faulty([Fault("/cas", f"CAS 号校验不符 / {cas} is no CAS number: its check digit does not fit")])


def match(cas: str | None, name: str | None) -> Match:
    """What a row of somebody's list means: by CAS first, then by exact name, else a person must say.

    Faulty when CAS and name mean different entries (DECISIONS 12), or the CAS is none. A number that an earlier
    list misprinted is known, although its check digit is wrong.
    """
    by_cas = _CAS.get(cas) if cas else None
    if cas and by_cas is None:
        check_cas(cas)
    by_name = _NAMES.get(_plain(name), []) if name else []
    if by_cas and by_name and by_cas not in by_name:
        raise Faulty(
            [
                Fault(
                    "/name",
                    f"CAS 号与名称不是同一品种 / {cas} is {by_cas.name_zh}, not {by_name[0].name_zh}: which one?",
                )
            ]
        )
    if by_cas:
        return Match(Certainty.CAS, (by_cas,))
    if len(by_name) == 1 and not cas:
        return Match(Certainty.NAME, (by_name[0],))
    return Match(Certainty.PERSON, tuple(by_name))
