"""Documents: issued by the office that the law names, drawn down by the trade, verified once they are closed."""

import json
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from precursor.demo import names
from precursor.demo.agenda import Agenda
from precursor.demo.names import WORST
from precursor.demo.register import CLASS, City, Firm
from precursor.permits import issuing
from precursor.permits import service as permits
from precursor.permits.issuing import Grant
from precursor.permits.service import IssuePermit, PermitKey, RecordOfPermit
from precursor.rules.law import law_for
from precursor.rules.matrix import Department, Level, Row, row_of
from precursor.rules.permits import POLICE_VERIFIED, PermitKind, Uses
from precursor.rules.substances import SubstanceClass

K = PermitKind
#: What stands before the number of a document.
_LETTERS: Final = {
    K.PURCHASE_PERMIT: "GX",
    K.PURCHASE_FILING: "GB",
    K.TRANSPORT_PERMIT: "YX",
    K.TRANSPORT_FILING: "YB",
    K.PURCHASE_USE_CERTIFICATE: "GY",
    K.PRODUCTION_PERMIT: "SX",
    K.OPERATING_PERMIT: "JX",
    K.PRODUCTION_FILING: "SB",
    K.OPERATING_FILING: "JB",
    K.TRANSFER_FILING: "ZR",
    K.IMPORT_EXPORT_LICENCE: "JC",
    K.NARCOTIC_TRANSPORT_CERTIFICATE: "MY",
    K.MAIL_CERTIFICATE: "YZ",
    K.SEAL_CARD: "YJ",
}
#: What a document states besides, where the law wants it.
_STATED: Final = {
    "main_flow": "清屿市内用户",
    "purpose": "生产自用",
    "destination": "邻岸区",
    "permit_type": "多次",
    "counterparty": "外洋贸易行",
    "country": "外洋国",
    "port": "清屿港",
    "receiver": "邻岸区第二医院",
    "signatories": "采购负责人、药学部门负责人",
}
#: Customs codes of what crosses the border.
_HS: Final = {
    "H2SO4": "2807.00",
    "HCL": "2806.10",
    "TOL": "2902.30",
    "ACE": "2914.11",
    "KMNO4": "2841.61",
    "AC2O": "2915.24",
    "CHCL3": "2903.13",
    "ETHER": "2909.11",
    "PIP": "2933.32",
}
_ROLES: Final = {department: role for role, department in issuing.DEPARTMENTS.items()}
_LONG: Final = 1095  # days of what the law sets no last day for
_LAST_SHORT: Final = 89


@dataclass(slots=True)
class Paper:
    """A document; ``left`` is what is not yet promised to a sale, ``drawn`` what was drawn."""

    key: PermitKey
    number: str
    kind: PermitKind
    holder: Firm
    last: date
    single: bool
    quantity: int | None
    left: int = 0
    drawn: int = 0
    is_short: bool = False  # less was received on it than was sold
    is_closed: bool = False
    is_suspended: bool = False
    busy_until: date = date.min  # a draw is still to be written down by then

    def covers(self, day: date, amount: int) -> bool:
        """Whether so much can still be promised on it for that day."""
        return self.is_usable and day <= self.last and amount <= self.left

    @property
    def is_usable(self) -> bool:
        """Whether anything can be drawn on it now."""
        return not (self.is_closed or self.is_suspended)


@cache
def row_for(kind: PermitKind, cls: SubstanceClass, year: int) -> Row | None:
    """The row of the matrix, by the law in the middle of a year."""
    return row_of(kind, cls, law_for(None, date(year, 7, 1)))


