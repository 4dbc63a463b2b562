"""K4: every stock movement, written off (核销) or not, and why not; and stocktakes against the book.

The first fault wins, in the order: other side, document, confirmation, quantity (DEFINITIONS D14).
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor import ledger
from precursor.areas.models import Area
from precursor.core.db import BIG, Expr
from precursor.enterprises.models import Party, Site
from precursor.incidents.models import Incident
from precursor.movements import service as movements_service
from precursor.movements.models import Confirmation, Movement, Stocktake
from precursor.permits.models import Permit, Revocation
from precursor.reconciliation.view import View, flag
from precursor.rules.movements import TYPES, MovementType, Proof
from precursor.rules.targets import BILLION, Parameters
from precursor.substances.models import Substance
from precursor.trade.models import Shipment

T = MovementType


def stands(movement: Any, view: View) -> sa.ColumnElement[bool]:
    """Whether a version of a movement is seen, and not seen to be reversed."""
    return movements_service.stands(movement, view.as_of)


def tolerance(parameters: Parameters) -> sa.ColumnElement[int]:
    """The tolerance of a row's substance, in billionths."""
    return sa.case(
        (Substance.kind == "drug", parameters.tolerance("drug")),
        (Substance.category == 1, parameters.tolerance("1")),
        (Substance.category == 2, parameters.tolerance("2")),
        else_=parameters.tolerance("3"),
    )


