"""What somebody says at the door: a movement that he wants to make, or that was made."""

from dataclasses import dataclass
from datetime import date

from precursor.movements.service import MovementKey
from precursor.permits.service import PermitKey
from precursor.rules.movements import MovementType


@dataclass(frozen=True, slots=True)
class Fact:
    """It has happened: why it is recorded late or against a rule, and who reported it."""

    reason: str
    reported_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter:
    """A movement that somebody wants to make, or that was made; quantity in base units.

    ``other``: the other side's movement, recorded already; ``other_site``: where it will be recorded.
    """

    site: int
    type: MovementType
    substance: int
    quantity: int
    day: date
    outside_id: str | None = None
    batch: str | None = None
    usage_record: str | None = None
    incident: int | None = None
    shipment: int | None = None
    other: MovementKey | None = None
    other_site: int | None = None
    external: int | None = None
    permit: PermitKey | None = None
    external_permit: str | None = None
    transport: PermitKey | None = None
    drawn_on: date | None = None
    exempt: str | None = None
    cosignature: int | None = None
    small_quantity: bool = False
    by_mail: bool = False
    agent: bool = False
    individual: bool = False
    cash: bool = False
    handler: str | None = None
    mandate: str | None = None
    particulars: str | None = None
