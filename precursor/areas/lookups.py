"""What a member of another room's form names: an area."""

import sqlalchemy as sa

from precursor.api import Call
from precursor.api.common import wanted
from precursor.areas.models import Area


def area_of(call: Call, id_: str, pointer: str) -> Area:
    """The area that a member names."""
    found: Area = wanted(
        call.session.scalars(sa.select(Area).where(Area.outside_id == id_)).one_or_none(), pointer, id_
    )
    return found
