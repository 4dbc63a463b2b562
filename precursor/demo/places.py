"""Where the enterprises work: stores, off-site depots and who supervises them; officers, supervisors, grades."""

import random
from datetime import date, timedelta

from precursor.demo import names
from precursor.demo.agenda import Agenda
from precursor.demo.names import PORT, WORST
from precursor.demo.papers import Papers, licences
from precursor.demo.register import City, Firm, enrol
from precursor.enterprises import service as enterprises


def settle(agenda: Agenda, papers: Papers, firms: list[Firm], rng: random.Random) -> None:
    """Give enterprises their store, their grade, their information officer and their licences."""
    city = papers.city
    commands = [
        enterprises.RegisterSite(
            outside_id=f"S-{firm.id}",
            enterprise_id=firm.number,
            area_id=city.area[firm.county],
            open_on=max(city.start, firm.registered_on),
            closed_on=None,
            registered=True,
            name=f"{firm.short}主库",
            purpose="pharmacy" if firm.kind in ("hospital", "pharmacy") else "store",
        )
        for firm in firms
    ]
    for firm, site in zip(firms, enterprises.register_sites(agenda.session, commands, *agenda.at()), strict=True):
        firm.site = site
    for firm in firms:
        firm.grade = "B" if firm is city.careless else rng.choices("ABC", (45, 40, 15))[0]
        rate(agenda, firm, firm.grade, "初次评定")
        if int(firm.id[1:]) % 97 != 41:
            name_officer(agenda, firm, rng)
    licences(papers, firms)


def rate(agenda: Agenda, firm: Firm, grade: str, reason: str) -> None:
    """A grade from today on."""
    firm.grade = grade
    agenda.enter(
        enterprises.rate,
        enterprises.Rate(
            enterprise_id=firm.number, since=agenda.day, recorded_on=agenda.day, grade=grade,
            reason=reason,
            assessor=f"P-{firm.county}-1",
        ),
    )  # fmt: skip


def name_officer(agenda: Agenda, firm: Firm, rng: random.Random) -> None:
    """The enterprise has an information officer from today on."""
    day = agenda.day
    command = enterprises.NameOfficer(
        enterprise_id=firm.number, since=day, recorded_on=day, person=f"IO-{firm.id}", name=names.person(rng)
    )
    agenda.enter(enterprises.name_officers, command)


def plan(agenda: Agenda, papers: Papers, rng: random.Random) -> None:
    """Whatever changes on the register over the years."""
    city = papers.city
    for firm in city.firms:
        if not firm.number:
            agenda.on(firm.registered_on, _newcomer, agenda, papers, firm, rng)
    for year in range(city.start.year + 1, city.today.year + 1):
        agenda.on(date(year, 1, 10), _assess, agenda, city, rng)
    _supervisors(agenda, city, rng)
    agenda.on(city.start + timedelta(30), _depots, agenda, city)
    agenda.on(city.today - timedelta(50), _dismiss, agenda, city.of("carrier")[-1])
    for status, firm in (("suspended", city.of("user")[-1]), ("closed", city.of("pharmacy")[-1])):
        agenda.on(city.today - timedelta(75), _status, agenda, firm, status)


def _newcomer(agenda: Agenda, papers: Papers, firm: Firm, rng: random.Random) -> None:
    enrol(agenda, papers.city, [firm], rng)
    settle(agenda, papers, [firm], rng)


def _dismiss(agenda: Agenda, firm: Firm) -> None:
    enterprises.dismiss_officer(agenda.session, firm.number, agenda.day, *agenda.at())


def _status(agenda: Agenda, firm: Firm, status: str) -> None:
    reason = {"suspended": "停产检修", "closed": "自行歇业"}[status]
    enterprises.set_status(agenda.session, firm.number, status, reason, *agenda.at())


