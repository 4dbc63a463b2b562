"""Put substances on the register: as a bundle names them, or out of the state's catalogues."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from precursor import audit
from precursor.rules.substances import SCHEDULED
from precursor.substances.catalogue import Entry
from precursor.substances.models import Substance

#: What stands beside an entry without a doubt of its own: nobody has compared it with the official annex.
UNCONFIRMED: Final = "未核对 / not compared with the official annex"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSubstance:
    """A controlled substance and the unit it is counted in."""

    outside_id: str
    name_zh: str
    category: int
    kind: str
    unit: str
    schedule: str | None = None
    cas: str | None = None
    name_en: str | None = None
    dosage_form: str | None = None
    catalogue_item: str | None = None
    doubt: str | None = None


def add(session: Session, commands: Iterable[AddSubstance], actor: audit.Actor, now: datetime) -> list[int]:
    """Add substances; returns their numbers in the order given."""
    rows = map(audit.as_row, commands)
    return [row["id"] for row in audit.write(session, Substance, rows, action="substance.add", actor=actor, now=now)]


def from_catalogue(entry: Entry, *, outside_id: str, unit: str, dosage_form: str | None = None) -> AddSubstance:
    """An entry of a catalogue as a substance of the register; its doubts come with it."""
    return AddSubstance(
        outside_id=outside_id,
        name_zh=entry.name_zh if dosage_form is None else f"{entry.name_zh}({dosage_form})",
        category=entry.cls.category,
        kind="drug" if entry.cls.is_drug else "non_drug",
        unit=unit,
        schedule=entry.cls.value if entry.cls in SCHEDULED else None,
        cas=entry.cas or None,
        name_en=entry.name_en or None,
        dosage_form=dosage_form,
        catalogue_item=entry.item,
        doubt=entry.doubt or UNCONFIRMED,
    )
