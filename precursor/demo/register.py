"""The prefecture itself: areas, substances, enterprises and who answers for them."""

import json
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from precursor.areas import service as areas
from precursor.areas.service import AddArea, OpenRegister
from precursor.core.db import take_ids
from precursor.demo import names
from precursor.demo.agenda import Agenda
from precursor.demo.names import WORST
from precursor.enterprises import service as enterprises
from precursor.rules.substances import SubstanceClass
from precursor.rules.targets import load_pack
from precursor.substances import service as substances
from precursor.substances.catalogue import ENTRIES
from precursor.substances.service import from_catalogue

__all__ = ["KINDS", "PRECURSORS", "SUBSTANCES", "WORST", "City", "Firm", "enrol", "found", "scaled"]

#: outside id: item of the catalogue, unit, dosage form.
SUBSTANCES: Final = {
    "H2SO4": ("3-05", "kg", None),
    "HCL": ("3-06", "kg", None),
    "TOL": ("3-01", "kg", None),
    "ACE": ("3-02", "kg", None),
    "KMNO4": ("3-04", "kg", None),
    "AC2O": ("2-02", "kg", None),
    "CHCL3": ("2-03", "kg", None),
    "ETHER": ("2-04", "kg", None),
    "PIP": ("2-05", "kg", None),
    "PIPAL": ("1-03", "kg", None),
    "EPH": ("1-12a", "支", "注射液"),
    "MORPH": ("N-018", "支", "注射液"),
    "DIAZ": ("P2-024", "片", "片剂"),
}
CLASS: Final = {id_: ENTRIES[item].cls for id_, (item, _, _) in SUBSTANCES.items()}
PRECURSORS: Final = tuple(id_ for id_, cls in CLASS.items() if cls in (SubstanceClass.CAT2, SubstanceClass.CAT3))
#: kind: how many, of a city of scale 1.
KINDS: Final = {
    "producer": 14,
    "trader": 46,
    "user": 236,
    "carrier": 24,
    "importer_exporter": 10,
    "hospital": 40,
    "pharma_wholesaler": 9,
    "drug_producer": 6,
    "pharmacy": 15,
}
#: How many substances a firm of a kind deals in.
_DEALS: Final = {"producer": 3, "trader": 3, "user": 1, "importer_exporter": 1}
_OUTSIDE: Final = {"X1": "邻岸沧溟化工", "X2": "邻岸汀兰溶剂", "X3": "北屿试剂", "X4": "北屿制药"}


@dataclass(slots=True)
class Firm:
    """An enterprise of the city."""

    id: str
    number: int
    name: str
    kind: str
    county: str
    registered_on: date
    clean_since: date
    site: int = 0
    depot: int = 0
    substances: tuple[str, ...] = ()
    grade: str = "B"
    shipped: int = 0
    visited: set[str] = field(default_factory=set)  # the windows for which a visit is planned

    @property
    def short(self) -> str:
        """Its name as people say it."""
        return self.name.removesuffix("有限公司")


@dataclass(slots=True)
class City:
    """What the rest of the story needs to know of the register."""

    start: date
    today: date
    area: dict[str, int] = field(default_factory=dict)
    substance: dict[str, int] = field(default_factory=dict)
    firms: list[Firm] = field(default_factory=list)
    outside: dict[str, int] = field(default_factory=dict)

    def of(self, *kinds: str) -> list[Firm]:
        """The firms of some kinds that are registered by now."""
        return [firm for firm in self.firms if firm.kind in kinds and firm.number]

    @property
    def there(self) -> list[Firm]:
        """The firms that are registered by now."""
        return [firm for firm in self.firms if firm.number]

    def cast(self, kind: str) -> Firm:
        """The firm of the story of that kind."""
        return next(firm for firm in self.firms if firm.name == names.CAST[kind])

    @property
    def culprit(self) -> Firm:
        """The trader that delivers less than it books."""
        return self.cast("trader")

    @property
    def careless(self) -> Firm:
        """The user that draws from its store without a record."""
        return self.cast("user")


def scaled(kind: str, scale: float) -> int:
    """How many firms of a kind a city of some scale has; never too few for the story."""
    return max(9 if kind in ("trader", "user") else 3, round(KINDS[kind] * scale))


def found(agenda: Agenda, rng: random.Random, scale: float) -> City:
    """Open the register on the first day."""
    city = City(agenda.start, agenda.today)
    _areas(agenda, city)
    commands = [
        from_catalogue(ENTRIES[item], outside_id=id_, unit=unit, dosage_form=form)
        for id_, (item, unit, form) in SUBSTANCES.items()
    ]
    city.substance = dict(zip(SUBSTANCES, substances.add(agenda.session, commands, *agenda.at()), strict=True))
    _firms(agenda, city, rng, scale)
    _deal(city, rng)
    return city


