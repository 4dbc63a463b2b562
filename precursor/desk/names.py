"""Names for ids: what is called how, looked up at once for a whole page."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from precursor.accounts.models import User
from precursor.api.collection import Call, Values
from precursor.areas.models import Area
from precursor.core import access
from precursor.core.access import Action
from precursor.core.errors import Forbidden
from precursor.desk import terms
from precursor.enterprises.models import Party, Site
from precursor.enterprises.scoping import visible
from precursor.movements.models import Movement
from precursor.permits.models import Permit
from precursor.rules.law import Words
from precursor.substances.models import Substance
from precursor.trade.models import Shipment
from precursor.web.i18n import language, t

#: As many as a page offers to choose from; of more the id is typed.
_MOST: Final = 200
#: As many people as a form lists to be ticked.
_TICKED: Final = 12


def _named(path: str) -> tuple[Any, Any, Any] | None:
    """Model, id and name of what a collection holds."""
    if path in ("enterprises", "partners"):
        return Party, Party.outside_id, Party.name
    if path == "sites":
        owner = sa.select(Party.name).where(Party.id == Site.enterprise_id).scalar_subquery()
        return Site, Site.outside_id, sa.func.coalesce(Site.name, owner)
    if path == "areas":
        return Area, Area.outside_id, Area.name
    if path == "substances":
        name = sa.func.coalesce(Substance.name_en, Substance.name_zh) if language() == "en" else Substance.name_zh
        return Substance, Substance.outside_id, name
    return None


def of(call: Call, records: Iterable[Values]) -> dict[tuple[str, str], str]:
    """(collection, id): name, for every id that the records show."""
    wanted: dict[str, set[str]] = {}
    for record in records:
        for member, value in record.items():
            if member in terms.REFS:
                for id_ in value if isinstance(value, list) else [value]:
                    if isinstance(id_, str):
                        wanted.setdefault(terms.REFS[member], set()).add(id_)
    found = {}
    for path, ids in wanted.items():
        if (known := _named(path)) is None:
            continue
        _, id_column, name = known
        for id_, called in call.session.execute(sa.select(id_column, name).where(id_column.in_(sorted(ids)))):
            if called:
                found[path, id_] = called
    return found


def on_paper(call: Call, record: Values) -> dict[tuple[str, str], str]:
    """The substance of a document in Chinese first, then in English, whatever the reader's language."""
    found = call.session.execute(
        sa.select(Substance.name_zh, Substance.name_en).where(Substance.outside_id == (record.get("substance") or ""))
    ).one_or_none()
    if found is None:
        return {}
    return {("substances", record["substance"]): " ".join(filter(None, found))}


def choices(call: Call, path: str, most: int = _MOST) -> list[tuple[str, Words]]:
    """What may be named of a collection, where the reader may list it and there is not too much of it."""
    known = _named(path)
    if known is None:
        return []
    model, id_column, name = known
    query = sa.select(id_column, sa.func.coalesce(name, id_column)).order_by(id_column).limit(most + 1)
    if path in ("enterprises", "sites"):
        try:
            scope = access.scope(call.subject, Action.ENTERPRISE_LIST)
        except Forbidden:
            return []
        if path == "sites":
            query = query.where(visible(scope, enterprise=Site.enterprise_id, areas_of=(Site.area_id,)))
        else:
            query = query.where(visible(scope, enterprise=Party.id), Party.is_external == sa.false())
    elif model is Party:
        query = query.where(Party.is_external)
    rows = call.session.execute(query).all()
    return [(id_, Words(called, called)) for id_, called in rows] if len(rows) <= most else []


