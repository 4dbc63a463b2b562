"""What must fit together before anything is judged: the two sides of a movement, its documents, its exemption.

These are no rules that a fact may have broken: an entry that does not fit is not the movement it says it is.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor.core.errors import Refused
from precursor.movements.models import Movement
from precursor.movements.service import MovementKey, standing, stands
from precursor.permits.service import PermitKey
from precursor.rules.movements import TYPES, MovementType
from precursor.rules.permits import PURCHASE, TRANSPORT, PermitState
from precursor.rules.sale import Exemption

T = MovementType
_TRANSFERS: Final = frozenset({T.TRANSFER_IN, T.TRANSFER_OUT})
#: By type, the exemptions that may be claimed; of others none.
_EXEMPTIONS: Final = {
    T.SALE_OUT: frozenset(Exemption),
    T.PURCHASE_IN: frozenset({Exemption.SEAL_CARD}),
}


def check_exemption(kind: MovementType, exemption: str | None) -> None:
    """Refused for an exemption that the type of movement does not know."""
    if exemption is not None and exemption not in _EXEMPTIONS.get(kind, frozenset()):
        raise Refused("此类记录不适用该豁免 / this kind of movement knows no such exemption")


def check_sides(
    session: Session,
    kind: MovementType,
    own: int,
    *,
    other: MovementKey | None,
    other_site: int | None,
    external: int | None,
    there: int | None,
) -> None:
    """Refused when the other side (of enterprise ``there``) is not one that such a movement can have."""
    pairs_with = TYPES[kind].pairs_with
    if sum(side is not None for side in (other, other_site, external)) > 1:
        raise Refused("只能写明一个对方 / name one other side")
    if pairs_with is None and (there is not None or external is not None):
        raise Refused("此类记录没有对方 / this kind of movement has no other side")
    if kind in _TRANSFERS and (external is not None or there not in (None, own)):
        raise Refused("调拨只在本单位场所之间 / a transfer is between an enterprise's own sites: else it is a sale")
    if kind not in _TRANSFERS and there == own:
        raise Refused("对方不能是本单位 / the other side is the enterprise itself: that is a transfer")
    if other is not None and standing(session, other).type != pairs_with:
        raise Refused("对方记录的类型不对应 / the other side's movement is of a type that does not go with this one")


def check_documents(
    states: Mapping[PermitKey, PermitState],
    permit: PermitKey | None,
    transport: PermitKey | None,
    parties: Iterable[int | None],
) -> None:
    """Refused for a document of the wrong family, and for a transport document of somebody who is no party here."""
    if permit is not None and states[permit].kind not in PURCHASE:
        raise Refused("不是购买证件 / permit names a document that is none for a purchase")
    if transport is None:
        return
    if states[transport].kind not in TRANSPORT:
        raise Refused("不是运输证件 / transport_permit names a document that is none for transport")
    if states[transport].holder not in set(parties):
        raise Refused("运输证件不是双方的 / the transport document is neither side's")


def check_return(
    session: Session, own: int, substance: int, quantity: int, there: int | None, external: int | None
) -> None:
    """Refused when more would go back to somebody than stands as bought from him."""

    def total(*kinds: MovementType) -> int:
        side = Movement.other_enterprise_id == there if there is not None else Movement.external_id == external
        query = sa.select(sa.func.coalesce(sa.func.sum(Movement.quantity), 0)).where(
            Movement.enterprise_id == own,
            Movement.substance_id == substance,
            Movement.type.in_([kind.value for kind in kinds]),
            side,
            stands(Movement),
        )
        return int(session.scalar(query) or 0)

    if there is None and external is None:
        raise Refused("须写明退给谁 / name whom it goes back to")
    if total(T.RETURN_OUT) + quantity > total(T.PURCHASE_IN):
        raise Refused("超过从对方购入的数量 / more than stands as bought from them")