def _areas(agenda: Agenda, city: City) -> None:
    above = {names.CITY[0]: names.PROVINCE[0], **dict.fromkeys(names.COUNTIES, names.CITY[0])}
    known = {names.PROVINCE[0]: (names.PROVINCE[1], "province"), names.CITY[0]: (names.CITY[1], "city")}
    known |= {id_: (name, "county") for id_, name in names.COUNTIES.items()}
    known[names.ABROAD[0]] = (names.ABROAD[1], "county")
    city.area = dict(zip(known, take_ids(agenda.session, len(known)), strict=True))
    commands = [
        AddArea(
            id=city.area[id_],
            outside_id=id_,
            name=name,
            level=level,
            parent_id=city.area[above[id_]] if id_ in above else None,
            parent_outside_id="EXT" if id_ == names.ABROAD[0] else None,
        )
        for id_, (name, level) in known.items()
    ]
    areas.add(agenda.session, commands, *agenda.at())
    opened = OpenRegister(
        city_id=city.area[names.CITY[0]],
        period_start=city.start,
        period_end=date(city.today.year, 12, 31),
        as_of=None,
        parameters=json.dumps({}),
        pack=load_pack().id,
    )
    areas.open_register(agenda.session, opened, *agenda.at())


def _firms(agenda: Agenda, city: City, rng: random.Random, scale: float) -> None:
    namer, county_of = names.Namer(rng), names.counties()
    made = [(kind, WORST, name) for kind, name in names.CAST.items()]
    for kind in KINDS:
        for _ in range(scaled(kind, scale) - (kind in names.CAST)):
            county = next(county_of)
            made.append((kind, county, namer.firm(kind, county)))
    for n, (kind, county, name) in enumerate(made, start=1):
        is_new = n % 41 == 40 and kind not in ("producer", "trader", "hospital")
        registered = (
            city.start + timedelta(rng.randint(60, 500))
            if is_new
            else date(city.start.year - rng.randint(2, 15), rng.randint(1, 12), rng.randint(1, 28))
        )
        city.firms.append(Firm(f"E{n:03d}", 0, name, kind, county, registered, registered))
    enrol(agenda, city, [firm for firm in city.firms if firm.registered_on < city.start], rng)
    outside = [
        enterprises.RegisterParty(
            outside_id=id_, is_external=True, name=name, kind="external", area_id=city.area[names.ABROAD[0]]
        )
        for id_, name in _OUTSIDE.items()
    ]
    city.outside = dict(zip(_OUTSIDE, enterprises.register(agenda.session, outside, *agenda.at()), strict=True))


def enrol(agenda: Agenda, city: City, firms: list[Firm], rng: random.Random) -> None:
    """Put enterprises on the register."""
    commands = [_party(city, firm, agenda.day, rng) for firm in firms]
    for firm, number in zip(firms, enterprises.register(agenda.session, commands, *agenda.at()), strict=True):
        firm.number = number


def _party(city: City, firm: Firm, today: date, rng: random.Random) -> enterprises.RegisterParty:
    number, has_card = int(firm.id[1:]), firm.kind == "hospital"
    return enterprises.RegisterParty(
        outside_id=firm.id,
        is_external=False,
        name=firm.name,
        kind=firm.kind,
        area_id=city.area[firm.county],
        registered_on=firm.registered_on,
        recorded_on=today,
        seal_card=f"YJK-{number:04d}" if has_card else None,
        seal_card_valid_to=date(city.today.year + 1, 12, 31) if has_card else None,
        credit_code=names.credit_code(number),
        address=f"{names.COUNTIES[firm.county]}澜汀路 {rng.randint(1, 299)} 号",
        contact=names.person(rng),
    )


def _deal(city: City, rng: random.Random) -> None:
    """Who deals in what: every substance is made, and traded, by somebody."""
    for kind, count in _DEALS.items():
        for n, firm in enumerate(firm for firm in city.firms if firm.kind == kind):
            if kind in ("producer", "trader"):
                firm.substances = tuple(PRECURSORS[(n * count + k) % len(PRECURSORS)] for k in range(count))
            else:
                firm.substances = tuple(rng.sample(PRECURSORS, count))
    city.careless.substances = city.culprit.substances[:1]
    for firm in city.of("drug_producer"):
        firm.substances = ("EPH",)
    for kind in ("producer", "trader", "user"):  # a little of the first category: piperonal, for perfumes
        for firm in city.of(kind)[1:3]:
            firm.substances = (*firm.substances[:2], "PIPAL") if kind != "user" else ("PIPAL",)
