"""Substances, as programs see them."""

from collections.abc import Iterable

import sqlalchemy as sa

from precursor.api import Act, Call, Collection, Listing
from precursor.api.collection import Values
from precursor.api.common import name_it, own_id, words
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty
from precursor.core.members import Record, Text, Whole, Word
from precursor.core.quantity import REGISTER_UNITS
from precursor.rules.law import Words
from precursor.rules.substances import SCHEDULED
from precursor.substances import service
from precursor.substances.catalogue import ENTRIES, Certainty, Entry, match
from precursor.substances.models import Substance


class SubstanceForm(Record):
    """A substance for the register. ``schedule``: a narcotic or psychotropic drug, whose category is 0."""

    id = own_id()
    name_zh = words()
    category = Whole(0, 3)
    kind = Word("non_drug", "drug")
    unit = Word(*REGISTER_UNITS)
    schedule = Word(*sorted(SCHEDULED), optional=True)
    cas = Text(optional=True, longest=12)
    dosage_form = words(optional=True)


class CatalogueForm(Record):
    """An entry of the state's catalogues for the register."""

    id = own_id()
    item = Word(*ENTRIES)
    unit = Word(*REGISTER_UNITS)
    dosage_form = words(optional=True)


class SubstanceAnswer(Record):
    """A substance."""

    id = Text()
    name_zh = Text()
    category = Whole(0, 3)
    kind = Text()
    unit = Text()
    schedule = Text(null=True)
    cas = Text(null=True)
    name_en = Text(null=True)
    dosage_form = Text(null=True)
    catalogue_item = Text(null=True)
    doubt = Text(null=True, note="what nobody has confirmed yet")


def _query(_: Call) -> sa.Select:
    return sa.select(
        Substance.outside_id.label("id"),
        Substance.name_zh,
        Substance.category,
        Substance.kind,
        Substance.unit,
        Substance.schedule,
        Substance.cas,
        Substance.name_en,
        Substance.dosage_form,
        Substance.catalogue_item,
        Substance.doubt,
    )


def _check(data: Values) -> None:
    faults = []
    if "schedule" in data and (data["category"], data["kind"]) != (0, "drug"):
        faults.append(
            Fault("/category", "麻精药品的类别为 0、kind 为 drug / a scheduled drug is category 0, kind drug")
        )
    if "schedule" not in data and data.get("category") == 0:
        faults.append(Fault("/category", "类别 0 须写明 schedule / category 0 is for scheduled drugs only"))
    if faults:
        raise Faulty(faults)


def _add(call: Call, data: Values, _: str) -> str:
    _check(data)
    found = match(data.get("cas"), data["name_zh"])
    entry = found.entries[0] if found.certainty is not Certainty.PERSON else None
    id_ = name_it(call.session, Substance, data.get("id"), "SUB")
    command = service.AddSubstance(
        outside_id=id_,
        name_zh=data["name_zh"],
        category=data["category"],
        kind=data["kind"],
        unit=data["unit"],
        schedule=data.get("schedule"),
        cas=data.get("cas"),
        dosage_form=data.get("dosage_form"),
        catalogue_item=entry.item if entry else None,
        doubt=None
        if entry
        else "目录中未找到,须人工核对 / not found in the catalogues: a person must say what it is",
    )
    service.add(call.session, [command], call.actor, call.now)
    return id_


def _adopt(call: Call, data: Values, _: str) -> str:
    id_ = name_it(call.session, Substance, data.get("id"), "SUB")
    command = service.from_catalogue(
        ENTRIES[data["item"]], outside_id=id_, unit=data["unit"], dosage_form=data.get("dosage_form")
    )
    service.add(call.session, [command], call.actor, call.now)
    return id_


def _catalogue(_: Call, asked: Values) -> list[Values]:
    """The catalogues: all entries, or what a CAS number and a name mean."""
    found: Iterable[Entry] = ENTRIES.values()
    certainty = None
    if asked:
        matched = match(asked.get("cas"), asked.get("name"))
        found, certainty = matched.entries, matched.certainty
    return [_shown(entry, certainty) for entry in found]


def _shown(entry: Entry, certainty: Certainty | None) -> Values:
    return {
        "item": entry.item,
        "class": entry.cls.value,
        "name_zh": entry.name_zh,
        "name_en": entry.name_en,
        "cas": entry.cas or None,
        "is_class": entry.is_class,
        "salts_controlled": entry.salts_controlled,
        "effective_from": entry.effective_from and entry.effective_from.isoformat(),
        "remark": entry.remark,
        "doubt": entry.doubt or service.UNCONFIRMED,
    } | ({"certainty": certainty.value} if certainty else {})


LISTINGS = (
    Listing(
        path="catalogue",
        summary=Words("品种目录", "the state's catalogues, and what a CAS number or a name means"),
        action=Action.SUBSTANCE_READ,
        make=_catalogue,
        parameters={"cas": Text(optional=True, longest=12), "name": Text(optional=True, longest=200)},
        schema={"type": "array", "items": {"type": "object"}},
    ),
)
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
            Act(
                action=Action.SUBSTANCE_PUBLISH,
                summary=Words("从目录登记品种", "put an entry of the catalogues on the register"),
                form=CatalogueForm,
                do=_adopt,
                at="/catalogued",
            ),
        ),
    ),
)
