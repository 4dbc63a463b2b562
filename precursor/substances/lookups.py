"""What a member of another room's form names: a substance."""

import sqlalchemy as sa

from precursor.api import Call
from precursor.api.common import wanted
from precursor.substances.models import Substance


def substance_of(call: Call, id_: str, pointer: str = "/substance") -> Substance:
    """The substance that a member names."""
    query = sa.select(Substance).where(Substance.outside_id == id_)
    found: Substance = wanted(call.session.scalars(query).one_or_none(), pointer, id_)
    return found
