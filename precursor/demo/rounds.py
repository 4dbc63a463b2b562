"""The rounds of the authorities: visits by grade, road checks, patrols, reports; imports and exports; losses."""

import json
import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy.orm import Session

from precursor.checkpoints import service as checkpoints
from precursor.core.clock import SHANGHAI
from precursor.demo import names
from precursor.demo.clock import Booking
from precursor.demo.life import KG, Life
from precursor.demo.register import WORST, City, Firm, document
from precursor.incidents import service as incidents
from precursor.inspections import service as inspections
from precursor.permits import service as permits
from precursor.rules.inspection_form import ITEMS
from precursor.rules.movements import MovementType as T
from precursor.supervision import service as supervision
from precursor.trade import service as trade

#: Months of a window by grade: once a year, a half-year, a quarter.
_EVERY: Final = {"A": 12, "B": 6, "C": 3}


def quarters(city: City) -> Iterator[tuple[int, int, date, date]]:
    """Year, number, first and last day of each quarter that has begun."""
    for year in range(city.start.year, city.today.year + 1):
        for quarter in range(1, 5):
            first = date(year, quarter * 3 - 2, 1)
            following = date(year + quarter // 4, quarter % 4 * 3 + 1, 1)
            if first <= city.today:
                yield year, quarter, first, following - timedelta(1)


def go(session: Session, book: Booking, rng: random.Random, city: City) -> None:
    """All rounds of all years."""
    _visits(session, book, rng, city)
    _roads(session, book, rng, city)
    _patrols(session, book, rng, city)
    _reports(session, book, rng, city)
    _equipment(session, book, rng, city)


def _visits(session: Session, book: Booking, rng: random.Random, city: City) -> None:
    commands = []
    for firm in city.firms:
        grade = firm.grades[-1][1]
        for month in range(0, 12 * (city.today.year - city.start.year + 1), _EVERY[grade]):
            first = date(city.start.year + month // 12, month % 12 + 1, 1)
            day = first + timedelta(rng.randint(3, _EVERY[grade] * 30 - 8))
            if day > city.today or rng.random() < (0.06 if firm.county == WORST else 0.01):
                continue
            late = rng.random() < (0.08 if firm.county == WORST else 0.015)
            faulty = rng.random() < (0.2 if firm.county == WORST else 0.05)
            found = dict.fromkeys(ITEMS, "ok") | ({rng.choice(list(ITEMS)): "fault"} if faulty else {})
            commands.append(
                inspections.RecordInspection(
                    outside_id=f"JC-{day:%y%m%d}-{firm.id}",
                    enterprise_id=firm.number,
                    day=day,
                    recorded_on=min(city.today, day + timedelta(rng.randint(9, 20) if late else rng.randint(0, 3))),
                    mode="onsite",
                    inspectors=2,
                    officers=json.dumps([f"P-{firm.county}-1", f"P-{firm.county}-2"]),
                    result="corrected" if faulty else "nothing_found",
                    findings=json.dumps(found),
                )
            )
    inspections.record(session, commands, *book.at(city.today))


def _roads(session: Session, book: Booking, rng: random.Random, city: City) -> None:
    commands = []
    for year, quarter, first, last in quarters(city):
        for n, county in enumerate(names.COUNTIES):
            if county == WORST and quarter == 2:
                continue  # the county that forgets
            for k in range(2 + n % 2):
                day = first + timedelta(rng.randint(1, (last - first).days))
                if k == 0:
                    day = min(day, first + timedelta(50))
                if day <= city.today:
                    commands.append(
                        checkpoints.RecordRoadCheck(
                            area_id=city.area[county],
                            day=day,
                            recorded_on=day,
                            place=f"{names.COUNTIES[county]}收费站",
                            plate=f"清A·D{rng.randint(1000, 9999)}",
                            result="fault" if rng.random() < 0.05 else "pass",
                            officers=json.dumps([f"P-{county}-1", f"P-{county}-2", str(year)]),
                        )
                    )
    checkpoints.record(session, commands, *book.at(city.today))


def _patrols(session: Session, book: Booking, rng: random.Random, city: City) -> None:
    sites = [
        supervision.AddKeySite(
            outside_id=f"ZD-{county}", area_id=city.area[county], name=f"{name}废弃厂房", since=city.start
        )
        for county, name in names.COUNTIES.items()
    ]
    numbers = supervision.add_key_sites(session, sites, *book.at(city.start))
    commands = []
    for site, command in zip(numbers, sites, strict=True):
        day = city.start + timedelta(rng.randint(3, 20))
        while day <= city.today:
            if rng.random() > (0.15 if command.outside_id.endswith(WORST) else 0.01):
                commands.append(supervision.RecordPatrol(key_site_id=site, day=day, recorded_on=day))
            first = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            day = first + timedelta(rng.randint(2, 24))
    supervision.patrol(session, commands, *book.at(city.today))


def _reports(session: Session, book: Booking, rng: random.Random, city: City) -> None:
    annual = []
    for firm in city.firms:
        for year in range(city.start.year - 1, city.today.year):
            if rng.random() < (0.04 if firm.county == WORST else 0.008):
                continue
            late = rng.random() < 0.012
            day = date(year + 1, 4, 9) if late else date(year + 1, rng.randint(1, 3), rng.randint(1, 28))
            if day <= city.today:
                annual.append(
                    supervision.HandInAnnualReport(enterprise_id=firm.number, year=year, day=day, recorded_on=day)
                )
    supervision.hand_in_annual(session, annual, *book.at(city.today))
    quarterly = []
    for year, quarter, _, last in quarters(city):
        for county in names.COUNTIES:
            if county == WORST and (year + quarter) % 4 == 1:
                continue
            day = last + timedelta(5) if rng.random() < 0.05 else last - timedelta(rng.randint(12, 22))
            if day <= city.today:
                quarterly.append(
                    supervision.HandInQuarterlyReport(
                        area_id=city.area[county], year=year, quarter=quarter, day=day, recorded_on=day
                    )
                )
    supervision.hand_in_quarterly(session, quarterly, *book.at(city.today))


def _equipment(session: Session, book: Booking, rng: random.Random, city: City) -> None:
    commands = []
    for n, firm in enumerate(city.of("producer", "user")[::19]):
        day = city.start + timedelta(40 + n * 45)
        reported = day + timedelta(25 if n % 6 == 2 else rng.randint(1, 4))
        if reported <= city.today:
            commands.append(
                supervision.RecordEquipmentEvent(
                    outside_id=f"SB-{n:03d}",
                    enterprise_id=firm.number,
                    item=f"反应釜 RV-{n:02d}",
                    event="lease" if n % 2 else "transfer",
                    day=day,
                    recorded_on=reported,
                    reported_on=reported,
                    report_recorded_on=reported,
                )
            )
    supervision.record_equipment(session, commands, *book.at(city.today))


def shipments(life: Life) -> None:
    """Imports and exports with both legs of their verification; some legs are still missing."""
    city = life.city
    for n, firm in enumerate(city.of("importer_exporter")):
        for k in range(3 * (city.today.year - city.start.year + 1)):
            day = city.start + timedelta(20 + n * 11 + k * 110)
            if day > city.today - timedelta(3):
                continue
            _shipment(
                life, firm, n * 100 + k, day, is_import=k % 3 != 2 or not life.stock[firm.site, firm.substances[0]]
            )


def _shipment(life: Life, firm: Firm, number: int, day: date, *, is_import: bool) -> None:
    city, session, book = life.city, life.session, life.book
    substance = firm.substances[0]
    amount = 500 * KG if is_import else min(100 * KG, life.stock[firm.site, substance])
    year_end = date(day.year, 12, 31)
    fields = {
        "direction": "import" if is_import else "export",
        "hs_code": "2807.00",
        "country": "外洋国",
        "port": "清屿港",
    }
    licence = document(
        city, "import_export_licence", life.paper("JC", day.year), firm, substance, day - timedelta(9),
        (year_end - day).days + 9, quantity=amount, fields=json.dumps(fields, ensure_ascii=False),
    )  # fmt: skip
    permits.issue(session, [licence], *book.at(licence.valid_from))
    command = trade.RecordShipment(
        outside_id=f"TG-{day:%y%m%d}-{firm.id}", direction="import" if is_import else "export",
        enterprise_id=firm.number, substance_id=city.substance[substance], quantity=amount, customs_day=day,
        licence=licence.outside_id, customs_number=f"BG{number:06d}", recorded_on=day,
    )  # fmt: skip
    (shipment,) = trade.record(session, [command], *book.at(day))
    legs = []
    for leg, missing in (("foreign", number % 23 == 7), ("domestic", number % 31 == 4)):
        on = day + timedelta(life.rng.randint(2, 20))
        done = not missing and on <= city.today
        legs.append(
            trade.RecordLeg(
                shipment_id=shipment,
                leg=leg,
                state="verified" if done else "pending",
                day=on if done else None,
                reason=None,
                recorded_on=on if done else min(day + timedelta(1), city.today),
            )
        )
    trade.record_legs(session, legs, *book.at(day))
    kind = T.IMPORT_IN if is_import else T.EXPORT_OUT
    life.move(firm, kind, substance, amount, day, shipment=shipment)
    life.close_month(day)


def losses(life: Life) -> None:
    """A few losses, each reported; one of them too late."""
    city = life.city
    kinds = ("leak", "theft", "loss")
    for n, firm in enumerate(city.of("producer")[:6]):
        substance, day = firm.substances[0], city.today - timedelta(30 + n * 75)
        if day < city.start:
            continue
        found = datetime.combine(day, time(9), SHANGHAI)
        told = found + timedelta(hours=60 if n == 2 else 3)
        amount = (n + 1) * 2 * KG
        command = incidents.RecordIncident(
            outside_id=f"LS-{n + 1:02d}", enterprise_id=firm.number, site_id=firm.site,
            substance_id=city.substance[substance], quantity=amount, kind=kinds[n % 3], day=day, discovered_at=found,
            reported_at=told, discovered_text=found.isoformat(), reported_text=told.isoformat(),
            recorded_on=told.date(),
        )  # fmt: skip
        (number,) = incidents.record(life.session, [command], *life.book.at(told.date()))
        life.move(firm, T.LOSS_OUT, substance, amount, day, incident=number)
    life.close_month(city.today)


def corrections(life: Life) -> None:
    """Goods sent back, samples taken, and an entry that somebody wants reversed."""
    city = life.city
    for firm in city.of("trader")[:4]:
        substance, day = firm.substances[0], city.today - timedelta(12)
        if life.stock[firm.site, substance] > 20 * KG:
            life.move(firm, T.SAMPLE_OUT, substance, KG, day, usage_record=f"QY-{firm.id}")
    life.close_month(city.today)
