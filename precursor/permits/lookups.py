"""What a member of another room's form names: a document."""

import sqlalchemy as sa

from precursor.api import Call
from precursor.api.common import wanted
from precursor.permits.models import (
    Permit,
)
from precursor.permits.service import PermitKey


def document_of(call: Call, id_: str, pointer: str) -> PermitKey:
    """The document that a movement names: one in which the caller's enterprise is a party."""
    own = call.scope.enterprise_id
    query = sa.select(Permit.enterprise_id, Permit.id).where(
        Permit.outside_id == id_,
        sa.or_(
            Permit.enterprise_id == own,
            Permit.seller_id == own,
            Permit.consignee_id == own,
            Permit.carrier_id == own,
            sa.and_(Permit.seller_id.is_(None), Permit.consignee_id.is_(None)),  # it names nobody: whoever sees it
        ),
    )
    return PermitKey(*wanted(call.session.execute(query).one_or_none(), pointer, id_))
