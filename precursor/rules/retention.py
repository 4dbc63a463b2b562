"""How long records are kept (保存期限): the longest of the rules that apply.

Look here for: ledgers of precursors and drugs, prescriptions, courier and freight records.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from precursor.rules import law, spans
from precursor.rules.law import Law, Rule
from precursor.rules.substances import SubstanceClass

C = SubstanceClass


class Subject(StrEnum):
    """What a record is about."""

    LEDGER = "ledger"
    NARCOTIC_PRESCRIPTION = "narcotic_prescription"
    PSYCHOTROPIC_PRESCRIPTION = "psychotropic_prescription"
    MAIL = "mail"
    COURIER = "courier"
    FREIGHT = "freight"
    BROKER = "broker"
    EXPLOSIVE = "explosive"


#: rule: what it is about, the classes it is for (None: any), whether it counts from the product's expiry
_TABLE: Final[dict[str, tuple[Subject, frozenset[SubstanceClass] | None, bool]]] = {
    "RETAIN_PRECURSOR": (Subject.LEDGER, frozenset({C.CAT1_NON_DRUG, C.CAT1_DRUG, C.CAT2, C.CAT3}), False),
    "RETAIN_DRUG_TYPE": (Subject.LEDGER, frozenset({C.CAT1_DRUG}), True),
    "RETAIN_NARCOTIC": (Subject.LEDGER, frozenset({C.NARCOTIC, C.PSYCHOTROPIC_1}), True),
    "RETAIN_PSYCHOTROPIC_2": (Subject.LEDGER, frozenset({C.PSYCHOTROPIC_2}), True),
    "RETAIN_NARCOTIC_PRESCRIPTION": (Subject.NARCOTIC_PRESCRIPTION, None, False),
    "RETAIN_PSYCHOTROPIC_PRESCRIPTION": (Subject.PSYCHOTROPIC_PRESCRIPTION, None, False),
    "RETAIN_MAIL": (Subject.MAIL, None, False),
    "RETAIN_EXPLOSIVE": (Subject.EXPLOSIVE, None, False),
    "RETAIN_COURIER_ZJ": (Subject.COURIER, None, False),
    "RETAIN_COURIER_CQ": (Subject.COURIER, None, False),
    "RETAIN_LOGISTICS_SH": (Subject.COURIER, None, False),
    "RETAIN_FREIGHT_CQ": (Subject.FREIGHT, None, False),
    "RETAIN_BROKER": (Subject.BROKER, None, False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A record: what it is about, its day, and the expiry of the product it is about (None: not known)."""

    subject: Subject
    day: date
    cls: SubstanceClass | None = None
    expires_on: date | None = None


def applying(record: Kept, the_law: Law) -> Iterable[tuple[Rule, date]]:
    """Every rule that holds for a record, and the last day it asks for. Without an expiry the record's day counts."""
    for id_, (subject, classes, from_expiry) in _TABLE.items():
        if not the_law.has(id_) or record.subject is not subject:
            continue
        if classes is not None and record.cls not in classes:
            continue
        start = max(record.day, record.expires_on) if from_expiry and record.expires_on else record.day
        yield law.RULES[id_], spans.after(law.RULES[id_].value, start)


def keep_until(records: Iterable[Kept], the_law: Law) -> date | None:
    """The last day until which records are kept together: the longest that applies; None where no rule does."""
    return max((last for record in records for _, last in applying(record, the_law)), default=None)