def _assess(agenda: Agenda, city: City, rng: random.Random) -> None:
    """The yearly assessment: some grades change; that of the careless user falls."""
    for firm in city.there:
        if firm is city.careless:
            rate(agenda, firm, "C", "上年台账与使用记录多次不符,降级")
        elif rng.random() < 0.09 and firm.registered_on < agenda.day:
            rate(agenda, firm, rng.choice([g for g in "ABC" if g != firm.grade]), "年度评定")


def _supervisors(agenda: Agenda, city: City, rng: random.Random) -> None:
    """One for each county; in the worst county some weeks lie between two of them."""
    commands = [
        enterprises.AppointSupervisor(
            outside_id=f"ZG-{county}", area_id=city.area[county], person=f"ZG-{county}", name=names.person(rng),
            since=city.start, recorded_on=city.start,
        )
        for county in names.COUNTIES
    ]  # fmt: skip
    numbers = dict(
        zip(names.COUNTIES, enterprises.appoint_supervisors(agenda.session, commands, *agenda.at()), strict=True)
    )
    gone = city.today - timedelta(200)
    agenda.on(gone, enterprises.dismiss_supervisor, agenda.session, numbers[WORST], gone, *agenda.at(gone))
    come = gone + timedelta(40)
    successor = enterprises.AppointSupervisor(
        outside_id=f"ZG-{WORST}-2", area_id=city.area[WORST], person=f"ZG-{WORST}-2", name=names.person(rng),
        since=come, recorded_on=come,
    )  # fmt: skip
    agenda.on(come, agenda.enter, enterprises.appoint_supervisors, successor)


def _elsewhere(county: str, number: int) -> str:
    """Another county: one of the next three on the list."""
    counties = list(names.COUNTIES)
    return counties[(counties.index(county) + 1 + number % 3) % len(counties)]


def _depots(agenda: Agenda, city: City) -> None:
    """Off-site stores, in the next county on the list; each asks for its delegation, nearly each gets it."""
    owners = [firm for n, firm in enumerate(city.of("producer", "trader")) if n % 3 != 2]
    cast = city.cast("producer")
    waits = next((firm for firm in owners if firm.county == PORT), owners[1])
    lapses = next((firm for firm in owners if firm.county == WORST and firm is not cast), owners[-1])
    depots = [
        enterprises.RegisterSite(
            outside_id=f"S-{firm.id}-D",
            enterprise_id=firm.number,
            area_id=city.area[WORST if firm is waits else _elsewhere(firm.county, n)],
            open_on=agenda.day,
            closed_on=None,
            registered=firm is not cast,
            name=f"{firm.short}异地库",
            purpose="depot",
        )
        for n, firm in enumerate(owners)
    ]
    sites = enterprises.register_sites(agenda.session, depots, *agenda.at())
    for firm, depot, site in zip(owners, depots, sites, strict=True):
        firm.depot = site
        if firm is not cast:  # it never asked; what is asked of the worst county by the port waits for an answer
            _delegate(agenda, city, firm, depot.area_id, has_lapsed=firm is lapses, is_answered=firm is not waits)


def _delegate(agenda: Agenda, city: City, firm: Firm, there: int, *, has_lapsed: bool, is_answered: bool) -> None:
    day = agenda.day
    command = enterprises.Delegate(
        outside_id=f"WT-{firm.id}",
        site_id=firm.depot,
        delegator_id=city.area[firm.county],
        delegate_id=there,
        requested_on=day,
        valid_to=date(city.today.year, 3, 31) if has_lapsed else date(city.today.year + 1, 12, 31),
        requested_by=f"ZG-{firm.county}",
    )
    (number,) = enterprises.delegate(agenda.session, [command], *agenda.at())
    accepted = day + timedelta(9)
    if is_answered:
        answer = enterprises.AnswerDelegation(
            delegation_id=number, answer="accepted", day=accepted, recorded_on=accepted
        )
        agenda.enter(enterprises.answer_delegations, answer, accepted)
