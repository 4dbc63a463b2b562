"""Before goods are sold or carried: who may buy, how they may pay, what the document must say.

Look here for: individuals, cash, the buyer's document, the carrier's check (DEFINITIONS D10).
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from precursor.rules import law
from precursor.rules.law import Violation, Words
from precursor.rules.permits import PermitState, check_draw

#: Categories that an individual may not buy.
BANNED_FOR_INDIVIDUALS: Final = frozenset({1, 2})
#: The category that an individual may pay for in cash.
CASH_FOR_INDIVIDUALS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A sale that somebody wants to make. ``buyer`` is None for an individual; quantities in base units."""

    category: int
    substance: int
    quantity: int
    on: date
    seller: int
    buyer: int | None
    cash: bool
    permit: PermitState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """A load that somebody wants to carry."""

    substance: int
    quantity: int
    on: date
    permit: PermitState | None


_MISSING: Final = Violation("PERMIT_MISSING", Words("没有证件", "there is no document"), law.REG_14)
#: The carrier's check has one name for goods that do not match the document.
_CARRIER: Final = {
    rule: Violation("CARRIER_MISMATCH", Words("货物与证件不符", "the goods do not match the document"), law.REG_24)
    for rule in ("WRONG_SUBSTANCE", "PERMIT_OVERDRAW")
}


def check_sale(sale: Sale) -> list[Violation]:
    """Every rule that the sale would break; the first is the one that decides."""
    individual = sale.buyer is None
    found = []
    if individual and sale.category in BANNED_FOR_INDIVIDUALS:
        found.append(
            Violation(
                "INDIVIDUAL_BANNED",
                Words("个人不得购买第一、二类易制毒化学品", "an individual may not buy category 1 or 2"),
                law.REG_16,
            )
        )
    if sale.cash and not (individual and sale.category == CASH_FOR_INDIVIDUALS):
        found.append(Violation("CASH_BANNED", Words("禁止现金或实物交易", "cash and barter are banned"), law.REG_5))
    if sale.permit is None:
        return [*found, _MISSING]
    if sale.permit.holder != sale.buyer:
        found.append(
            Violation("WRONG_HOLDER", Words("证件不是买方的", "the document is not the buyer's"), law.REG_18)
        )
    if sale.permit.seller not in (None, sale.seller):
        found.append(
            Violation("WRONG_SELLER", Words("证件写明的是别的卖方", "the document names another seller"), law.M87_31)
        )
    return found + check_draw(sale.permit, substance=sale.substance, quantity=sale.quantity, on=sale.on)


def check_carriage(load: Carriage) -> list[Violation]:
    """Every rule that carrying the load would break; the first is the one that decides."""
    if load.permit is None:
        return [_MISSING]
    found = check_draw(load.permit, substance=load.substance, quantity=load.quantity, on=load.on)
    return [_CARRIER.get(violation.rule, violation) for violation in found]
