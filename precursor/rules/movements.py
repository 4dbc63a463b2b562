"""The types of movement: direction, and what proves each (DEFINITIONS, K4).

Look here for: which types pair with each other, what must lie behind an entry, which draw on documents.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from precursor.rules.law import Words


class MovementType(StrEnum):
    """What kind of entry into or out of a site it is; the ending is the direction."""

    PRODUCTION_IN = "production_in"
    PURCHASE_IN = "purchase_in"
    SALE_OUT = "sale_out"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    IMPORT_IN = "import_in"
    EXPORT_OUT = "export_out"
    USE_OUT = "use_out"
    LOSS_OUT = "loss_out"
    DISPOSAL_OUT = "disposal_out"
    RETURN_OUT = "return_out"
    RETURN_IN = "return_in"
    SAMPLE_OUT = "sample_out"

    @property
    def is_in(self) -> bool:
        """Whether it adds to the stock of its site."""
        return self.value.endswith("_in")


class Proof(StrEnum):
    """What a movement is written off against (核销)."""

    BATCH = "batch"
    USAGE = "usage_record"
    INCIDENT = "incident"
    DISPOSAL = "disposal"
    SHIPMENT = "shipment"
    TRADE = "trade"  # the other side, or an outside party's confirmation
    TRANSFER = "transfer"  # the other side
    RETURN = "return"  # the other side, or an outside party's confirmation; a return needs no document

    @property
    def member(self) -> str | None:
        """The member of the movement itself that names what proves it; None where another record does."""
        return self.value if self in (Proof.BATCH, Proof.USAGE, Proof.INCIDENT, Proof.SHIPMENT) else None


@dataclass(frozen=True, slots=True)
class TypeRule:
    """One row: what proves it, and the type of its other side."""

    proof: Proof
    pairs_with: MovementType | None = None

    @property
    def needs_permit(self) -> bool:
        """Whether goods change hands by it, which a purchase document must allow unless it is exempt."""
        return self.proof is Proof.TRADE

    @property
    def is_end(self) -> bool:
        """Whether goods end by it: used, lost or disposed of."""
        return self.proof in (Proof.USAGE, Proof.INCIDENT, Proof.DISPOSAL)


T = MovementType
TYPES: Final = {
    T.PRODUCTION_IN: TypeRule(Proof.BATCH),
    T.PURCHASE_IN: TypeRule(Proof.TRADE, T.SALE_OUT),
    T.SALE_OUT: TypeRule(Proof.TRADE, T.PURCHASE_IN),
    T.TRANSFER_IN: TypeRule(Proof.TRANSFER, T.TRANSFER_OUT),
    T.TRANSFER_OUT: TypeRule(Proof.TRANSFER, T.TRANSFER_IN),
    T.IMPORT_IN: TypeRule(Proof.SHIPMENT),
    T.EXPORT_OUT: TypeRule(Proof.SHIPMENT),
    T.USE_OUT: TypeRule(Proof.USAGE),
    T.LOSS_OUT: TypeRule(Proof.INCIDENT),
    T.DISPOSAL_OUT: TypeRule(Proof.DISPOSAL),
    T.RETURN_OUT: TypeRule(Proof.RETURN, T.RETURN_IN),
    T.RETURN_IN: TypeRule(Proof.RETURN, T.RETURN_OUT),
    T.SAMPLE_OUT: TypeRule(Proof.USAGE),
}
#: What each is called.
CALLED: Final = {
    T.PRODUCTION_IN: Words("生产入库", "produced"),
    T.PURCHASE_IN: Words("购入", "bought"),
    T.SALE_OUT: Words("销售出库", "sold"),
    T.TRANSFER_IN: Words("调入", "transferred in"),
    T.TRANSFER_OUT: Words("调出", "transferred out"),
    T.IMPORT_IN: Words("进口入库", "imported"),
    T.EXPORT_OUT: Words("出口", "exported"),
    T.USE_OUT: Words("领用", "used"),
    T.LOSS_OUT: Words("损失", "lost"),
    T.DISPOSAL_OUT: Words("销毁", "destroyed"),
    T.RETURN_OUT: Words("退货", "returned"),
    T.RETURN_IN: Words("退回入库", "returned in"),
    T.SAMPLE_OUT: Words("取样", "sampled"),
}
#: What the schema of a bundle can hold (BUNDLE.md).
BUNDLE_TYPES: Final = tuple(kind for kind in T if kind not in {T.RETURN_OUT, T.RETURN_IN, T.SAMPLE_OUT})
#: Trade and its kin: what a non-medicinal drug may never do. What is lost, seized or destroyed is recorded.
COMMERCIAL: Final = frozenset(T) - {T.LOSS_OUT, T.DISPOSAL_OUT}


#: Goods that were sent so lately may still be on the way. Our own proposal: no instrument gives the days, and the
#: figures do not ask: what is not booked in is not written off from the first day on (DEFINITIONS K4).
ON_THE_WAY: Final = timedelta(7)


def may_be_on_way(sent: date, today: date) -> bool:
    """Whether what nobody booked in may still be on the way on a day."""
    return today - sent <= ON_THE_WAY


def draws_purchase_document(kind: MovementType, *, from_outside: bool) -> bool:
    """Whether a movement that names a purchase document draws on it.

    Every sale does; a purchase only when it comes from outside this register: the buyer's entry of a sale
    inside it draws nothing, the seller's did.
    """
    return kind is T.SALE_OUT or (kind is T.PURCHASE_IN and from_outside)
