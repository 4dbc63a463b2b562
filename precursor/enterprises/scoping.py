"""From a scope to a condition: the one place that says which rows a grant lets somebody see.

Every list, detail, count, export and search of the register filters by ``visible``.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from precursor.areas import service as areas
from precursor.core.access import Reach, Scope
from precursor.core.db import Expr
from precursor.enterprises.models import Party
from precursor.substances.models import Substance

#: Kinds of enterprises that deal in drugs, and those that treat patients.
PHARMA_KINDS: Final = ("hospital", "pharma_wholesaler", "drug_producer", "pharmacy")
MEDICAL_KINDS: Final = ("hospital",)
TRADE_KINDS: Final = ("importer_exporter",)

_KINDS: Final = {
    Reach.DOM_MEDICAL: Party.kind.in_(MEDICAL_KINDS),
    Reach.DOM_PHARMA: Party.kind.in_(PHARMA_KINDS),
    Reach.DOM_NONPHARMA: Party.kind.not_in(("pharma_wholesaler", "drug_producer", "pharmacy")),
    Reach.DOM_TRADE: Party.kind.in_(TRADE_KINDS),
}
_SUBSTANCES: Final = {Reach.DOM_PHARMA: Substance.kind == "drug", Reach.DOM_NONPHARMA: Substance.kind != "drug"}


def visible(
    scope: Scope,
    *,
    enterprise: Expr | None = None,
    areas_of: Sequence[Expr] = (),
    substance: Expr | None = None,
    parties: Sequence[Expr] = (),
    is_trade: bool = False,
) -> sa.ColumnElement[bool]:
    """Whether a row may be seen in ``scope``, said with the row's columns.

    ``enterprise`` is whose row it is, ``parties`` who else is in it (for PARTY), ``areas_of`` the areas it concerns
    besides the enterprise's own, ``substance`` what it is about (None: the kind of enterprise decides instead).
    """
    if scope.reach in (Reach.ALL, Reach.PUB):
        return sa.true()
    if scope.reach is Reach.ENT:
        return sa.false() if enterprise is None else enterprise == scope.enterprise_id
    if scope.reach is Reach.PARTY:
        return sa.or_(*(column == scope.enterprise_id for column in (enterprise, *parties) if column is not None))
    return sa.and_(_in_area(scope, enterprise, areas_of), _in_domain(scope, enterprise, substance, is_trade=is_trade))


def _in_area(scope: Scope, enterprise: Expr | None, areas_of: Sequence[Expr]) -> sa.ColumnElement[bool]:
    inside = areas.subtree(scope.area_id or 0)
    found = [column.in_(inside) for column in areas_of]
    if enterprise is not None:
        found.append(enterprise.in_(sa.select(Party.id).where(Party.area_id.in_(inside))))
    return sa.or_(*found)


def _in_domain(
    scope: Scope, enterprise: Expr | None, substance: Expr | None, *, is_trade: bool
) -> sa.ColumnElement[bool]:
    if substance is not None and scope.reach in _SUBSTANCES:
        return substance.in_(sa.select(Substance.id).where(_SUBSTANCES[scope.reach]))
    if scope.reach not in _KINDS or (is_trade and scope.reach is Reach.DOM_TRADE):
        return sa.true()
    if enterprise is None:
        return sa.false()
    return enterprise.in_(sa.select(Party.id).where(_KINDS[scope.reach]))


def one(session: Any, query: sa.Select) -> Any:
    """The one object that a query finds, or None."""
    return session.scalars(query.limit(1)).one_or_none()
