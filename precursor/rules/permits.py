"""Documents: kinds, uses, and when a draw (核减) on one is good.

Look here for: single or multiple use, validity period, what a draw must match, when a document is closed.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from precursor.rules import law
from precursor.rules.law import Violation, Words


class PermitKind(StrEnum):
    """What the document is."""

    PURCHASE_PERMIT = "purchase_permit"  # 购买许可证
    PURCHASE_FILING = "purchase_filing"  # 购买备案证明
    TRANSPORT_PERMIT = "transport_permit"  # 运输许可证
    TRANSPORT_FILING = "transport_filing"  # 运输备案证明
    PURCHASE_USE_CERTIFICATE = "purchase_use_certificate"  # 药品类易制毒化学品购用证明
    PRODUCTION_PERMIT = "production_permit"
    OPERATING_PERMIT = "operating_permit"
    PRODUCTION_FILING = "production_filing"
    OPERATING_FILING = "operating_filing"
    TRANSFER_FILING = "transfer_filing"
    IMPORT_EXPORT_LICENCE = "import_export_licence"
    NARCOTIC_TRANSPORT_CERTIFICATE = "narcotic_transport_certificate"
    MAIL_CERTIFICATE = "mail_certificate"
    SEAL_CARD = "seal_card"


class Uses(StrEnum):
    """How often one document may be drawn on."""

    SINGLE = "single"  # 一次有效
    MULTIPLE = "multi"  # 多次有效


class Result(StrEnum):
    """What a verification (核查) of a document found."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNUSED = "unused"


PURCHASE: Final = frozenset(
    {PermitKind.PURCHASE_PERMIT, PermitKind.PURCHASE_FILING, PermitKind.PURCHASE_USE_CERTIFICATE}
)
TRANSPORT: Final = frozenset({PermitKind.TRANSPORT_PERMIT, PermitKind.TRANSPORT_FILING})
#: The police verify these; the drug administration's certificates of use are followed up elsewhere.
POLICE_VERIFIED: Final = frozenset(PermitKind) - {PermitKind.PURCHASE_USE_CERTIFICATE}


@dataclass(frozen=True, slots=True)
class PermitState:
    """What the rules need to know about a document on the day of a draw; quantities in base units."""

    holder: int
    seller: int | None
    substance: int | None
    quantity: int | None
    valid_from: date
    valid_to: date
    uses: Uses
    revoked_on: date | None
    drawn: int
    draws: int
    suspended: bool = False


_RULES: Final = {
    "WRONG_SUBSTANCE": (Words("证件不是这个品种的", "the document is for another substance"), law.M87_31),
    "PERMIT_NOT_YET_VALID": (Words("证件自 {from_} 起有效", "the document is valid from {from_}"), law.REG_18),
    "PERMIT_EXPIRED": (Words("证件已于 {to} 到期", "the document expired on {to}"), law.REG_18),
    "PERMIT_REVOKED": (Words("证件已于 {revoked} 吊销", "the document was revoked on {revoked}"), law.REG_18),
    "PERMIT_USED_UP": (Words("证件已用完", "the document is used up"), law.M87_9),
    "PERMIT_OVERDRAW": (Words("超过证件余量", "more than is left on the document"), law.M87_31),
}


def check_draw(state: PermitState, *, substance: int, quantity: int, on: date) -> list[Violation]:
    """Every rule that drawing ``quantity`` of ``substance`` on the day ``on`` would break; the weightiest first.

    The day of revocation is the document's last good day.
    """
    broken = {
        "WRONG_SUBSTANCE": state.substance is not None and substance != state.substance,
        "PERMIT_NOT_YET_VALID": on < state.valid_from,
        "PERMIT_EXPIRED": on > state.valid_to,
        "PERMIT_REVOKED": state.revoked_on is not None and state.revoked_on < on,
        "PERMIT_USED_UP": (state.quantity is not None and state.drawn >= state.quantity)
        or (state.uses is Uses.SINGLE and state.draws > 0),
        "PERMIT_OVERDRAW": state.quantity is not None and state.drawn + quantity > state.quantity,
    }
    return [_violation(rule, state) for rule, is_broken in broken.items() if is_broken]


def _violation(rule: str, state: PermitState) -> Violation:
    words, source = _RULES[rule]
    return Violation(rule, words.format(from_=state.valid_from, to=state.valid_to, revoked=state.revoked_on), source)
