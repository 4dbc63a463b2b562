"""Before goods are sold or carried: who may buy and sell, how they may pay, what the document must say.

Look here for: individuals, cash, the buyer's document, the seller's licence, handler and mandate, exemptions,
the carrier's check (order of the first ones: DEFINITIONS D10).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from precursor.rules import law
from precursor.rules.law import Violation
from precursor.rules.permits import PERMIT_OVERDRAW, WRONG_SUBSTANCE, PermitKind, PermitState, check_draw
from precursor.rules.substances import SCHEDULED, SubstanceClass

C, K = SubstanceClass, PermitKind


class Exemption(StrEnum):
    """What may stand for the buyer's document, or do without one."""

    SEAL_CARD = "seal_card"  # 医疗机构印鉴卡
    OWN_USE = "own_use"  # 个人自用少量高锰酸钾
    NOT_REQUIRED = "not_required"  # 法律不要求购买证件


@dataclass(frozen=True, slots=True)
class Dealing:
    """One row of the table of who may deal: which document the buyer needs, and which one of the seller's."""

    buyer: frozenset[PermitKind]
    seller: frozenset[PermitKind]
    individual_may_buy: bool


_LICENSED: Final = frozenset({K.PRODUCTION_PERMIT, K.OPERATING_PERMIT})
_FILED: Final = frozenset({K.PRODUCTION_FILING, K.OPERATING_FILING})
_NOTHING: Final[frozenset[PermitKind]] = frozenset()
#: By class. A drug-type seller is a designated wholesaler instead of licensed (DRUG_CHANNEL); narcotic and
#: psychotropic drugs move by plan among licensed drug units: no document of ours for the purchase.
DEALINGS: Final = {
    C.CAT1_NON_DRUG: Dealing(frozenset({K.PURCHASE_PERMIT}), _LICENSED, individual_may_buy=False),
    C.CAT1_DRUG: Dealing(frozenset({K.PURCHASE_USE_CERTIFICATE}), _NOTHING, individual_may_buy=False),
    C.CAT2: Dealing(frozenset({K.PURCHASE_FILING, K.TRANSFER_FILING}), _FILED, individual_may_buy=False),
    C.CAT3: Dealing(frozenset({K.PURCHASE_FILING, K.TRANSFER_FILING}), _FILED, individual_may_buy=True),
    C.NARCOTIC: Dealing(_NOTHING, _NOTHING, individual_may_buy=False),
    C.PSYCHOTROPIC_1: Dealing(_NOTHING, _NOTHING, individual_may_buy=False),
    C.PSYCHOTROPIC_2: Dealing(_NOTHING, _NOTHING, individual_may_buy=True),
    C.NON_MEDICINAL: Dealing(_NOTHING, _NOTHING, individual_may_buy=False),
}
#: Kinds of enterprise that trade drug-type preparations.
DRUG_CHANNELS: Final = frozenset({"pharma_wholesaler", "drug_producer"})
_KG: Final = 10**6  # in mg
#: Classes that a hospital buys on its seal card.
SEAL_CARD_CLASSES: Final = frozenset({C.CAT1_DRUG, C.NARCOTIC, C.PSYCHOTROPIC_1})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A sale that somebody wants to make. ``buyer`` is None for an individual; quantities in base units.

    ``outside_number``: of the document of a buyer outside this register, who keeps it.
    """

    category: int
    substance: int
    quantity: int
    on: date
    seller: int
    buyer: int | None
    cash: bool
    permit: PermitState | None
    exemption: Exemption | None = None
    outside_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What else is known about a sale: classes, kinds of the two sides, papers that were looked at.

    ``seller_licences``: kinds of the seller's own documents for the substance that are in force that day.
    ``once``, ``in_year``: what the individual buys now, and this year with it, in mg.
    """

    cls: SubstanceClass
    seller_kind: str
    seller_licences: Collection[PermitKind]
    buyer_kind: str | None = None
    seal_card_until: date | None = None
    on: date
    cash: bool = False
    individual: bool = False
    handler: bool = False
    agent: bool = False
    mandate: bool = False
    exemption: Exemption | None = None
    permit_kind: PermitKind | None = None
    cas: str | None = None
    once: int = 0
    in_year: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """A load that somebody wants to carry."""

    substance: int
    quantity: int
    on: date
    permit: PermitState | None