def sites_of(call: Call, enterprises: Collection[str]) -> list[tuple[str, Words]]:
    """The open sites of enterprises of the register: whose, what it is called, in which county."""
    query = (
        sa.select(Site.outside_id, Party.name, Site.name, Area.name)
        .join(Party, Party.id == Site.enterprise_id)
        .join(Area, Area.id == Site.area_id)
        .where(Party.outside_id.in_(sorted(enterprises)), Site.closed_on.is_(None), Party.is_external == sa.false())
        .order_by(Party.name, Site.outside_id)
        .limit(_MOST)
    )
    found = []
    for number, owner, called, county in call.session.execute(query):
        said = " ".join(dict.fromkeys(filter(None, (owner, called, county))))
        found.append((str(number), Words(said, said)))
    return found


def sites_called(call: Call, text: str, most: int = 8) -> list[tuple[str, Words]]:
    """Sites that the reader may list whose name, or whose enterprise's, holds a text; the one with that id alone."""
    try:
        scope = access.scope(call.subject, Action.ENTERPRISE_LIST)
    except Forbidden:
        return []
    query = (
        sa.select(Site.outside_id, sa.func.coalesce(Site.name, Party.name))
        .join(Party, Party.id == Site.enterprise_id)
        .where(visible(scope, enterprise=Site.enterprise_id, areas_of=(Site.area_id,)))
        .order_by(Site.outside_id)
        .limit(most)
    )
    exact = call.session.execute(query.where(Site.outside_id == text)).all()
    holds = sa.or_(Site.name.icontains(text, autoescape=True), Party.name.icontains(text, autoescape=True))
    rows = exact or (call.session.execute(query.where(holds)).all() if text else [])
    return [(str(id_), Words(str(name), str(name))) for id_, name in rows]


def of_shipments(call: Call, ids: Sequence[str]) -> dict[tuple[str, str], str]:
    """(partners, number of a shipment): abroad; a shipment stands where a partner would, and no register has it."""
    found: dict[tuple[str, str], str] = {}
    for start in range(0, len(ids), _MOST):
        query = sa.select(Shipment.outside_id).where(Shipment.outside_id.in_(ids[start : start + _MOST]))
        found |= {("partners", id_): t("境外，", "abroad, ") + id_ for id_ in call.session.scalars(query)}
    return found


def other_sides(call: Call, records: Sequence[Values]) -> dict[tuple[str, str], str]:
    """Whose the movements are that records name as their other side."""
    named = sorted({record["counterpart"] for record in records if record.get("counterpart")})
    query = (
        sa.select(Movement.outside_id, Party.name)
        .join(Party, Party.id == Movement.enterprise_id)
        .where(Movement.outside_id.in_(named))
    )
    found = {("movements", number): str(name) for number, name in call.session.execute(query)}
    # a sale that nobody booked in yet names its buyer by the document
    waiting = sorted({r["permit"] for r in records if r.get("permit") and not r.get("counterpart")})
    holders = (
        sa.select(Permit.outside_id, Party.name)
        .join(Party, Party.id == Permit.enterprise_id)
        .where(Permit.outside_id.in_(waiting))
    )
    return found | {("holders", number): str(name) for number, name in call.session.execute(holders)}


def colleagues(call: Call) -> list[tuple[str, Words]]:
    """Who may have come along: other people with accounts at the reader's office, by the code of the person."""
    area = call.subject.area_id
    query = (
        sa.select(User.person, sa.func.min(User.username))
        .where(User.active, User.area_id == area, User.role.startswith(call.subject.role.value.partition("_")[0]))
        .group_by(User.person)
        .order_by(User.person)
        .limit(_TICKED + 1)
    )
    rows = call.session.execute(query).all() if area is not None else []
    return [(person, Words(str(name), str(name))) for person, name in rows] if len(rows) <= _TICKED else []


def own(call: Call) -> dict[str, str]:
    """What a form may say already: who enters it, and the county of his office."""
    found = {"officers": call.subject.person}
    area = call.session.get(Area, call.subject.area_id) if call.subject.area_id else None
    if area is not None and area.level == "county":
        found["county"] = area.outside_id
    return found