@dataclass(slots=True)
class Papers:
    """Every office that issues and verifies."""

    agenda: Agenda
    city: City
    rng: random.Random
    count: int = 0
    held: dict[tuple[str, int, str], Paper] = field(default_factory=dict)

    def number(self, kind: PermitKind) -> str:
        """The next number of a document."""
        self.count += 1
        return f"{_LETTERS[kind]}-{self.agenda.day.year}-{self.count:05d}"

    def issue(
        self, kind: PermitKind, firm: Firm, substance: str, *, quantity: int | None = None, **more: Any
    ) -> Paper:
        """Issue a document today, for as long as the law allows, at the office that may."""
        day, row = self.agenda.day, row_for(kind, CLASS[substance], self.agenda.day.year)
        extended = bool(row and row.extended) and self._clean(firm) > row.extended["clean_months"]  # type: ignore[union-attr,index]
        stated = self._stated(firm, substance, row) | more.pop("stated", {})
        uses = more.pop("uses", row.allowed_uses(extended=extended)[0] if row else Uses.SINGLE)
        longest = more.pop("days", _LONG)
        last = (row.last_day(day, extended=extended) if row else None) or day + timedelta(_LAST_SHORT)
        if row and not row.validity and not row.extended and uses is Uses.MULTIPLE:
            last = day + timedelta(_LONG)
        command = IssuePermit(
            outside_id=self.number(kind),
            kind=kind.value,
            holder=firm.number,
            substance=self.city.substance[substance],
            quantity=quantity,
            valid_from=day,
            valid_to=min(last, day + timedelta(longest)),
            uses=uses.value,
            area=self.city.area[firm.county],
            fields=json.dumps(stated, ensure_ascii=False, sort_keys=True),
            **more,
        )
        key, single = self._put(command, row, firm, stated), uses is Uses.SINGLE
        paper = Paper(key, command.outside_id, kind, firm, command.valid_to, single, quantity)
        paper.left = permits.ANY_AMOUNT if quantity is None else quantity
        self.agenda.on(paper.last, self.close, paper)
        return paper

    def _stated(self, firm: Firm, substance: str, row: Row | None) -> dict[str, str]:
        """What it must state besides, by the law."""
        wanted = row.fields if row else ()
        known = _STATED | {"site": f"{firm.short}主库", "hs_code": _HS.get(substance, "")}
        if "handler" in wanted:
            known["handler"] = names.person(self.rng)
        return {name: known[name] for name in wanted if name in known}

    def _put(self, command: IssuePermit, row: Row | None, firm: Firm, stated: dict[str, str]) -> PermitKey:
        """Issued by our office by the law; one the national law does not know comes from elsewhere, as it is."""
        agenda = self.agenda
        if row is None:
            return permits.issue(agenda.session, [command], *agenda.at())[0]
        area = {Level.PROVINCE: names.PROVINCE[0], Level.PREFECTURE: names.CITY[0]}.get(row.level, firm.county)
        role = _ROLES[Department(row.issuer)]
        wanted = Grant(command=command, role=role, area_id=self.city.area[area], fields=stated)
        return issuing.grant(agenda.session, wanted, *agenda.by(f"FZ-{area}", role.value))

    def _clean(self, firm: Firm) -> int:
        return (self.agenda.day - firm.clean_since).days // 31

    def purchase(self, buyer: Firm, seller: int, substance: str, day: date, amount: int) -> Paper:
        """The buyer's document with that seller: the one in force while enough is left on it, else a new one."""
        paper = self.held.get((buyer.id, seller, substance))
        if paper is None or not paper.covers(day, amount):
            is_first = CLASS[substance] is SubstanceClass.CAT1_NON_DRUG
            kind = K.PURCHASE_PERMIT if is_first else K.PURCHASE_FILING
            many = not is_first and self._clean(buyer) > 12 and self.rng.random() < 0.8
            more: dict[str, Any] = {} if is_first else {"uses": Uses.MULTIPLE if many else Uses.SINGLE}
            if not many and not is_first:
                more["days"] = 29
            quantity = amount * self.rng.choice((3, 4, 5)) if many else amount
            paper = self.issue(kind, buyer, substance, quantity=quantity, seller=seller, **more)
            self.held[buyer.id, seller, substance] = paper
        paper.left -= amount
        if paper.single:
            paper.left = 0
        return paper

    def drawn(self, paper: Paper, amount: int) -> None:
        """A movement drew on it: the last draw closes it."""
        paper.drawn += amount
        if paper.single or paper.drawn == paper.quantity:
            self.close(paper)

    def close(self, paper: Paper) -> None:
        """It can be used no more; the county verifies it within thirty days: nearly always."""
        if paper.is_closed:
            return
        paper.is_closed = True
        if paper.kind not in POLICE_VERIFIED:
            return
        worst, rng = paper.holder.county == WORST, self.rng
        if rng.random() < (0.08 if worst else 0.01):
            return  # forgotten
        late = rng.random() < (0.1 if worst else 0.012)
        day = self.agenda.day + timedelta(rng.randint(33, 60) if late else rng.randint(3, 26))
        self.agenda.on(day, self._verify, paper)

    def _verify(self, paper: Paper) -> None:
        on = self.agenda.day
        found = "mismatch" if paper.is_short else "match" if paper.drawn else "unused"
        self.agenda.enter(permits.verify, RecordOfPermit(permit=paper.key, day=on, recorded_on=on, result=found))

    def revoke(self, paper: Paper) -> None:
        """The last good day is today."""
        on = self.agenda.day
        permits.revoke(
            self.agenda.session, [RecordOfPermit(permit=paper.key, day=on, recorded_on=on)], *self.agenda.at()
        )
        paper.holder.clean_since, paper.left = on, 0
        self.close(paper)


#: What a licence to make or to trade is for: 600 t, in mg. More than any firm here moves in two years.
_YEARLY: Final = 600_000 * 10**6


def licences(papers: Papers, firms: list[Firm]) -> None:
    """What lets each firm deal at all."""
    for firm in firms:
        for substance in firm.substances:
            first = CLASS[substance] in (SubstanceClass.CAT1_NON_DRUG, SubstanceClass.CAT1_DRUG)
            if firm.kind in ("producer", "drug_producer"):
                papers.issue(K.PRODUCTION_PERMIT if first else K.PRODUCTION_FILING, firm, substance, quantity=_YEARLY)
            elif firm.kind in ("trader", "importer_exporter"):
                papers.issue(K.OPERATING_PERMIT if first else K.OPERATING_FILING, firm, substance, quantity=_YEARLY)
        if firm.kind == "hospital":
            for substance in ("MORPH", "EPH"):
                papers.issue(K.SEAL_CARD, firm, substance)
