"""What a member of another room's form names: an enterprise, a partner, a site, an area of the caller's own."""

import sqlalchemy as sa

from precursor.api import Call
from precursor.api.common import wanted
from precursor.areas import service as areas
from precursor.areas.lookups import area_of
from precursor.areas.models import Area
from precursor.core.access import Reach
from precursor.enterprises.models import Party, Site
from precursor.enterprises.scoping import visible


def enterprise_of(call: Call, id_: str, pointer: str = "/enterprise", *, is_trade: bool = False) -> Party:
    """The enterprise that a member names, if the caller's scope holds it."""
    query = sa.select(Party).where(
        Party.outside_id == id_,
        Party.is_external == sa.false(),
        visible(call.scope, enterprise=Party.id, is_trade=is_trade),
    )
    found: Party = wanted(call.session.scalars(query).one_or_none(), pointer, id_)
    return found


def party_of(call: Call, id_: str, pointer: str) -> Party:
    """The enterprise or outside partner that a member names, whoever asks: the other side of a trade."""
    query = sa.select(Party).where(Party.outside_id == id_).order_by(Party.is_external).limit(1)
    found: Party = wanted(call.session.scalars(query).one_or_none(), pointer, id_)
    return found


def site_of(call: Call, id_: str, pointer: str = "/site") -> Site:
    """The site that a member names, if the caller's scope holds it."""
    query = sa.select(Site).where(
        Site.outside_id == id_, visible(call.scope, enterprise=Site.enterprise_id, areas_of=(Site.area_id,))
    )
    found: Site = wanted(call.session.scalars(query).one_or_none(), pointer, id_)
    return found


def area_in_scope(call: Call, id_: str, pointer: str) -> Area:
    """The area that a member names, if it lies in the caller's own."""
    area = area_of(call, id_, pointer)
    bound = call.scope.reach not in (Reach.ALL, Reach.PUB, Reach.ENT, Reach.PARTY)
    if bound and area.id not in areas.within(call.session, call.scope.area_id or 0):
        wanted(None, pointer, id_)
    return area
