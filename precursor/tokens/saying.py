"""What a document's token says: its claims, from the register (C4, DECISIONS 14 and 15)."""

import json
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.core.clock import SHANGHAI
from precursor.core.errors import Refused
from precursor.core.quantity import UNITS
from precursor.enterprises.models import Party
from precursor.permits.models import Permit, RouteStop
from precursor.rules.permits import PermitKind, Uses
from precursor.signing import claims as c
from precursor.substances.models import Substance

K = PermitKind
#: The kinds that get a token, and which document each is; licences of trade say themselves which way.
DOCUMENTS: Final = {
    K.PURCHASE_PERMIT: c.PURCHASE_PERMIT,
    K.PURCHASE_USE_CERTIFICATE: c.PURCHASE_PERMIT,
    K.PURCHASE_FILING: c.PURCHASE_FILING,
    K.TRANSFER_FILING: c.PURCHASE_FILING,
    K.TRANSPORT_PERMIT: c.TRANSPORT_PERMIT,
    K.NARCOTIC_TRANSPORT_CERTIFICATE: c.TRANSPORT_PERMIT,
    K.TRANSPORT_FILING: c.TRANSPORT_FILING,
    K.IMPORT_EXPORT_LICENCE: c.IMPORT,
}
#: On these the holder receives; on the others he gives.
_HOLDER_TAKES: Final = frozenset((c.PURCHASE_PERMIT, c.PURCHASE_FILING, c.IMPORT))
_SCHEDULES: Final = {"narcotic": 10, "psychotropic_1": 11, "psychotropic_2": 12}
_CATALOGUES: Final = {"N": 40_000, "P1": 41_000, "P2": 42_000}
_PIECES: Final = {"片": c.TABLET, "支": c.AMPOULE}
_MONTHS: Final = {3: 2, 12: 3, 6: 4}
_OTHER_TIME: Final = 5
_MOST_ISSUER: Final = 32
_MOST_DAYS: Final = 400


def scope_of(area: Area) -> str:
    """The authority as tokens and keys name it. Refused when its name is too long for a token."""
    scope = f"cn-{area.code}" if area.code else f"x-{area.outside_id}"
    if len(scope) > _MOST_ISSUER:
        raise Refused(f"辖区编号过长,不能签发 / the id of the area is too long for a token: {area.outside_id}")
    return scope


def area_called(session: Session, outside_id: str) -> Area:
    """The area that is called so. NotFound when there is none."""
    return areas.by_outside_id(session, outside_id)


def instant(day: date) -> int:
    """The first second of a legal day."""
    return int(datetime.combine(day, datetime.min.time(), SHANGHAI).timestamp())


def claims_of(session: Session, permit: Permit) -> dict[int, Any]:
    """The claims of a document, without its place on a status list and without the instant of signing.

    Refused for a kind that gets no token, and for what a token cannot hold.
    """
    kind = K(permit.kind)
    if kind not in DOCUMENTS:
        raise Refused(f"此类证件不带二维码 / documents of this kind get no token: {kind.value}")
    if (permit.valid_to - permit.valid_from).days >= _MOST_DAYS:
        raise Refused("有效期过长,二维码至多 400 天 / in force for longer than the 400 days of a token")
    if permit.substance_id is None or not permit.quantity:
        raise Refused("证件未写明品种与数量 / the document names no substance and quantity")
    substance = session.get_one(Substance, permit.substance_id)
    document = _document(kind, permit)
    inside = {
        c.VERSION: 1,
        c.DOCUMENT: document,
        c.CATEGORY: _SCHEDULES.get(substance.schedule or "", substance.category),
        c.VALIDITY: _validity(permit),
        c.USES: 1 if permit.uses == Uses.SINGLE else 0,
        c.ITEMS: [item_of(substance, permit.quantity)],
        **_parties(session, permit, document),
        **_journey(session, permit),
    }
    return {
        c.ISS: scope_of(session.get_one(Area, permit.area_id)),
        c.SUB: permit.outside_id,
        c.EXP: instant(permit.valid_to + timedelta(1)),
        c.NBF: instant(permit.valid_from),
        c.PERMIT: inside,
    }


