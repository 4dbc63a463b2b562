"""Documents: kinds, uses, and when a draw (核减) on one is good.

Look here for: single or multiple use, validity period, what a draw must match, when a document is closed.
What each kind needs to be issued stands in ``matrix``.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from precursor.rules import law
from precursor.rules.law import Violation, Words


class PermitKind(StrEnum):
    """What the document is."""

    PURCHASE_PERMIT = "purchase_permit"
    PURCHASE_FILING = "purchase_filing"
    TRANSPORT_PERMIT = "transport_permit"
    TRANSPORT_FILING = "transport_filing"
    PURCHASE_USE_CERTIFICATE = "purchase_use_certificate"
    PRODUCTION_PERMIT = "production_permit"
    OPERATING_PERMIT = "operating_permit"
    PRODUCTION_FILING = "production_filing"
    OPERATING_FILING = "operating_filing"
    TRANSFER_FILING = "transfer_filing"
    IMPORT_EXPORT_LICENCE = "import_export_licence"
    NARCOTIC_TRANSPORT_CERTIFICATE = "narcotic_transport_certificate"
    MAIL_CERTIFICATE = "mail_certificate"
    SEAL_CARD = "seal_card"


K = PermitKind

#: What each is called.
CALLED: Final = {
    K.PURCHASE_PERMIT: Words("购买许可证", "purchase permit"),
    K.PURCHASE_FILING: Words("购买备案证明", "purchase filing"),
    K.TRANSPORT_PERMIT: Words("运输许可证", "transport permit"),
    K.TRANSPORT_FILING: Words("运输备案证明", "transport filing"),
    K.PURCHASE_USE_CERTIFICATE: Words("购用证明", "certificate of use"),
    K.PRODUCTION_PERMIT: Words("生产许可证", "production permit"),
    K.OPERATING_PERMIT: Words("经营许可证", "operating permit"),
    K.PRODUCTION_FILING: Words("生产备案证明", "production filing"),
    K.OPERATING_FILING: Words("经营备案证明", "operating filing"),
    K.TRANSFER_FILING: Words("转让备案证明", "transfer filing"),
    K.IMPORT_EXPORT_LICENCE: Words("进出口许可证", "import or export licence"),
    K.NARCOTIC_TRANSPORT_CERTIFICATE: Words("麻精药品运输证明", "narcotic transport certificate"),
    K.MAIL_CERTIFICATE: Words("准予邮寄证明", "mail certificate"),
    K.SEAL_CARD: Words("印鉴卡", "seal card"),
}


#: What a certificate of each kind says that it is for: a permit allows, a filing is proof that something was filed.
STATES: Final = {
    K.PURCHASE_PERMIT: Words("准予下列单位按所载品种、数量和期限购买", "the purchase stated below is permitted"),
    K.PURCHASE_FILING: Words("下列单位的购买已经备案", "the purchase stated below is filed"),
    K.TRANSPORT_PERMIT: Words("准予按所载品种、数量、路线和期限运输", "the transport stated below is permitted"),
    K.TRANSPORT_FILING: Words("下列运输已经备案", "the transport stated below is filed"),
    K.PURCHASE_USE_CERTIFICATE: Words("准予下列单位按所载品种、数量和期限购用", "the use stated below is permitted"),
    K.PRODUCTION_PERMIT: Words("准予下列单位生产所载品种", "production as stated below is permitted"),
    K.OPERATING_PERMIT: Words("准予下列单位经营所载品种", "trade as stated below is permitted"),
    K.PRODUCTION_FILING: Words("下列单位的生产已经备案", "production as stated below is filed"),
    K.OPERATING_FILING: Words("下列单位的经营已经备案", "trade as stated below is filed"),
    K.TRANSFER_FILING: Words("下列转让已经备案", "the transfer stated below is filed"),
    K.IMPORT_EXPORT_LICENCE: Words(
        "准予按所载品种、数量和期限进口或者出口", "import or export as stated is permitted"
    ),
    K.NARCOTIC_TRANSPORT_CERTIFICATE: Words("准予按所载品种和期限运输", "the transport stated below is permitted"),
    K.MAIL_CERTIFICATE: Words("准予邮寄所载药品", "the mailing stated below is permitted"),
    K.SEAL_CARD: Words("准予下列单位购用所载药品", "the purchase of the drugs stated below is permitted"),
}


class Uses(StrEnum):
    """How often one document may be drawn on."""

    SINGLE = "single"  # 一次有效
    MULTIPLE = "multi"  # 多次有效


class Result(StrEnum):
    """What a verification (核查) of a document found."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNUSED = "unused"


