"""Book a bundle into an empty register: the same services as everybody, all or nothing."""

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor import audit, ledger
from precursor.areas import service as areas
from precursor.checkpoints import service as checkpoints
from precursor.core.clock import legal_day
from precursor.core.db import take_ids
from precursor.core.errors import Fault, Faulty, Refused
from precursor.enterprises import service as enterprises
from precursor.enterprises.models import Party
from precursor.exchange import checks
from precursor.exchange.reading import Bundle, Record, read
from precursor.incidents import service as incidents
from precursor.inspections import service as inspections
from precursor.movements import service as movements
from precursor.movements.service import MovementKey
from precursor.permits import service as permits
from precursor.permits.service import PermitKey
from precursor.rules.movements import MovementType
from precursor.rules.targets import load_pack
from precursor.substances import service as substances
from precursor.supervision import service as supervision
from precursor.trade import service as trade

Progress = Callable[[str, int, int], None]  # what, done, of

#: Movements are booked in parts of this many, so that memory stays flat and progress shows.
_PART: Final = 5_000


def import_bundle(
    session: Session, data: bytes, actor: audit.Actor, now: datetime, progress: Progress = lambda *_: None
) -> dict[str, str | None]:
    """Import a bundle in the caller's transaction; returns the judged attempts: id and rule, None when allowed.

    Raises ``Faulty`` with every fault of the first stage that has any, and ``Refused`` when the register holds
    a party already.
    """
    if session.scalar(sa.select(sa.exists().select_from(Party))):
        raise Refused("登记簿不是空的 / the register is not empty: a bundle goes into an empty one only")
    progress("reading", 0, 1)
    bundle = read(data)
    checks.check(bundle)
    booking = _Booking(session, bundle, actor, now, progress)
    booking.register()
    booking.documents()
    booking.trade_and_incidents()
    booking.stock()
    booking.supervision()
    if short := ledger.settle(session):
        raise Faulty(sorted(booking.short_faults(short)))
    return booking.attempts()


