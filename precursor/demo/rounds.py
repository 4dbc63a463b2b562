"""The rounds of the authorities: visits by grade, road checks, patrols; and the reports that are due."""

import json
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from inspection_schedules import window_of
from precursor.checkpoints import service as checkpoints
from precursor.demo import names
from precursor.demo.agenda import ONE, Agenda
from precursor.demo.names import WORST
from precursor.demo.register import City, Firm
from precursor.inspections import service as inspections
from precursor.rules.inspection_form import ITEMS
from precursor.supervision import service as supervision

#: Months of a window by grade: once a year, a half-year, a quarter.
_EVERY: Final = {"A": 12, "B": 6, "C": 3}
#: How many reaction vessels change hands over the years, about.
_LENT: Final = 28
_EVENTS: Final = ("lease", "transfer")


@dataclass(slots=True)
class Rounds:
    """What the police of nine counties do."""

    agenda: Agenda
    city: City
    rng: random.Random
    key_sites: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def open(self) -> None:
        """The places to be patrolled, and the equipment that will change hands."""
        commands = [
            supervision.AddKeySite(
                outside_id=f"ZD-{county}", area_id=self.city.area[county], name=f"{name}废弃厂房",
                since=self.city.start,
            )
            for county, name in names.COUNTIES.items()
        ]  # fmt: skip
        numbers = supervision.add_key_sites(self.agenda.session, commands, *self.agenda.at())
        self.key_sites = dict(zip(names.COUNTIES, numbers, strict=True))
        for firm in self.city.there:
            self._annual(firm, self.city.start.year)
        owners = self.city.of("producer", "user")
        lenders = owners[:: max(1, len(owners) // _LENT)]
        span = (self.city.today - self.city.start).days - 30
        for n, firm in enumerate(lenders):
            self._lend(n, firm, self.city.start + timedelta(10 + span * n // len(lenders)))

    def _is_bad(self, county: str, usual: float, there: float) -> bool:
        return self.rng.random() < (there if county == WORST else usual)

    # -------------------------------------------------------------- visits

    def visits(self, first: date) -> None:
        """A quarter begins: plan the visits that the grades of this day ask for."""
        for firm in self.city.there:
            window = window_of(first, _EVERY[firm.grade])
            if window.name in firm.visited or (first - firm.registered_on).days < 0:
                continue
            firm.visited.add(window.name)
            is_forgotten = firm is self.city.careless and first.month == 4 and firm.grade == "C"
            if is_forgotten or self._is_bad(firm.county, 0.012, 0.09):
                continue
            span = 80 if firm is self.city.careless else (window.end - first).days
            self.agenda.on(first + timedelta(self.rng.randint(2, span - 2)), self._visit, firm)

    def _visit(self, firm: Firm) -> None:
        day, rng = self.agenda.day, self.rng
        late = firm is self.city.culprit or self._is_bad(firm.county, 0.012, 0.08)
        recorded = day + ONE * (rng.randint(9, 20) if late else rng.randint(0, 3))
        found = self._findings(firm)
        faults = "fault" in found.values()
        alone = self._is_bad(firm.county, 0.002, 0.02)
        self.count += 1
        command = inspections.RecordInspection(
            outside_id=f"JC-{day:%y}-{self.count:05d}",
            enterprise_id=firm.number,
            day=day,
            recorded_on=recorded,
            mode="remote" if self.count % 150 == 0 else "onsite",
            inspectors=1 if alone else 2,
            officers=json.dumps([f"P-{firm.county}-{n}" for n in ((1,) if alone else (1, 2))]),
            result="corrected" if faults else "nothing_found",
            findings=json.dumps(found),
        )
        self.agenda.enter(inspections.record, command, recorded)

    def _findings(self, firm: Firm) -> dict[str, str]:
        """What the form says: the firms of the story show why their figures are low."""
        found = dict.fromkeys(ITEMS, "ok")
        if firm is self.city.culprit:
            found |= {"stock_matches": "fault", "endorsements": "fault"}
        elif firm is self.city.careless:
            found |= {"ledger_complete": "fault", "training": "fault"}
        elif self._is_bad(firm.county, 0.05, 0.15):
            found[self.rng.choice(list(ITEMS))] = "fault"
        return found

    # -------------------------------------------------------------- roads, patrols, reports

    def roads(self, first: date) -> None:
        """Two or three road checks of each county in the quarter; one county forgets the second quarter."""
        for n, county in enumerate(names.COUNTIES):
            if county == WORST and first.month == 4:
                continue
            for k in range(2 + n % 2):
                day = first + timedelta(self.rng.randint(3, 45 if k == 0 else 88))
                self.agenda.on(day, self._check_road, county)

    def _check_road(self, county: str) -> None:
        day, rng = self.agenda.day, self.rng
        command = checkpoints.RecordRoadCheck(
            area_id=self.city.area[county],
            day=day,
            recorded_on=day,
            place=f"{names.COUNTIES[county]}收费站",
            plate=f"清A·D{rng.randint(1000, 9999)}",
            result="fault" if rng.random() < 0.05 else "pass",
            officers=json.dumps([f"P-{county}-1", f"P-{county}-2"]),
        )
        self.agenda.enter(checkpoints.record, command)

    def patrols(self, first: date) -> None:
        """Each key site once a month; the worst county leaves one out twice a year."""
        for county, site in self.key_sites.items():
            if county == WORST and first.month in (2, 8):
                continue
            day = first + timedelta(self.rng.randint(2, 24))
            command = supervision.RecordPatrol(key_site_id=site, day=day, recorded_on=day)
            self.agenda.on(day, self.agenda.enter, supervision.patrol, command)

    def quarterly(self, first: date) -> None:
        """The counties' reports: the worst hands in the third quarter's late, and the first quarter's not at all."""
        quarter = first.month // 3 + 1
        for county in names.COUNTIES:
            if county == WORST and quarter == 1:
                continue
            late = county == WORST and quarter == 3
            day = date(first.year, quarter * 3, 27 if late else self.rng.randint(8, 19))
            command = supervision.HandInQuarterlyReport(
                area_id=self.city.area[county], year=first.year, quarter=quarter, day=day, recorded_on=day
            )
            self.agenda.on(day, self.agenda.enter, supervision.hand_in_quarterly, command)

    def annual(self, first: date) -> None:
        """A year begins: the enterprises report on the last one, by the end of March."""
        for firm in self.city.there:
            if firm.registered_on < first:
                self._annual(firm, first.year)

    def _annual(self, firm: Firm, year: int) -> None:
        if self._is_bad(firm.county, 0.006, 0.05) or firm is self.city.careless:
            return
        late = self._is_bad(firm.county, 0.008, 0.05) or firm is self.city.culprit
        day = date(year, 4, 9) if late else date(year, self.rng.randint(1, 3), self.rng.randint(2, 28))
        command = supervision.HandInAnnualReport(enterprise_id=firm.number, year=year - 1, day=day, recorded_on=day)
        self.agenda.on(day, self.agenda.enter, supervision.hand_in_annual, command)

    def _lend(self, number: int, firm: Firm, day: date) -> None:
        """A reaction vessel changes hands and is reported within days, each ninth time weeks later.

        The event and its report are one record, so one that is not reported at all cannot be put down; one
        of each year is known to the police in December and reported in February: missing as the year closes.
        """
        city = self.city
        is_last = number % 12 == 1
        year = city.start.year + number // 12 % 2
        day = date(year, 12, 8) if is_last else day
        reported = (
            date(year + 1, 2, 20) if is_last else day + ONE * (25 if number % 9 == 2 else self.rng.randint(1, 4))
        )
        command = supervision.RecordEquipmentEvent(
            outside_id=f"SB-{number:03d}",
            enterprise_id=firm.number,
            item=f"反应釜 RV-{number:02d}",
            event=_EVENTS[number % 2],
            day=day,
            recorded_on=day if is_last else reported,
            reported_on=reported,
            report_recorded_on=reported,
        )
        self.agenda.on(reported, self.agenda.enter, supervision.record_equipment, command)