#: The carrier's check has one name for goods that do not match the document.
_CARRIER: Final = frozenset({WRONG_SUBSTANCE, PERMIT_OVERDRAW})


def _missing() -> Violation:
    return law.broken("PERMIT_MISSING")


def check_sale(sale: Sale) -> list[Violation]:
    """Every rule that the sale would break; the first is the one that decides (DEFINITIONS D10)."""
    individual = sale.buyer is None
    found = []
    ban = law.RULES["INDIVIDUAL_BANNED"]
    if individual and sale.category in ban.value["categories"]:
        found.append(ban.broken())
    cash = law.RULES["CASH_BANNED"]
    if sale.cash and not (individual and sale.category == cash.value["individual_category"]):
        found.append(cash.broken())
    if sale.permit is None:
        return found if sale.exemption or sale.outside_number else [*found, _missing()]
    if sale.permit.holder != sale.buyer:
        found.append(law.broken("WRONG_HOLDER"))
    if sale.permit.seller not in (None, sale.seller):
        found.append(law.broken("WRONG_SELLER"))
    return found + check_draw(sale.permit, substance=sale.substance, quantity=sale.quantity, on=sale.on)


def check_terms(terms: Terms) -> list[Violation]:
    """Every rule besides the document that the sale would break."""
    dealing = DEALINGS[terms.cls]
    handler = law.RULES["HANDLER_UNCHECKED"]
    broken = {
        handler.id: terms.cls.category == handler.value["category"] and not terms.handler,
        "MANDATE_MISSING": terms.agent and not terms.mandate,
        "SELLER_NOT_LICENSED": bool(dealing.seller) and not dealing.seller & set(terms.seller_licences),
        "DRUG_CHANNEL": terms.cls is C.CAT1_DRUG and terms.seller_kind not in DRUG_CHANNELS,
        "DRUG_CASH_BANNED": terms.cash
        and terms.cls in SCHEDULED
        and not (terms.individual and dealing.individual_may_buy),
    }
    found = [law.broken(rule) for rule, is_broken in broken.items() if is_broken]
    if terms.permit_kind is not None and dealing.buyer and terms.permit_kind not in dealing.buyer:
        found.append(law.broken("DOCUMENT_KIND", kinds=", ".join(sorted(dealing.buyer))))
    return found + _exemption(terms, dealing)


def check_seal_card(cls: SubstanceClass, buyer_kind: str | None, until: date | None, on: date) -> list[Violation]:
    """Whether a seal card (印鉴卡) in force stands for the document: a hospital's, for the classes it is for."""
    holds = until is not None and on <= until and buyer_kind == "hospital" and cls in SEAL_CARD_CLASSES
    return [] if holds else [law.broken("SEAL_CARD_INVALID")]


def _exemption(terms: Terms, dealing: Dealing) -> list[Violation]:
    """Whether what is said to stand for the document does."""
    if terms.exemption is Exemption.SEAL_CARD or (
        terms.cls in (C.NARCOTIC, C.PSYCHOTROPIC_1) and terms.buyer_kind == "hospital"
    ):
        return check_seal_card(terms.cls, terms.buyer_kind, terms.seal_card_until, terms.on)
    if terms.exemption is Exemption.OWN_USE:
        own = law.RULES["OWN_USE_TOO_MUCH"]
        fits = terms.individual and terms.cas == own.value["cas"]
        within = terms.once <= own.value["once_kg"] * _KG and terms.in_year <= own.value["year_kg"] * _KG
        return [] if fits and within else [own.broken()]
    if terms.exemption is Exemption.NOT_REQUIRED and dealing.buyer:
        return [_missing()]
    return []


def check_carriage(load: Carriage) -> list[Violation]:
    """Every rule that carrying the load would break; the first is the one that decides."""
    if load.permit is None:
        return [_missing()]
    found = check_draw(load.permit, substance=load.substance, quantity=load.quantity, on=load.on)
    return [law.broken("CARRIER_MISMATCH") if v.rule in _CARRIER else v for v in found]


def check_listing(cls: SubstanceClass, *, unit_number: str | None) -> list[Violation]:
    """An online listing (网上销售信息): by a licensed unit that shows its number, and never for drugs."""
    broken: Mapping[str, bool] = {
        "ONLINE_BANNED": cls.is_drug,
        "ONLINE_NUMBER_MISSING": not unit_number,
    }
    return [law.broken(rule) for rule, is_broken in broken.items() if is_broken]
