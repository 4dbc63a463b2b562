"""The prefecture itself: areas, substances, enterprises with grades and sites, delegations, licences."""

import json
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from precursor.areas import service as areas
from precursor.areas.service import AddArea, OpenRegister
from precursor.core.db import take_ids
from precursor.demo import names
from precursor.demo.clock import Booking
from precursor.enterprises import service as enterprises
from precursor.permits import service as permits
from precursor.permits.service import IssuePermit
from precursor.rules.law import law_for
from precursor.rules.matrix import Department
from precursor.rules.targets import load_pack
from precursor.substances import service as substances
from precursor.substances.catalogue import ENTRIES
from precursor.substances.service import from_catalogue

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
    "EPH": ("1-12a", "支", "注射液"),
    "MORPH": ("N-018", "支", "注射液"),
    "DIAZ": ("P2-024", "片", "片剂"),
}
PRECURSORS: Final = tuple(id_ for id_, (item, _, _) in SUBSTANCES.items() if item[0] in "23")
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
#: The county where most goes wrong, and the firms by which (see ``city``).
WORST: Final = "QY-SW"
_WEIGHTS: Final = (14, 12, 18, 6, 9, 8, 10, 13, 10)


@dataclass(slots=True)
class Firm:
    """An enterprise of the city."""

    id: str
    number: int
    name: str
    kind: str
    county: str
    grades: list[tuple[date, str]]
    site: int = 0
    site_id: str = ""
    since: date = date.min
    substances: tuple[str, ...] = ()


@dataclass(slots=True)
class City:
    """What the rest of the story needs to know of the register."""

    start: date
    today: date
    area: dict[str, int] = field(default_factory=dict)
    substance: dict[str, int] = field(default_factory=dict)
    firms: list[Firm] = field(default_factory=list)
    outside: dict[str, int] = field(default_factory=dict)
    culprit: Firm | None = None  # sells short
    careless: Firm | None = None  # uses without a record

    def of(self, *kinds: str) -> list[Firm]:
        """The firms of some kinds."""
        return [firm for firm in self.firms if firm.kind in kinds]


def found(session: Session, book: Booking, rng: random.Random, start: date, today: date, scale: float) -> City:
    """Open the register."""
    city = City(start, today)
    _areas(session, book, city)
    commands = [
        from_catalogue(ENTRIES[item], outside_id=id_, unit=unit, dosage_form=form)
        for id_, (item, unit, form) in SUBSTANCES.items()
    ]
    city.substance = dict(zip(SUBSTANCES, substances.add(session, commands, *book.at(start)), strict=True))
    _firms(session, book, rng, city, scale)
    _sites(session, book, rng, city)
    _licences(session, book, city)
    return city


def _areas(session: Session, book: Booking, city: City) -> None:
    known = {names.CITY[0]: (names.CITY[1], "city"), **{k: (v, "county") for k, v in names.COUNTIES.items()}}
    known[names.ABROAD[0]] = (names.ABROAD[1], "county")
    city.area = dict(zip(known, take_ids(session, len(known)), strict=True))
    commands = [
        AddArea(
            id=city.area[id_],
            outside_id=id_,
            name=name,
            level=level,
            parent_id=city.area[names.CITY[0]] if id_ in names.COUNTIES else None,
            parent_outside_id="EXT" if id_ == names.ABROAD[0] else None,
        )
        for id_, (name, level) in known.items()
    ]
    areas.add(session, commands, *book.at(city.start))
    opened = OpenRegister(
        city_id=city.area[names.CITY[0]],
        period_start=city.start,
        period_end=date(city.today.year, 12, 31),
        as_of=None,
        parameters=json.dumps({}),
        pack=load_pack().id,
    )
    areas.open_register(session, opened, *book.at(city.start))


