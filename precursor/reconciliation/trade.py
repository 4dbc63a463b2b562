"""K3 imports and exports, K7 sales reports, K14 losses."""

import sqlalchemy as sa

from precursor.areas.models import Area
from precursor.core.db import days_after, unindexed
from precursor.enterprises.models import Party
from precursor.incidents.models import Incident
from precursor.incidents.service import is_late
from precursor.movements.models import Movement, SalesReport
from precursor.reconciliation.view import View, flag
from precursor.reconciliation.writeoff import stands
from precursor.rules.movements import MovementType
from precursor.substances.models import Substance
from precursor.trade.models import Shipment, ShipmentLeg
from precursor.trade.service import IS_LEG_DONE


def shipments(view: View) -> sa.Select:
    """K3: one unit for each import or export by customs date; done when both legs are."""

    def leg_done(leg: str) -> sa.ColumnElement[int]:
        return flag(
            sa.exists()
            .where(
                ShipmentLeg.shipment_id == Shipment.id,
                ShipmentLeg.leg == leg,
                sa.or_(ShipmentLeg.recorded_on.is_(None), view.seen(ShipmentLeg.recorded_on)),
                IS_LEG_DONE,
            )
            .correlate(Shipment)
        )

    legs = (
        sa.select(
            Area.outside_id.label("area"),
            Shipment.outside_id.label("unit"),
            leg_done("foreign").label("foreign_done"),
            leg_done("domestic").label("domestic_done"),
            Shipment.recorded_on.label("since"),
            Party.outside_id.label("enterprise"),
            flag(Substance.kind == "drug").label("drug"),
        )
        .select_from(Shipment)
        .join(Substance, Substance.id == Shipment.substance_id)
        .join(Party, Party.id == Shipment.enterprise_id)
        .join(Area, Area.id == Party.area_id)
        .where(view.dated(Shipment.customs_day), view.seen(Shipment.recorded_on), view.counts(Party.area_id))
        .subquery()
    )
    done = legs.c.foreign_done * legs.c.domestic_done
    return sa.select(legs, done.label("ok"), (1 - done).label("flagged"))


def sales(view: View) -> sa.Select:
    """K7: one unit for each sale of the period whose deadline for the report has come."""
    days = view.parameters.sales_report_days
    allowed = sa.case(*((Substance.category == int(category), number) for category, number in sorted(days.items())))
    deadline = days_after(Movement.day, allowed)
    reported = SalesReport.day.is_not(None)
    on_time = sa.and_(reported, SalesReport.day <= deadline)
    return (
        sa.select(
            Area.outside_id.label("area"),
            Movement.outside_id.label("unit"),
            flag(on_time).label("ok"),
            flag(sa.not_(sa.func.coalesce(on_time, sa.false()))).label("flagged"),
            flag(reported).label("reported"),
            deadline.label("since"),
            Party.outside_id.label("enterprise"),
            flag(Substance.kind == "drug").label("drug"),
        )
        .select_from(Movement)
        .join(Party, Party.id == Movement.enterprise_id)
        .join(Area, Area.id == Party.area_id)
        .join(Substance, Substance.id == Movement.substance_id)
        .outerjoin(
            SalesReport,
            sa.and_(
                SalesReport.enterprise_id == Movement.enterprise_id,
                SalesReport.movement_id == Movement.id,
                view.seen(SalesReport.recorded_on),
            ),
        )
        .where(
            Movement.type == MovementType.SALE_OUT.value,
            view.dated(unindexed(Movement.day)),
            view.counts(Party.area_id),
            stands(Movement, view),
            deadline <= view.as_of,
        )
    )


def losses(view: View) -> sa.Select:
    """K14: one unit for each incident discovered in the period; ok when it was reported in time."""
    late = is_late(Incident, view.parameters.loss_report_hours)
    return (
        sa.select(
            Area.outside_id.label("area"),
            Incident.outside_id.label("unit"),
            flag(sa.not_(late)).label("ok"),
            flag(late).label("flagged"),
            Incident.recorded_on.label("since"),
            Incident.discovered_at,
            Incident.reported_at,
            Party.outside_id.label("enterprise"),
            flag(Substance.kind == "drug").label("drug"),
        )
        .select_from(Incident)
        .join(Substance, Substance.id == Incident.substance_id)
        .join(Party, Party.id == Incident.enterprise_id)
        .join(Area, Area.id == Party.area_id)
        .where(view.dated(Incident.day), view.seen(Incident.recorded_on), view.counts(Party.area_id))
    )