def _document(kind: PermitKind, permit: Permit) -> int:
    if kind is not K.IMPORT_EXPORT_LICENCE:
        return DOCUMENTS[kind]
    return c.EXPORT if _said(permit).get("direction") == "export" else c.IMPORT


def _said(permit: Permit) -> dict[str, str]:
    said: dict[str, str] = json.loads(permit.fields or "{}")
    return said


def _validity(permit: Permit) -> int:
    if permit.uses == Uses.SINGLE:
        return 1
    after = permit.valid_to + timedelta(1)
    months = (after.year - permit.valid_from.year) * 12 + after.month - permit.valid_from.month
    return _MONTHS.get(months, _OTHER_TIME) if after.day == permit.valid_from.day else _OTHER_TIME


def code_of(substance: Substance) -> int | str:
    """CAS number without dashes, else the number of the catalogue, else the register's own id."""
    if substance.cas:
        return int(substance.cas.replace("-", ""))
    if substance.catalogue_item:
        list_, _, number = substance.catalogue_item.partition("-")
        digits = number.rstrip("abcdefghijklmnopqrstuvwxyz")
        if list_ in _CATALOGUES:
            return _CATALOGUES[list_] + int(digits)
        member = ord(number[-1]) - ord("a") + 1 if digits != number else 0
        return int(list_) * 10_000 + int(digits) * 100 + member
    return substance.outside_id


def item_of(substance: Substance, quantity: int) -> list[int | str]:
    """One item: in grams when it is whole grams, else in milligrams; millilitres; pieces as they are."""
    code, (dimension, _) = code_of(substance), UNITS[substance.unit]
    if dimension == "mg":
        return [code, quantity // 1000] if quantity % 1000 == 0 else [code, quantity, c.MILLIGRAM]
    if dimension == "uL" and quantity % 1000 == 0:
        return [code, quantity // 1000, c.MILLILITRE]
    if substance.unit in _PIECES:
        return [code, quantity, _PIECES[substance.unit]]
    raise Refused("数量不能用二维码的单位表示 / the quantity is not whole in a unit of the token")


def in_units_of(item: list[int | str], base: int) -> int:
    """An amount in base units as its token counts it, rounded down: what is left is never said to be more."""
    return base // 1000 if len(item) == 2 or item[2] == c.MILLILITRE else base


def _parties(session: Session, permit: Permit, document: int) -> dict[int, list[str]]:
    holder = permit.enterprise_id
    taker = holder if document in _HOLDER_TAKES else permit.consignee_id
    giver = permit.seller_id if document in _HOLDER_TAKES else holder
    named = {c.GIVER: giver, c.TAKER: taker, c.CARRIER: permit.carrier_id}
    found = {}
    for label, number in named.items():
        if number is not None:
            party = session.get_one(Party, number)
            found[label] = [party.credit_code or "", (party.name or party.outside_id)[:128]]
    return found


def plates_of(permit: Permit) -> list[str]:
    """The plates that a document names."""
    return [plate.strip() for plate in _said(permit).get("plates", "").replace("、", ",").split(",") if plate.strip()]


def _journey(session: Session, permit: Permit) -> dict[int, Any]:
    stops = (
        sa.select(Area)
        .join(RouteStop, RouteStop.area_id == Area.id)
        .where(RouteStop.enterprise_id == permit.enterprise_id, RouteStop.permit_id == permit.id)
        .order_by(RouteStop.position)
    )
    route = [int(area.code) if area.code else area.outside_id for area in session.scalars(stops)]
    plates = plates_of(permit)
    found: dict[int, Any] = {}
    if plates:
        found[c.PLATES] = plates
    if route:
        found[c.ROUTE] = route
    return found
