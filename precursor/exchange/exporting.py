"""Write the register as a bundle; importing it again gives the same figures and the same bundle."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from precursor import ledger
from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.areas.service import City
from precursor.checkpoints.models import RoadCheck
from precursor.core import quantity
from precursor.enterprises.models import (
    Delegation,
    DelegationAnswer,
    EnterpriseStatus,
    GradeEntry,
    InformationOfficer,
    Party,
    Site,
    Supervisor,
)
from precursor.exchange.form import BUNDLE_ENTERPRISES, BUNDLE_LEVELS, SCHEMA
from precursor.incidents.models import Incident
from precursor.inspections.models import Inspection
from precursor.movements.models import (
    Attempt,
    Batch,
    Confirmation,
    Movement,
    Reversal,
    SalesReport,
    Stocktake,
    StocktakeApproval,
)
from precursor.movements.service import stands
from precursor.permits.models import Permit, Revocation, RouteStop, Suspension, Verification
from precursor.rules.movements import BUNDLE_TYPES
from precursor.rules.permits import BUNDLE_KINDS
from precursor.substances.models import Substance
from precursor.supervision.models import AnnualReport, EquipmentEvent, KeySite, Patrol, QuarterlyReport
from precursor.trade.models import Shipment, ShipmentLeg

Record = dict[str, Any]


def export_bundle(session: Session) -> tuple[str, list[str]]:
    """The register as the text of a bundle, and what the schema cannot hold (empty: nothing is lost)."""
    city = areas.city(session)
    writing = _Writing(session, city)
    document = {
        "schema": SCHEMA,
        "timezone": "Asia/Shanghai",
        "period": {"start": str(city.opened.period_start), "end": str(city.opened.period_end)},
        "as_of": str(city.opened.as_of or city.opened.period_end),
        "rules": json.loads(city.opened.parameters),
        **writing.lists(),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n", list(writing.left_out())


class _Writing:
    """Looks numbers up as the ids of the bundle."""

    def __init__(self, session: Session, city: City) -> None:
        self.session, self.city = session, city
        self.year = city.opened.period_start.year
        self.area = self._names(Area)
        self.party = self._names(Party)
        self.site = self._names(Site)
        self.permit = self._names(Permit)
        self.shipment = self._names(Shipment)
        self.incident = self._names(Incident)
        substances = self._all(Substance)
        self.substance = {s.id: s.outside_id for s in substances}
        self.unit = {s.id: s.unit for s in substances}

    def _names(self, model: Any) -> dict[int, str]:
        return {number: name for number, name in self.session.execute(sa.select(model.id, model.outside_id))}  # noqa: C416

    @staticmethod
    def _named(names: dict[int, str], number: int | None) -> str | None:
        return None if number is None else names[number]

    def _all(self, model: Any, *order: Any) -> Sequence[Any]:
        return self.session.scalars(sa.select(model).order_by(*(order or (model.id,)))).all()

    def _amount(self, amount: int, substance: int) -> int | str:
        text = quantity.show(amount, self.unit[substance])
        return text if "." in text else int(text)

    def lists(self) -> dict[str, list[Record]]:
        """Every list, in the order of the records' numbers."""
        return {
            "jurisdictions": [
                {
                    "id": a.outside_id,
                    "name": a.name,
                    "level": a.level,
                    "parent": self.area[a.parent_id] if a.parent_id else a.parent_outside_id,
                }
                for a in self._all(Area)
            ],
            "substances": [
                {"id": s.outside_id, "name_zh": s.name_zh, "category": s.category, "kind": s.kind, "unit": s.unit}
                for s in self._all(Substance)
            ],
            "enterprises": list(self._enterprises()),
            "external_parties": [
                {"id": p.outside_id, "name": p.name} | ({"county": self.area[p.area_id]} if p.area_id else {})
                for p in self._all(Party)
                if p.is_external
            ],
            "sites": [
                {
                    "id": s.outside_id,
                    "enterprise": self.party[s.enterprise_id],
                    "county": self.area[s.area_id],
                    "open_on": str(s.open_on),
                    "closed_on": _day(s.closed_on),
                    "registered": bool(s.registered),
                }
                for s in self._all(Site)
            ],
            "delegations": list(self._delegations()),
            "permits": list(self._permits()),
            "stock_opening": [
                {
                    "site": self.site[site],
                    "substance": self.substance[substance],
                    "qty": self._amount(amount, substance),
                }
                for site, substance, amount, _ in self.session.execute(ledger.openings())
            ],
            "movements": list(self._movements()),
            "shipments": list(self._shipments()),
            "attempts": list(self._attempts()),
            "inspections": [
                {
                    "id": v.outside_id,
                    "enterprise": self.party[v.enterprise_id],
                    "date": str(v.day),
                    "recorded_on": str(v.recorded_on),
                    "mode": v.mode,
                    "inspectors": v.inspectors,
                }
                for v in self._all(Inspection)
            ],
            "road_checks": [
                {"county": self.area[c.area_id], "date": str(c.day), "recorded_on": str(c.recorded_on)}
                for c in self._all(RoadCheck)
            ],
            "incidents": [
                {
                    "id": i.outside_id,
                    "enterprise": self.party[i.enterprise_id],
                    "site": self.site[i.site_id],
                    "substance": self.substance[i.substance_id],
                    "qty": self._amount(i.quantity, i.substance_id),
                    "kind": i.kind,
                    "discovered_at": i.discovered_text,
                    "reported_at": i.reported_text,
                }
                for i in self._all(Incident)
            ],
            f"annual_reports_{self.year - 1}": [
                {"enterprise": self.party[r.enterprise_id], "submitted_on": str(r.day)}
                for r in self._all(AnnualReport, AnnualReport.enterprise_id)
                if r.year == self.year - 1
            ],
            "quarterly_reports": [
                {"county": self.area[r.area_id], "quarter": r.quarter, "submitted_on": str(r.day)}
                for r in self._all(QuarterlyReport, QuarterlyReport.area_id, QuarterlyReport.quarter)
                if r.year == self.year
            ],
            "key_sites": list(self._key_sites()),
            "equipment_events": [
                {
                    "id": q.outside_id,
                    "enterprise": self.party[q.enterprise_id],
                    "item": q.item,
                    "event": q.event,
                    "date": str(q.day),
                    "reported_on": str(q.reported_on),
                }
                for q in self._all(EquipmentEvent)
            ],
            "stocktakes": [
                {
                    "date": str(t.day),
                    "site": self.site[t.site_id],
                    "substance": self.substance[t.substance_id],
                    "counted": self._amount(t.counted, t.substance_id),
                }
                for t in self._all(Stocktake)
            ],
        }

    def _enterprises(self) -> Iterator[Record]:
        grades: dict[int, list[list[str]]] = {}
        for grade in self._all(GradeEntry, GradeEntry.enterprise_id, GradeEntry.since):
            grades.setdefault(grade.enterprise_id, []).append([str(grade.since), grade.grade])
        with_officer = set(self.session.scalars(sa.select(InformationOfficer.enterprise_id)))
        for e in self._all(Party):
            if e.is_external:
                continue
            yield {
                "id": e.outside_id,
                "name": e.name,
                "kind": e.kind,
                "registered_county": self.area[e.area_id],
                "registered_on": str(e.registered_on),
                "grades": grades.get(e.id, []),
                "information_officer": e.id in with_officer,
            } | _present(seal_card=e.seal_card, seal_card_valid_to=_day(e.seal_card_valid_to))

    def _delegations(self) -> Iterator[Record]:
        answers = {(a.delegation_id, a.answer): a.day for a in self._all(DelegationAnswer, DelegationAnswer.day)}
        for d in self._all(Delegation):
            yield {
                "id": d.outside_id,
                "site": self.site[d.site_id],
                "delegator": self.area[d.delegator_id],
                "delegate": self.area[d.delegate_id],
                "requested_on": str(d.requested_on),
                "accepted_on": _day(answers.get((d.id, "accepted"))),
                "valid_to": str(d.valid_to),
                "revoked_on": _day(answers.get((d.id, "revoked"))),
            }

    def _permits(self) -> Iterator[Record]:
        revoked = {r.permit_id: r.day for r in self._all(Revocation, Revocation.permit_id)}
        verified = {v.permit_id: v for v in self._all(Verification, Verification.permit_id)}
        routes: dict[int, list[str]] = {}
        for stop in self._all(RouteStop, RouteStop.permit_id, RouteStop.position):
            routes.setdefault(stop.permit_id, []).append(self.area[stop.area_id])
        for p in self._all(Permit):
            if p.kind not in BUNDLE_KINDS or p.substance_id is None or p.quantity is None:
                continue
            verification = verified.get(p.id)
            yield {
                "id": p.outside_id,
                "kind": p.kind,
                "holder": self.party[p.enterprise_id],
                "substance": self.substance[p.substance_id],
                "qty": self._amount(p.quantity, p.substance_id),
                "valid_from": str(p.valid_from),
                "valid_to": str(p.valid_to),
                "uses": p.uses,
                "responsible_county": self.area[p.area_id],
                "seller": self.party[p.seller_id] if p.seller_id else None,
                "route": routes.get(p.id, []) if p.has_route else None,
                "revoked_on": _day(revoked.get(p.id)),
                "verified_on": _day(verification.day) if verification else None,
                "verification_result": verification.result if verification else None,
            }

    def _movements(self) -> Iterator[Record]:
        other = aliased(Movement)
        query = (
            sa.select(Movement, SalesReport.day, Confirmation.day, Confirmation.quantity, other.outside_id)
            .outerjoin(
                SalesReport,
                sa.and_(SalesReport.enterprise_id == Movement.enterprise_id, SalesReport.movement_id == Movement.id),
            )
            .outerjoin(
                Confirmation,
                sa.and_(
                    Confirmation.enterprise_id == Movement.enterprise_id, Confirmation.movement_id == Movement.id
                ),
            )
            .outerjoin(
                other,
                sa.and_(
                    other.enterprise_id == Movement.other_enterprise_id,
                    other.id == Movement.other_id,
                    other.version == 0,
                ),
            )
            .where(stands(Movement), Movement.type.in_([kind.value for kind in BUNDLE_TYPES]))
            .order_by(Movement.id, Movement.version)
        )
        for m, reported, confirmed, amount, counterpart in self.session.execute(query):
            yield {
                "id": m.outside_id,
                "date": str(m.day),
                "recorded_on": str(m.recorded_on),
                "site": self.site[m.site_id],
                "type": m.type,
                "substance": self.substance[m.substance_id],
                "qty": self._amount(m.quantity, m.substance_id),
            } | _present(
                batch=m.batch,
                usage_record=m.usage_record,
                incident=self._named(self.incident, m.incident_id),
                shipment=self._named(self.shipment, m.shipment_id),
                counterpart=counterpart,
                external=self._named(self.party, m.external_id),
                permit=self._named(self.permit, m.permit_id),
                external_permit=m.external_permit,
                transport_permit=self._named(self.permit, m.transport_permit_id),
                drawn_on=_day(m.drawn_on),
                external_confirmed_on=_day(confirmed),
                external_qty=None if amount is None else self._amount(amount, m.substance_id),
                exempt=m.exempt,
                sales_reported_on=_day(reported),
            )

    def _shipments(self) -> Iterator[Record]:
        legs = {(leg.shipment_id, leg.leg): leg for leg in self._all(ShipmentLeg, ShipmentLeg.recorded_at)}
        for s in self._all(Shipment):
            foreign, domestic = legs[s.id, "foreign"], legs[s.id, "domestic"]
            yield {
                "id": s.outside_id,
                "direction": s.direction,
                "enterprise": self.party[s.enterprise_id],
                "substance": self.substance[s.substance_id],
                "qty": self._amount(s.quantity, s.substance_id),
                "customs_date": str(s.customs_day),
                "licence": s.licence,
                "customs_no": s.customs_number,
                "foreign_leg": {"state": foreign.state, "on": _day(foreign.day), "reason": foreign.reason},
                "domestic_leg": {"state": domestic.state, "on": _day(domestic.day)},
            }

    def _attempts(self) -> Iterator[Record]:
        for a in self._all(Attempt):
            yield {
                "id": a.outside_id,
                "date": str(a.day),
                "action": a.action,
                "permit": self._named(self.permit, a.permit_id),
                "substance": self.substance[a.substance_id],
                "qty": self._amount(a.quantity, a.substance_id),
            } | (
                {"carrier": self.party[a.carrier_id]}
                if a.action == "carry"
                else {"seller_site": self.site[a.seller_site_id], "buyer": a.buyer, "payment": a.payment}
            )

    def _key_sites(self) -> Iterator[Record]:
        patrols: dict[int, list[str]] = {}
        for patrol in self._all(Patrol):
            patrols.setdefault(patrol.key_site_id, []).append(str(patrol.day))
        for k in self._all(KeySite):
            yield {
                "id": k.outside_id,
                "county": self.area[k.area_id],
                "name": k.name,
                "since": str(k.since),
                "patrols": patrols.get(k.id, []),
            }

    def left_out(self) -> Iterator[str]:
        """What this register holds and the schema does not."""
        types, kinds = [kind.value for kind in BUNDLE_TYPES], [kind.value for kind in BUNDLE_KINDS]
        for model, condition, words in (
            (Reversal, sa.true(), "reversals: only what stands is exported"),
            (AnnualReport, AnnualReport.year != self.year - 1, "annual reports on other years"),
            (Movement, Movement.type.not_in(types), "movements of types that a bundle does not know"),
            (Movement, Movement.exempt != "seal_card", "exemptions that a bundle does not know"),
            (Substance, Substance.category == 0, "narcotic and psychotropic drugs"),
            (
                Party,
                Party.kind.not_in((*BUNDLE_ENTERPRISES, "external")),
                "enterprises of kinds that a bundle does not know",
            ),
            (Area, Area.level.not_in(BUNDLE_LEVELS), "areas of levels that a bundle does not know"),
            (Movement, Movement.reason.is_not(None), "reasons why movements were recorded late"),
            (Permit, Permit.kind.not_in(kinds), "documents of kinds that a bundle does not know"),
            (Suspension, sa.true(), "suspensions and reinstatements"),
            (Batch, sa.true(), "batches"),
            (EnterpriseStatus, sa.true(), "changes of status"),
            (StocktakeApproval, sa.true(), "approvals of stocktakes"),
            (Supervisor, sa.true(), "supervisors"),
        ):
            if count := self.session.scalar(sa.select(sa.func.count()).select_from(model).where(condition)):
                yield f"{count} {words}"


def _present(**members: Any) -> Record:
    """The optional members that are there."""
    return {name: value for name, value in members.items() if value is not None}


def _day(day: date | None) -> str | None:
    return None if day is None else str(day)