def _firms(session: Session, book: Booking, rng: random.Random, city: City, scale: float) -> None:
    made: list[tuple[str, str, str]] = []
    streams: dict[tuple[str, str], Any] = {}
    counties = list(names.COUNTIES)
    for kind, count in KINDS.items():
        for n in range(max(9 if kind in ("trader", "user") else 2, round(count * scale))):
            county = counties[n] if n < len(counties) else rng.choices(counties, _WEIGHTS)[0]
            stream = streams.setdefault((kind, county), names.firms(rng, kind, county))
            made.append((kind, county, next(stream)))
    commands = [
        enterprises.RegisterParty(
            outside_id=f"E{n:03d}",
            is_external=False,
            name=name,
            kind=kind,
            area_id=city.area[county],
            registered_on=date(city.start.year - rng.randint(2, 15), rng.randint(1, 12), rng.randint(1, 28)),
            recorded_on=city.start - timedelta(1),
            seal_card=f"YJK-{n:04d}" if kind == "hospital" else None,
            seal_card_valid_to=date(city.today.year + 1, 12, 31) if kind == "hospital" else None,
            credit_code=names.credit_code(n),
            address=f"{names.COUNTIES[county]}澜汀路 {rng.randint(1, 299)} 号",
            contact=names.person(rng),
        )
        for n, (kind, county, name) in enumerate(made, start=1)
    ]
    numbers = enterprises.register(session, commands, *book.at(city.start))
    for command, number, (kind, county, name) in zip(commands, numbers, made, strict=True):
        first = rng.choices("ABC", (45, 40, 15))[0]
        grades = [(city.start - timedelta(1), first)]
        if rng.random() < 0.12:
            changed = city.start + timedelta(rng.randint(120, 520))
            if changed < city.today:
                grades.append((changed, rng.choice([g for g in "ABC" if g != first])))
        city.firms.append(Firm(command.outside_id, number, name, kind, county, grades, since=city.start))
    rated = [
        enterprises.Rate(
            enterprise_id=firm.number,
            since=since,
            recorded_on=since,
            grade=grade,
            reason="年度评定" if n == 0 else "检查发现问题后调整",
        )
        for firm in city.firms
        for n, (since, grade) in enumerate(firm.grades)
    ]
    enterprises.rate(session, rated, *book.at(city.start))
    officers = [
        enterprises.NameOfficer(
            enterprise_id=firm.number,
            since=city.start,
            recorded_on=city.start,
            person=f"IO-{firm.id}",
            name=names.person(rng),
        )
        for n, firm in enumerate(city.firms)
        if n % 97 != 41
    ]
    enterprises.name_officers(session, officers, *book.at(city.start))
    supervisors = [
        enterprises.AppointSupervisor(
            outside_id=f"ZG-{county}",
            area_id=city.area[county],
            person=f"ZG-{county}",
            name=names.person(rng),
            since=city.start,
            recorded_on=city.start,
        )
        for county in names.COUNTIES
    ]
    enterprises.appoint_supervisors(session, supervisors, *book.at(city.start))
    outside = {
        f"X{n}": name for n, name in enumerate(("邻岸沧溟化工", "邻岸汀兰溶剂", "外洋贸易行", "北屿试剂"), start=1)
    }
    parties = [
        enterprises.RegisterParty(
            outside_id=id_, is_external=True, name=name, kind="external", area_id=city.area[names.ABROAD[0]]
        )
        for id_, name in outside.items()
    ]
    city.outside = dict(zip(outside, enterprises.register(session, parties, *book.at(city.start)), strict=True))
    worst = [firm for firm in city.firms if firm.county == WORST]
    city.culprit = next(firm for firm in worst if firm.kind == "trader")
    city.careless = next(firm for firm in worst if firm.kind == "user")


def _sites(session: Session, book: Booking, rng: random.Random, city: City) -> None:
    commands = [
        enterprises.RegisterSite(
            outside_id=f"S-{firm.id}",
            enterprise_id=firm.number,
            area_id=city.area[firm.county],
            open_on=city.start,
            closed_on=None,
            registered=True,
            name=f"{firm.name.removesuffix('有限公司')}主库",
            purpose="pharmacy" if firm.kind in ("hospital", "pharmacy") else "store",
        )
        for firm in city.firms
    ]
    for firm, number, command in zip(
        city.firms, enterprises.register_sites(session, commands, *book.at(city.start)), commands, strict=True
    ):
        firm.site, firm.site_id = number, command.outside_id
    owners = city.of("producer", "trader")[::2]
    counties = list(names.COUNTIES)
    depots = [
        enterprises.RegisterSite(
            outside_id=f"S-{firm.id}-D",
            enterprise_id=firm.number,
            area_id=city.area[rng.choice([c for c in counties if c != firm.county])],
            open_on=city.start + timedelta(30),
            closed_on=None,
            registered=n != 7,
            name=f"{firm.name.removesuffix('有限公司')}异地库",
            purpose="depot",
        )
        for n, firm in enumerate(owners)
    ]
    sites = enterprises.register_sites(session, depots, *book.at(city.start + timedelta(30)))
    asked = [
        enterprises.Delegate(
            outside_id=f"WT-{firm.id}",
            site_id=site,
            delegator_id=city.area[firm.county],
            delegate_id=depot.area_id,
            requested_on=depot.open_on,
            valid_to=date(city.today.year + 1, 12, 31) if n != 3 else date(city.today.year, 3, 31),
            requested_by=f"ZG-{firm.county}",
        )
        for n, (firm, site, depot) in enumerate(zip(owners, sites, depots, strict=True))
        if n != 5
    ]
    made = enterprises.delegate(session, asked, *book.at(city.start + timedelta(30)))
    answers = [
        enterprises.AnswerDelegation(
            delegation_id=number,
            answer="accepted",
            day=command.requested_on + timedelta(9),
            recorded_on=command.requested_on + timedelta(9),
        )
        for number, command in zip(made, asked, strict=True)
    ]
    enterprises.answer_delegations(session, answers, *book.at(city.start + timedelta(40)))