class _Booking:
    """Books the lists of a bundle one after the other; knows the numbers that its ids got here."""

    def __init__(
        self, session: Session, bundle: Bundle, actor: audit.Actor, now: datetime, progress: Progress
    ) -> None:
        self.session, self.bundle, self.progress = session, bundle, progress
        self.by = (actor, now)
        self.lists = bundle.lists
        self.number: dict[str, dict[str, int]] = {}
        self.permit: dict[str, PermitKey] = {}
        self.movement: dict[str, MovementKey] = {}

    def _numbered(self, name: str, numbers: Iterable[int]) -> None:
        self.number[name] = dict(zip((record["id"] for record in self.lists[name]), numbers, strict=True))

    def _party(self, id_: str) -> int:
        known = self.number["enterprises"]
        return known[id_] if id_ in known else self.number["external_parties"][id_]

    def _area(self, id_: str) -> int:
        return self.number["jurisdictions"][id_]

    def register(self) -> None:
        """Areas, substances, parties, sites, delegations."""
        self._areas()
        self._numbered(
            "substances",
            substances.add(
                self.session,
                [
                    substances.AddSubstance(
                        outside_id=s["id"],
                        name_zh=s["name_zh"],
                        category=s["category"],
                        kind=s["kind"],
                        unit=s["unit"],
                    )
                    for s in self.lists["substances"]
                ],
                *self.by,
            ),
        )
        self._parties()
        self._numbered(
            "sites",
            enterprises.register_sites(
                self.session,
                [
                    enterprises.RegisterSite(
                        outside_id=s["id"],
                        enterprise_id=self.number["enterprises"][s["enterprise"]],
                        area_id=self._area(s["county"]),
                        open_on=s["open_on"],
                        closed_on=s["closed_on"],
                        registered=s["registered"],
                    )
                    for s in self.lists["sites"]
                ],
                *self.by,
            ),
        )
        self._delegations()

    def _areas(self) -> None:
        records = self.lists["jurisdictions"]
        number = dict(zip((r["id"] for r in records), take_ids(self.session, len(records)), strict=True))
        added: set[str] = set()
        waiting = list(records)
        while waiting:  # a parent before its children; of a ring, nobody is anybody's child here
            ready = [r for r in waiting if r["parent"] not in number or r["parent"] in added] or waiting
            areas.add(
                self.session,
                [
                    areas.AddArea(
                        id=number[r["id"]],
                        outside_id=r["id"],
                        name=r["name"],
                        level=r["level"],
                        parent_id=number[r["parent"]] if r["parent"] in added else None,
                        parent_outside_id=None if r["parent"] in added else r["parent"],
                    )
                    for r in ready
                ],
                *self.by,
            )
            added |= {r["id"] for r in ready}
            waiting = [r for r in waiting if r["id"] not in added]
        self.number["jurisdictions"] = number
        city = next(record["id"] for record in records if record["level"] == "city")
        areas.open_register(
            self.session,
            areas.OpenRegister(
                city_id=number[city],
                period_start=self.bundle.start,
                period_end=self.bundle.end,
                as_of=self.bundle.as_of,
                parameters=json.dumps(self.bundle.rules, sort_keys=True),
                pack=load_pack().id,
            ),
            *self.by,
        )

    def _parties(self) -> None:
        self._numbered(
            "enterprises",
            enterprises.register(
                self.session,
                [
                    enterprises.RegisterParty(
                        outside_id=e["id"],
                        is_external=False,
                        name=e["name"],
                        kind=e["kind"],
                        area_id=self._area(e["registered_county"]),
                        registered_on=e["registered_on"],
                        recorded_on=e["registered_on"],
                        seal_card=e.get("seal_card"),
                        seal_card_valid_to=e.get("seal_card_valid_to"),
                    )
                    for e in self.lists["enterprises"]
                ],
                *self.by,
            ),
        )
        self._numbered(
            "external_parties",
            enterprises.register(
                self.session,
                [
                    enterprises.RegisterParty(
                        outside_id=x["id"],
                        is_external=True,
                        name=x["name"],
                        kind="external",
                        area_id=self._area(x["county"]) if "county" in x else None,
                    )
                    for x in self.lists["external_parties"]
                ],
                *self.by,
            ),
        )
        number = self.number["enterprises"]
        enterprises.rate(
            self.session,
            [
                enterprises.Rate(enterprise_id=number[e["id"]], since=since, recorded_on=since, grade=grade)
                for e in self.lists["enterprises"]
                for since, grade in e["grades"]
            ],
            *self.by,
        )
        enterprises.name_officers(
            self.session,
            [
                enterprises.NameOfficer(enterprise_id=number[e["id"]])
                for e in self.lists["enterprises"]
                if e["information_officer"]
            ],
            *self.by,
        )

    def _delegations(self) -> None:
        self._numbered(
            "delegations",
            enterprises.delegate(
                self.session,
                [
                    enterprises.Delegate(
                        outside_id=d["id"],
                        site_id=self.number["sites"][d["site"]],
                        delegator_id=self._area(d["delegator"]),
                        delegate_id=self._area(d["delegate"]),
                        requested_on=d["requested_on"],
                        valid_to=d["valid_to"],
                    )
                    for d in self.lists["delegations"]
                ],
                *self.by,
            ),
        )
        enterprises.answer_delegations(
            self.session,
            [
                enterprises.AnswerDelegation(
                    delegation_id=self.number["delegations"][d["id"]], answer=answer, day=day, recorded_on=day
                )
                for d in self.lists["delegations"]
                for answer, day in (("accepted", d["accepted_on"]), ("revoked", d["revoked_on"]))
                if day
            ],
            *self.by,
        )

    def documents(self) -> None:
        """Permits and filings, their verifications; revocations come after the draws."""
        records = self.lists["permits"]
        keys = permits.issue(
            self.session,
            [
                permits.IssuePermit(
                    outside_id=p["id"],
                    kind=p["kind"],
                    holder=self._party(p["holder"]),
                    substance=self.number["substances"][p["substance"]],
                    quantity=p["qty"],
                    valid_from=p["valid_from"],
                    valid_to=p["valid_to"],
                    uses=p["uses"],
                    area=self._area(p["responsible_county"]),
                    seller=self._party(p["seller"]) if p["seller"] else None,
                    route=None if p["route"] is None else [self._area(stop) for stop in p["route"]],
                )
                for p in records
            ],
            *self.by,
        )
        self.permit = dict(zip((p["id"] for p in records), keys, strict=True))
        permits.verify(
            self.session,
            [
                permits.RecordOfPermit(
                    permit=self.permit[p["id"]],
                    day=p["verified_on"],
                    recorded_on=p["verified_on"],
                    result=p["verification_result"],
                )
                for p in records
                if p["verified_on"]
            ],
            *self.by,
        )
        permits.revoke(
            self.session,
            [
                permits.RecordOfPermit(permit=self.permit[p["id"]], day=p["revoked_on"], recorded_on=p["revoked_on"])
                for p in records
                if p["revoked_on"]
            ],
            *self.by,
        )

    def trade_and_incidents(self) -> None:
        """Shipments with their legs, incidents: the movements name them."""
        self._numbered(
            "shipments",
            trade.record(
                self.session,
                [
                    trade.RecordShipment(
                        outside_id=s["id"],
                        direction=s["direction"],
                        enterprise_id=self.number["enterprises"][s["enterprise"]],
                        substance_id=self.number["substances"][s["substance"]],
                        quantity=s["qty"],
                        customs_day=s["customs_date"],
                        licence=s["licence"],
                        customs_number=s["customs_no"],
                        recorded_on=s["customs_date"],
                    )
                    for s in self.lists["shipments"]
                ],
                *self.by,
            ),
        )
        trade.record_legs(
            self.session,
            [
                trade.RecordLeg(
                    shipment_id=self.number["shipments"][s["id"]],
                    leg=leg,
                    state=s[f"{leg}_leg"]["state"],
                    day=s[f"{leg}_leg"]["on"],
                    reason=s[f"{leg}_leg"].get("reason"),
                    recorded_on=s[f"{leg}_leg"]["on"],
                )
                for s in self.lists["shipments"]
                for leg in ("foreign", "domestic")
            ],
            *self.by,
        )
        self._numbered(
            "incidents",
            incidents.record(
                self.session,
                [
                    incidents.RecordIncident(
                        outside_id=i["id"],
                        enterprise_id=self.number["enterprises"][i["enterprise"]],
                        site_id=self.number["sites"][i["site"]],
                        substance_id=self.number["substances"][i["substance"]],
                        quantity=i["qty"],
                        kind=i["kind"],
                        day=legal_day(i["discovered_at"]),
                        discovered_at=i["discovered_at"],
                        reported_at=i["reported_at"],
                        discovered_text=i["discovered_at"].isoformat(),
                        reported_text=i["reported_at"].isoformat(),
                        recorded_on=legal_day(i["reported_at"]),
                    )
                    for i in self.lists["incidents"]
                ],
                *self.by,
            ),
        )

    def stock(self) -> None:
        """Opening stock, movements with their reports and confirmations, stocktakes."""
        self._opening()
        records, sites = self.lists["movements"], self.lists["sites"]
        owner = {site["id"]: self.number["enterprises"][site["enterprise"]] for site in sites}
        keys = movements.reserve(self.session, [owner[record["site"]] for record in records])
        self.movement = dict(zip((record["id"] for record in records), keys, strict=True))
        for start in range(0, len(records), _PART):
            self.progress("booking", start, len(records))
            part = records[start : start + _PART]
            movements.record(self.session, [self._recorded(m, owner) for m in part], *self.by, settled=False)
            movements.report_sales(
                self.session,
                [
                    movements.OfMovement(
                        key=self.movement[m["id"]], day=m["sales_reported_on"], recorded_on=m["sales_reported_on"]
                    )
                    for m in part
                    if m.get("sales_reported_on")
                ],
                *self.by,
            )
            movements.confirm(self.session, [c for m in part for c in self._confirmed(m)], *self.by)
        movements.count_stock(
            self.session,
            [
                movements.Count(
                    site_id=self.number["sites"][t["site"]],
                    enterprise_id=owner[t["site"]],
                    substance_id=self.number["substances"][t["substance"]],
                    day=t["date"],
                    recorded_on=t["date"],
                    counted=t["counted"],
                )
                for t in self.lists["stocktakes"]
            ],
            *self.by,
        )

    def _opening(self) -> None:
        site_of = {site["id"]: site for site in self.lists["sites"]}
        records = self.lists["stock_opening"]
        movements.open_stock(
            self.session,
            [
                movements.Opening(
                    enterprise=self.number["enterprises"][site_of[record["site"]]["enterprise"]],
                    site=self.number["sites"][record["site"]],
                    substance=self.number["substances"][record["substance"]],
                    quantity=record["qty"],
                    day=self.bundle.start,
                    recorded_on=date.min,  # known from the first: it is seen whatever the day of view
                )
                for record in records
            ],
            *self.by,
            settled=False,
        )

    def _recorded(self, m: Record, owner: dict[str, int]) -> movements.RecordMovement:
        return movements.RecordMovement(
            key=self.movement[m["id"]],
            outside_id=m["id"],
            site=self.number["sites"][m["site"]],
            enterprise=owner[m["site"]],
            type=MovementType(m["type"]),
            substance=self.number["substances"][m["substance"]],
            quantity=m["qty"],
            day=m["date"],
            recorded_on=m["recorded_on"],
            batch=m.get("batch"),
            usage_record=m.get("usage_record"),
            incident=self.number["incidents"].get(m.get("incident", "")),
            shipment=self.number["shipments"].get(m.get("shipment", "")),
            other=self.movement.get(m.get("counterpart", "")),
            external=self.number["external_parties"].get(m.get("external", "")),
            permit=self.permit.get(m.get("permit") or ""),
            external_permit=m.get("external_permit"),
            transport=self.permit.get(m.get("transport_permit", "")),
            drawn_on=m.get("drawn_on"),
            exempt=m.get("exempt"),
        )

    def _confirmed(self, m: Record) -> Iterable[movements.OfMovement]:
        day, quantity = m.get("external_confirmed_on"), m.get("external_qty")
        if day is not None or quantity is not None:
            yield movements.OfMovement(
                key=self.movement[m["id"]], day=day, recorded_on=day or m["recorded_on"], quantity=quantity
            )

    def supervision(self) -> None:
        """Inspections, road checks, reports, key sites, equipment."""
        number, session = self.number["enterprises"], self.session
        inspections.record(
            session,
            [
                inspections.RecordInspection(
                    outside_id=v["id"],
                    enterprise_id=number[v["enterprise"]],
                    day=v["date"],
                    recorded_on=v["recorded_on"],
                    mode=v["mode"],
                    inspectors=v["inspectors"],
                )
                for v in self.lists["inspections"]
            ],
            *self.by,
        )
        checkpoints.record(
            session,
            [
                checkpoints.RecordRoadCheck(
                    area_id=self._area(c["county"]), day=c["date"], recorded_on=c["recorded_on"]
                )
                for c in self.lists["road_checks"]
            ],
            *self.by,
        )
        supervision.hand_in_annual(
            session,
            [
                supervision.HandInAnnualReport(
                    enterprise_id=number[r["enterprise"]],
                    year=self.bundle.year - 1,
                    day=r["submitted_on"],
                    recorded_on=r["submitted_on"],
                )
                for r in self.lists["annual_reports"]
            ],
            *self.by,
        )
        supervision.hand_in_quarterly(
            session,
            [
                supervision.HandInQuarterlyReport(
                    area_id=self._area(r["county"]),
                    year=self.bundle.year,
                    quarter=r["quarter"],
                    day=r["submitted_on"],
                    recorded_on=r["submitted_on"],
                )
                for r in self.lists["quarterly_reports"]
            ],
            *self.by,
        )
        self._numbered(
            "key_sites",
            supervision.add_key_sites(
                session,
                [
                    supervision.AddKeySite(
                        outside_id=k["id"], area_id=self._area(k["county"]), name=k["name"], since=k["since"]
                    )
                    for k in self.lists["key_sites"]
                ],
                *self.by,
            ),
        )
        supervision.patrol(
            session,
            [
                supervision.RecordPatrol(key_site_id=self.number["key_sites"][k["id"]], day=day, recorded_on=day)
                for k in self.lists["key_sites"]
                for day in k["patrols"]
            ],
            *self.by,
        )
        supervision.record_equipment(
            session,
            [
                supervision.RecordEquipmentEvent(
                    outside_id=q["id"],
                    enterprise_id=number[q["enterprise"]],
                    item=q["item"],
                    event=q["event"],
                    day=q["date"],
                    recorded_on=q["date"],
                    reported_on=q["reported_on"],
                    report_recorded_on=q["reported_on"],
                )
                for q in self.lists["equipment_events"]
            ],
            *self.by,
        )

    def attempts(self) -> dict[str, str | None]:
        """Judge what somebody tried, and keep it."""
        judged = checks.judge(self.bundle)
        movements.keep_attempts(
            self.session,
            [
                movements.JudgedAttempt(
                    outside_id=a["id"],
                    day=a["date"],
                    action=a["action"],
                    permit_holder_id=self.permit[a["permit"]].holder if a["permit"] else None,
                    permit_id=self.permit[a["permit"]].id if a["permit"] else None,
                    substance_id=self.number["substances"][a["substance"]],
                    quantity=a["qty"],
                    seller_site_id=self.number["sites"].get(a.get("seller_site", "")),
                    buyer=a.get("buyer"),
                    payment=a.get("payment"),
                    carrier_id=self.number["enterprises"].get(a.get("carrier", "")),
                    code=judged[a["id"]],
                )
                for a in self.lists["attempts"]
            ],
            *self.by,
        )
        return judged

    def short_faults(self, short: Iterable[ledger.Shortfall]) -> Iterable[Fault]:
        """For each stock below zero, an outgoing movement of the first such day."""
        for found in short:
            for position, m in enumerate(self.lists["movements"]):
                if (
                    m["date"] == found.day
                    and self.number["sites"][m["site"]] == found.site
                    and self.number["substances"][m["substance"]] == found.substance
                    and not MovementType(m["type"]).is_in
                ):
                    yield Fault(
                        self.bundle.pointer("movements", position, "qty"),
                        f"{found.day} 日终库存为负 / the stock of {m['site']}/{m['substance']} "
                        f"would be below zero at the end of {found.day}",
                    )
                    break
