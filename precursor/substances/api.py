"""Substances, as programs see them."""

import sqlalchemy as sa

from precursor.api import Act, Call, Collection
from precursor.api.collection import Values
from precursor.api.common import name_it, own_id, unit, wanted, words
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty
from precursor.core.members import Record, Text, Whole, Word
from precursor.rules.law import Words
from precursor.substances import service
from precursor.substances.models import Substance


class SubstanceForm(Record):
    """A substance for the register."""

    id = own_id()
    name_zh = words()
    category = Whole(1, 3)
    kind = Word("non_drug", "drug")
    unit = unit()


class SubstanceAnswer(Record):
    """A substance."""

    id = Text()
    name_zh = Text()
    category = Whole(0, 3)
    kind = Text()
    unit = Text()


def substance_of(call: Call, id_: str, pointer: str = "/substance") -> Substance:
    """The substance that a member names."""
    query = sa.select(Substance).where(Substance.outside_id == id_)
    found: Substance = wanted(call.session.scalars(query).one_or_none(), pointer, id_)
    return found


def _query(_: Call) -> sa.Select:
    return sa.select(
        Substance.outside_id.label("id"), Substance.name_zh, Substance.category, Substance.kind, Substance.unit
    )


def _add(call: Call, data: Values, _: str) -> str:
    if data["unit"] not in ("kg", "支", "片", "粒"):
        raise Faulty([Fault("/unit", "登记单位为 kg、支、片、粒 / a register counts in kg, 支, 片 or 粒")])
    id_ = name_it(call.session, Substance, data.get("id"), "SUB")
    command = service.AddSubstance(
        outside_id=id_,
        name_zh=data["name_zh"],
        category=data["category"],
        kind=data["kind"],
        unit=data["unit"],
    )
    service.add(call.session, [command], call.actor, call.now)
    return id_


COLLECTIONS = (
    Collection(
        path="substances",
        summary=Words("品种", "substances of the register"),
        answer=SubstanceAnswer,
        query=_query,
        list=Action.SUBSTANCE_READ,
        read=Action.SUBSTANCE_READ,
        filters=("kind",),
        acts=(
            Act(
                action=Action.SUBSTANCE_PUBLISH,
                summary=Words("登记品种", "put a substance on the register"),
                form=SubstanceForm,
                do=_add,
            ),
        ),
    ),
)