def _licences(session: Session, book: Booking, city: City) -> None:
    """What lets each firm deal at all; and a document of every kind that the trade below does not need."""
    rng = random.Random(7)  # noqa: S311 - a story, no secret
    deals = {"producer": 3, "trader": 3, "user": 1, "importer_exporter": 2}
    for firm in city.firms:
        firm.substances = tuple(rng.sample(PRECURSORS, deals.get(firm.kind, 0)))
    for n, firm in enumerate(city.of("producer")):  # so that each is made by somebody
        firm.substances = tuple(PRECURSORS[(n * 3 + k) % len(PRECURSORS)] for k in range(3))
    commands: list[IssuePermit] = []
    for firm in city.of("producer", "trader", "importer_exporter"):
        made = "production_filing" if firm.kind == "producer" else "operating_filing"
        commands += [
            document(
                city, made, f"{'SB' if firm.kind == 'producer' else 'JB'}-{firm.id}-{s}", firm, s, city.start, 1094
            )
            for s in firm.substances
        ]
    for firm in city.of("hospital"):
        commands += [
            document(city, "seal_card", f"YJ-{firm.id}-{s}", firm, s, city.start, 1094) for s in ("MORPH", "EPH")
        ]
    for firm in city.of("pharma_wholesaler", "drug_producer"):
        kind = "operating_permit" if firm.kind == "pharma_wholesaler" else "production_permit"
        commands.append(document(city, kind, f"XK-{firm.id}", firm, "EPH", city.start, 1094))
    year = date(city.today.year, 1, 1)
    for n, firm in enumerate(city.of("pharma_wholesaler")):
        commands.append(
            document(
                city, "narcotic_transport_certificate", f"MY-{firm.id}", firm, "MORPH", year, 364, quantity=20_000
            )
        )
        if n < 3:
            commands.append(
                document(
                    city,
                    "mail_certificate",
                    f"YZ-{firm.id}",
                    firm,
                    "DIAZ",
                    city.today - timedelta(20),
                    29,
                    quantity=5_000,
                )
            )
    for firm in city.of("drug_producer"):
        day = city.today - timedelta(40)
        commands.append(
            document(city, "purchase_use_certificate", f"GY-{firm.id}", firm, "EPH", day, 89, quantity=3_000)
        )
        commands.append(
            document(
                city, "purchase_permit", f"GX-{firm.id}", firm, "EPH", city.today - timedelta(9), 29, quantity=800
            )
        )
    for firm in city.of("trader")[:2]:
        commands.append(
            document(
                city,
                "transfer_filing",
                f"ZR-{firm.id}",
                firm,
                firm.substances[0],
                city.today - timedelta(8),
                29,
                quantity=200 * 10**6,
            )
        )
    permits.issue(session, commands, *book.at(city.start))


def document(
    city: City, kind: str, id_: str, firm: Firm, substance: str, first: date, days: int, **more: Any
) -> IssuePermit:
    """A document as its authority issues it."""
    issuer = {
        "p": Department.PUBLIC_SECURITY,
        "t": Department.PUBLIC_SECURITY,
        "s": Department.HEALTH,
        "i": Department.COMMERCE,
        "n": Department.DRUG_ADMINISTRATION,
        "m": Department.DRUG_ADMINISTRATION,
    }.get(kind[0], Department.EMERGENCY_MANAGEMENT)
    values: dict[str, Any] = {
        "quantity": None,
        "uses": "single" if kind in ("purchase_permit", "mail_certificate", "import_export_licence") else "multi",
    }
    return IssuePermit(
        outside_id=id_,
        kind=kind,
        holder=firm.number,
        substance=city.substance[substance],
        valid_from=first,
        valid_to=first + timedelta(days),
        area=city.area[firm.county],
        issuer=issuer.value,
        issued_by=f"FZ-{firm.county}",
        law=law_for(None, max(first, date(2018, 9, 18))).version,
        **(values | more),
    )
