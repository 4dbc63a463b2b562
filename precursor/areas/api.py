"""Areas and the register itself, as programs see them."""

import json
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor.api import Act, Call, Collection, Listing
from precursor.api.collection import Values
from precursor.api.common import name_it, own_id, ref, words
from precursor.areas import codes, service
from precursor.areas.lookups import area_of
from precursor.areas.models import Area, Register
from precursor.core.access import Action
from precursor.core.db import take_ids
from precursor.core.errors import Fault, Faulty, Refused
from precursor.core.members import Day, Record, Text, Truth, Whole, Word
from precursor.rules.law import Words
from precursor.rules.targets import load_pack


class AreaForm(Record):
    """An area without a national code: a level of its own, or one of a demonstration."""

    id = own_id()
    name = words()
    level = Word("province", "city", "county", "township", "village")
    parent = ref(optional=True)


class CodeForm(Record):
    """A code of GB/T 2260; the areas above it come with it."""

    code = Text(pattern="[1-9][0-9]{5}")


class KeyForm(Record):
    """An area was published as a key area, or is one no more."""

    key = Truth()
    since = Day()
    notice = words()


class AreaAnswer(Record):
    """An area."""

    id = Text()
    name = Text()
    level = Text()
    parent = Text(null=True)
    code = Text(null=True)
    since_year = Whole(0, 9999, null=True)
    until_year = Whole(0, 9999, null=True)


class AreaDetail(AreaAnswer):
    """An area, and whether it is a key area today (重点地区: crossing a county boundary there needs a document)."""

    key = Truth()


class RegisterForm(Record):
    """Open the register of a city for a year."""

    city = ref()
    year = Whole(1990, 9900)


def _query(_: Call) -> sa.Select:
    parent = aliased(Area)
    return sa.select(
        Area.outside_id.label("id"),
        Area.name,
        Area.level,
        sa.func.coalesce(parent.outside_id, Area.parent_outside_id).label("parent"),
        Area.code,
        Area.since_year,
        Area.until_year,
    ).outerjoin(parent, parent.id == Area.parent_id)


def _about(call: Call, row: Any) -> Values:
    return {"key": service.in_key_area(call.session, area_of(call, row.id, "/id"), call.today)}


def _set_key(call: Call, data: Values, id_: str) -> str:
    service.set_key(
        call.session,
        area_of(call, id_, "/id").id,
        is_key=data["key"],
        since=data["since"],
        notice=data["notice"],
        actor=call.actor,
        now=call.now,
    )
    return id_


def _add(call: Call, data: Values, _: str) -> str:
    id_ = name_it(call.session, Area, data.get("id"), "A")
    parent_id = data.get("parent")
    parent = call.session.scalars(sa.select(Area).where(Area.outside_id == (parent_id or ""))).one_or_none()
    (number,) = take_ids(call.session, 1)
    command = service.AddArea(
        id=number,
        outside_id=id_,
        name=data["name"],
        level=data["level"],
        parent_id=parent.id if parent else None,
        parent_outside_id=None if parent else parent_id,
    )
    service.add(call.session, [command], call.actor, call.now)
    return id_


def _adopt(call: Call, data: Values, _: str) -> str:
    try:
        entries = codes.chain(data["code"])
    except ValueError as error:
        raise Faulty([Fault("/code", f"国家代码表无此代码 / {error}")]) from None
    return service.adopt(call.session, entries, call.actor, call.now)[-1].outside_id


def _open(call: Call, data: Values, _: str) -> str:
    if call.session.get(Register, 1):
        raise Refused("登记簿已开启 / the register is open already")
    city, pack = area_of(call, data["city"], "/city"), load_pack()
    command = service.OpenRegister(
        city_id=city.id,
        period_start=date(data["year"], 1, 1),
        period_end=date(data["year"], 12, 31),
        as_of=None,
        parameters=json.dumps({}),
        pack=pack.id,
    )
    service.open_register(call.session, command, call.actor, call.now)
    return city.outside_id


def _register(call: Call, _: Values) -> Values:
    city = service.city(call.session)
    return {
        "city": city.outside_id,
        "name": city.name,
        "counties": [county.outside_id for county in city.counties],
        "opened_for": str(city.opened.period_start.year),
        "pack": city.opened.pack,
    }


COLLECTIONS = (
    Collection(
        path="areas",
        summary=Words("辖区", "areas"),
        answer=AreaAnswer,
        query=_query,
        list=Action.AREA_READ,
        read=Action.AREA_READ,
        filters=("parent", "level"),
        detail=AreaDetail,
        more=_about,
        acts=(
            Act(action=Action.AREA_ADD, summary=Words("登记辖区", "add an area"), form=AreaForm, do=_add),
            Act(
                action=Action.AREA_ADD,
                summary=Words("按国家代码登记辖区", "add an area of the national table by its code"),
                form=CodeForm,
                do=_adopt,
                at="/codes",
            ),
            Act(
                action=Action.AREA_ADD,
                summary=Words("开启登记簿", "open the register of a city"),
                form=RegisterForm,
                do=_open,
                at="/register",
            ),
            Act(
                action=Action.AREA_ADD,
                summary=Words("公布或撤销重点地区", "an area becomes a key area, or is one no more"),
                form=KeyForm,
                do=_set_key,
                at="/<id>/key-status",
            ),
        ),
    ),
)
LISTINGS = (
    Listing(
        path="register",
        summary=Words("登记簿", "whose register this is"),
        action=Action.AREA_READ,
        make=_register,
    ),
)