def share(part: Expr, whole: Expr) -> sa.ColumnElement[int]:
    """``part`` billionths of ``whole``, rounded down, without leaving 64 bits."""
    return part * (whole // BILLION) + part * (whole % BILLION) // BILLION


def _within(a: Any, b: Any, part: Expr) -> sa.ColumnElement[bool]:
    larger = sa.case((a > b, a), else_=b)
    return sa.func.abs(a - b) <= share(part, larger)


def _types(*proofs: Proof) -> list[str]:
    return [kind.value for kind, rule in TYPES.items() if rule.proof in proofs]


def _shipped(view: View, enterprise: int | None) -> sa.Subquery:
    """What the movements of each shipment add up to: those of its enterprise, substance and direction."""
    moved = aliased(Movement)
    return (
        sa.select(moved.shipment_id, sa.cast(sa.func.sum(moved.quantity), BIG).label("quantity"))
        .join(Shipment, Shipment.id == moved.shipment_id)
        .where(stands(moved, view), _fits(moved), *_only(moved, enterprise))
        .group_by(moved.shipment_id)
        .subquery()
    )


def _only(movement: Any, enterprise: int | None) -> Sequence[sa.ColumnElement[bool]]:
    return () if enterprise is None else (movement.enterprise_id == enterprise,)


def _fits(movement: Any) -> sa.ColumnElement[bool]:
    """Whether a movement can be of the shipment it names."""
    return sa.and_(
        Shipment.enterprise_id == movement.enterprise_id,
        Shipment.substance_id == movement.substance_id,
        sa.case(
            (movement.type == T.IMPORT_IN.value, Shipment.direction == "import"),
            (movement.type == T.EXPORT_OUT.value, Shipment.direction == "export"),
            else_=sa.false(),
        ),
    )


def movements(view: View, enterprise: int | None = None) -> sa.Select:
    """K4: one unit for each movement of the period at a site of the areas, with the code of what is missing.

    ``enterprise``: only its movements.
    """
    this, other, buyer = aliased(Movement), aliased(Movement), aliased(Party)
    mover, counterparty = aliased(Party), aliased(Party)
    shipped = _shipped(view, enterprise)
    named = this.other_id.is_not(None)
    sold = this.type == T.SALE_OUT.value
    paired = sa.and_(
        other.id.is_not(None),
        other.other_enterprise_id == this.enterprise_id,
        other.other_id == this.id,
        other.substance_id == this.substance_id,
        sa.case(
            *(
                (this.type == kind.value, other.type == rule.pairs_with.value)
                for kind, rule in TYPES.items()
                if rule.pairs_with
            ),
            else_=sa.false(),
        ),
    )
    namer = aliased(Movement)
    named_by_another = (
        sa.exists()
        .where(namer.other_enterprise_id == this.enterprise_id, namer.other_id == this.id, stands(namer, view))
        .correlate(this)
    )
    sale_day = sa.case((sold, this.day), (named, other.day), else_=sa.func.coalesce(this.drawn_on, this.day))
    buyer_id = sa.case((~sold, this.enterprise_id), (named, this.other_enterprise_id), else_=this.external_id)
    in_force = sa.and_(
        Permit.substance_id == this.substance_id,
        Permit.enterprise_id == buyer_id,
        sale_day.between(Permit.valid_from, Permit.valid_to),
        sa.or_(Revocation.day.is_(None), Revocation.day >= sale_day),
    )
    on_card = sa.and_(buyer.seal_card.is_not(None), buyer.seal_card_valid_to >= sale_day)
    documented = sa.case(
        (sa.and_(sold, ~named, this.external_permit.is_not(None)), sa.true()),
        (this.exempt == "seal_card", on_card),
        (this.exempt.is_not(None), sa.true()),  # judged when it was recorded
        else_=in_force,
    )
    part = tolerance(view.parameters)
    no_record = sa.literal("WRITEOFF_NO_RECORD")
    mismatch = sa.literal("WRITEOFF_QTY_MISMATCH")
    no_other = sa.literal("WRITEOFF_NO_COUNTERPART")
    no_permit = sa.literal("WRITEOFF_NO_PERMIT")
    unconfirmed = sa.literal("WRITEOFF_NO_CONFIRMATION")

    def unless(*rows: tuple[Any, Any]) -> Any:
        """The code of the first condition that does not surely hold; NULL when all do."""
        return sa.case(*((sa.not_(sa.func.coalesce(holds, sa.false())), code) for holds, code in rows))

    both = (documented, no_permit), (_within(this.quantity, other.quantity, part), mismatch)
    outside = (
        (~named_by_another, no_other),  # named by one side only: both fail
        (documented, no_permit),
        (sa.and_(Confirmation.day.is_not(None), Confirmation.quantity.is_not(None)), unconfirmed),
        (_within(this.quantity, Confirmation.quantity, part), mismatch),
    )
    returned = tuple(row for row in outside if row[1] is not no_permit)
    code = sa.case(
        (this.type == T.PRODUCTION_IN.value, unless((this.batch.is_not(None), no_record))),
        (this.type.in_(_types(Proof.USAGE)), unless((this.usage_record.is_not(None), no_record))),
        (
            this.type == T.LOSS_OUT.value,
            unless(
                (
                    sa.and_(Incident.site_id == this.site_id, Incident.substance_id == this.substance_id),
                    no_record,
                )
            ),
        ),
        (this.type == T.DISPOSAL_OUT.value, no_record),
        (
            this.type.in_(_types(Proof.SHIPMENT)),
            unless(
                (
                    sa.and_(Shipment.licence.is_not(None), Shipment.customs_number.is_not(None), _fits(this)),
                    no_record,
                ),
                (_within(shipped.c.quantity, Shipment.quantity, part), mismatch),
            ),
        ),
        (
            this.type.in_(_types(Proof.TRANSFER)),
            unless(
                (
                    sa.and_(paired, other.enterprise_id == this.enterprise_id, other.site_id != this.site_id),
                    no_other,
                ),
                (_within(this.quantity, other.quantity, part), mismatch),
            ),
        ),
        (
            sa.and_(named, this.type.in_(_types(Proof.RETURN))),
            unless((paired, no_other), (_within(this.quantity, other.quantity, part), mismatch)),
        ),
        (sa.and_(this.external_id.is_not(None), this.type.in_(_types(Proof.RETURN))), unless(*returned)),
        (named, unless((paired, no_other), *both)),
        (this.external_id.is_not(None), unless(*outside)),
        else_=no_other,
    )
    return (
        sa.select(
            Area.outside_id.label("area"),
            this.outside_id.label("unit"),
            flag(code.is_(None)).label("ok"),
            flag(code.is_not(None)).label("flagged"),
            code.label("code"),
            this.recorded_on.label("since"),
            mover.outside_id.label("enterprise"),
            counterparty.outside_id.label("other"),
            flag(Substance.kind == "drug").label("drug"),
            this.quantity.label("quantity"),
            sa.case((named, other.quantity), else_=Confirmation.quantity).label("other_quantity"),
            Substance.unit.label("measure"),
            this.day.label("day"),
        )
        .select_from(this)
        .join(Site, Site.id == this.site_id)
        .join(Area, Area.id == Site.area_id)
        .join(Substance, Substance.id == this.substance_id)
        .join(mover, mover.id == this.enterprise_id)
        .outerjoin(counterparty, counterparty.id == this.other_enterprise_id)
        .outerjoin(
            other,
            sa.and_(other.enterprise_id == this.other_enterprise_id, other.id == this.other_id, stands(other, view)),
        )
        .outerjoin(Permit, sa.and_(Permit.enterprise_id == this.permit_holder_id, Permit.id == this.permit_id))
        .outerjoin(
            Revocation,
            sa.and_(
                Revocation.enterprise_id == this.permit_holder_id,
                Revocation.permit_id == this.permit_id,
                view.seen(Revocation.recorded_on),
            ),
        )
        .outerjoin(buyer, sa.and_(this.exempt.is_not(None), buyer.id == buyer_id))
        .outerjoin(
            Confirmation,
            sa.and_(
                this.external_id.is_not(None),
                Confirmation.enterprise_id == this.enterprise_id,
                Confirmation.movement_id == this.id,
                view.seen(Confirmation.recorded_on),
            ),
        )
        .outerjoin(Shipment, sa.and_(Shipment.id == this.shipment_id, view.seen(Shipment.recorded_on)))
        .outerjoin(shipped, shipped.c.shipment_id == this.shipment_id)
        .outerjoin(Incident, sa.and_(Incident.id == this.incident_id, view.seen(Incident.recorded_on)))
        .where(view.dated(this.day), view.counts(Site.area_id), stands(this, view), *_only(this, enterprise))
    )


def stocktakes(view: View) -> sa.Select:
    """Stocktakes of the period that differ from the book by more than the tolerance (no figure counts them)."""
    book = ledger.posted_to(Stocktake.site_id, Stocktake.substance_id, Stocktake.day, view.as_of)
    counted = (
        sa.select(
            Area.outside_id.label("area"),
            Site.outside_id.label("site"),
            Substance.outside_id.label("substance"),
            Substance.unit.label("measure"),
            Stocktake.day.label("since"),
            Party.outside_id.label("enterprise"),
            flag(Substance.kind == "drug").label("drug"),
            Stocktake.counted,
            book.label("book"),
            tolerance(view.parameters).label("part"),
        )
        .select_from(Stocktake)
        .join(Site, Site.id == Stocktake.site_id)
        .join(Area, Area.id == Site.area_id)
        .join(Party, Party.id == Stocktake.enterprise_id)
        .join(Substance, Substance.id == Stocktake.substance_id)
        .where(view.dated(Stocktake.day), view.seen(Stocktake.recorded_on), view.counts(Site.area_id))
        .subquery()
    )
    c = counted.c
    return sa.select(counted).where(sa.func.abs(c.counted - c.book) > share(c.part, c.book))