#: What the schema of a bundle can hold (BUNDLE.md).
BUNDLE_KINDS: Final = (
    K.PURCHASE_PERMIT,
    K.PURCHASE_FILING,
    K.TRANSPORT_PERMIT,
    K.TRANSPORT_FILING,
    K.PURCHASE_USE_CERTIFICATE,
)
PURCHASE: Final = (K.PURCHASE_PERMIT, K.PURCHASE_FILING, K.PURCHASE_USE_CERTIFICATE, K.TRANSFER_FILING)
TRANSPORT: Final = (K.TRANSPORT_PERMIT, K.TRANSPORT_FILING, K.NARCOTIC_TRANSPORT_CERTIFICATE, K.MAIL_CERTIFICATE)
LICENCES: Final = (K.PRODUCTION_PERMIT, K.OPERATING_PERMIT, K.PRODUCTION_FILING, K.OPERATING_FILING, K.SEAL_CARD)
TRADE: Final = (K.IMPORT_EXPORT_LICENCE,)
#: The police's purchase and transport documents, which K2 counts. The drug administration follows up its own.
POLICE_VERIFIED: Final = frozenset({K.PURCHASE_PERMIT, K.PURCHASE_FILING, K.TRANSPORT_PERMIT, K.TRANSPORT_FILING})


WRONG_SUBSTANCE: Final = "WRONG_SUBSTANCE"
PERMIT_OVERDRAW: Final = "PERMIT_OVERDRAW"


@dataclass(frozen=True, slots=True)
class PermitState:
    """What the rules need to know about a document on the day of a draw; quantities in base units.

    ``substance`` None: it covers a whole class; ``quantity`` None: it bears no amount.
    """

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
    kind: str = ""
    covers: str | None = None


def is_revoked(revoked_on: date | None, today: date) -> bool:
    """Whether a document is revoked now: from its day on, whatever the hour.

    ``check_draw`` asks something else: a movement of that very day may have been before the revocation.
    """
    return revoked_on is not None and revoked_on <= today


def check_draw(state: PermitState, *, substance: int, quantity: int, on: date) -> list[Violation]:
    """Every rule that drawing ``quantity`` of ``substance`` on the day ``on`` would break; the weightiest first.

    The day of revocation is the document's last good day. The order is that of DEFINITIONS D10.
    """
    used_up = state.quantity is not None and state.drawn >= state.quantity
    broken = {
        WRONG_SUBSTANCE: state.substance is not None and substance != state.substance,
        "PERMIT_NOT_YET_VALID": on < state.valid_from,
        "PERMIT_EXPIRED": on > state.valid_to,
        "PERMIT_REVOKED": state.revoked_on is not None and state.revoked_on < on,
        "PERMIT_USED_UP": used_up or (state.uses is Uses.SINGLE and state.draws > 0),
        PERMIT_OVERDRAW: state.quantity is not None and state.drawn + quantity > state.quantity,
        "PERMIT_SUSPENDED": state.suspended,
    }
    return [
        law.broken(rule, from_=state.valid_from, to=state.valid_to, revoked=state.revoked_on)
        for rule, is_broken in broken.items()
        if is_broken
    ]
