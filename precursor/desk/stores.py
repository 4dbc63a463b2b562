"""The stock page: what lies where by the books, how the last count agreed, how much there is of each substance."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from flask import Blueprint, Response, render_template, request

from precursor import ledger
from precursor.api.collection import Call, Values
from precursor.api.views import call_of
from precursor.areas.models import Area
from precursor.core import access, quantity
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty
from precursor.desk import looking, names, sheets, terms
from precursor.desk.house import House, call_for
from precursor.enterprises.models import Site
from precursor.rules.law import Words
from precursor.web import paging
from precursor.web.sheets import answer

#: How the last count of a store agreed; a store that holds nothing need not have been counted.
CHECKED: Final = {
    "differs": Words("盘点不符", "Count differs"),
    "never": Words("有库存，未盘点", "Never counted, not empty"),
    "agrees": Words("盘点相符", "Count agrees"),
}
_COLUMNS: Final = ("site", "substance", "quantity", "unit")
_COUNTED: Final = (Words("上次盘点", "Last counted"), Words("盘点减账面", "Counted less book"))


class Counted(NamedTuple):
    """The last count of a store: its day, and counted less what the books say of that day now."""

    day: date
    difference: str


class Total(NamedTuple):
    """How much of a substance lies in how many stores."""

    substance: str
    amount: str
    unit: str
    stores: int


def _counted(house: House, on: date) -> dict[tuple[str, str], Counted] | None:
    """By store and substance: the last count up to a day; None for who may not read stocktakes."""
    stocktakes = house.collections["stocktakes"]
    if (call := call_for(stocktakes.list)) is None:
        return None
    rows = stocktakes.query(call).subquery().c
    order = (rows.date.desc(), rows.nth.desc())
    rank = sa.func.row_number().over(partition_by=(rows.site_id, rows.substance_id), order_by=order)
    last = sa.select(*rows, rank.label("rank")).where(rows.date <= on).subquery().c
    book = ledger.posted_to(last.site_id, last.substance_id, last.date, call.today)
    query = sa.select(last.site, last.substance, last.date, last.counted, book, last.unit).where(last.rank == 1)
    return {
        (site, substance): Counted(day, quantity.show(counted - booked, unit))
        for site, substance, day, counted, booked, unit in call.session.execute(query)
    }


def _state(record: Values) -> str | None:
    """How the last count of a store agreed, as ``CHECKED`` calls it."""
    counted: Counted | None = record["last"]
    if counted is None:
        return "never" if Decimal(record["quantity"]) else None
    return "agrees" if counted.difference == "0" else "differs"


def _totals(records: Sequence[Values]) -> list[Total]:
    """What there is of each substance, the most widely held first."""
    by_substance = defaultdict(list)
    for record in records:
        if Decimal(record["quantity"]):
            by_substance[record["substance"], record["unit"]].append(Decimal(record["quantity"]))
    totals = [
        Total(substance, f"{sum(found, Decimal()).normalize():f}", unit, len(found))
        for (substance, unit), found in by_substance.items()
    ]
    return sorted(totals, key=lambda total: (-total.stores, total.substance))


class Stores:
    """The page, over the report of stocks that the API has."""

    def __init__(self, house: House) -> None:
        self.house = house

    def page(self) -> str | Response:
        """What lies where, by the books."""
        call = call_of()
        on = looking.day("on", call.today)
        if on > call.today:
            raise Faulty([Fault("/on", "晚于今天 / lies after today")])
        counted = _counted(self.house, on)
        asked = {name: looking.cleaned(request.args.get(name, "")) for name in ("q", "county", "substance", "count")}
        if counted is None:
            asked["count"] = ""
        records = self._records(call, on, counted or {})
        called = names.of(call, records)
        every, is_narrowed = records, any(asked.values())
        records = [record for record in records if _fits(record, asked, called)]
        if request.path.endswith(".xlsx"):
            return _sheet(records, is_counted=counted is not None)
        page = paging.of(len(records))
        return render_template(
            "desk/stock.html",
            records=records[page.part],
            page=page,
            kept=paging.kept(),
            called=called,
            on=on,
            asked=asked,
            is_narrowed=is_narrowed,
            counties=sorted({record["county"] for record in every}),
            substances=sorted({record["substance"] for record in every}),
            is_counted=counted is not None,
            checked=CHECKED,
            states={key: sum(_state(record) == key for record in records) for key in CHECKED},
            totals=_totals(records),
        )

    def _records(self, call: Call, on: date, counted: Mapping[tuple[str, str], Counted]) -> list[Values]:
        """Every store of the reader with its county and its last count."""
        whose = looking.cleaned(request.args.get("enterprise", ""))
        found = self.house.report("stock", on=on, as_of=call.today, **({"enterprise": whose} if whose else {})) or {}
        query = sa.select(Site.outside_id, Area.outside_id).join(Area, Area.id == Site.area_id)
        lies = {str(site): str(county) for site, county in call.session.execute(query)} if found else {}
        records = []
        for place, amount in found.items():
            site, _, substance = place.partition("/")
            last = counted.get((site, substance))
            records.append({"site": site, "substance": substance, "county": lies[site], "last": last} | amount)
        return records


def _sheet(records: Sequence[Values], *, is_counted: bool) -> Response:
    head, lines = sheets.heading(_COLUMNS), sheets.rows(_COLUMNS, records)
    if is_counted:
        last = [record["last"] for record in records]
        counts = ([str(one.day), Decimal(one.difference)] if one else [None, None] for one in last)
        head += [f"{word.zh} {word.en}" for word in _COUNTED]
        lines = ([*line, *count] for line, count in zip(lines, counts, strict=True))
    return answer("stock", "库存", head, lines)


def _fits(record: Values, asked: Mapping[str, str], called: Mapping[tuple[str, str], str]) -> bool:
    """Whether a store is one of those that the address asks for."""
    if any(asked[name] and asked[name] != record[name] for name in ("county", "substance")):
        return False
    if asked["count"] in CHECKED and _state(record) != asked["count"]:
        return False
    said = [str(record[name]) for name in (*_COLUMNS, "county")]
    said += [called.get((terms.REFS[name], record[name]), "") for name in _COLUMNS if name in terms.REFS]
    return asked["q"].lower() in " ".join(said).lower()


def routes(bp: Blueprint, house: House) -> None:
    """The page and its workbook."""

    def view() -> Any:
        return Stores(house).page()

    guarded = access.requires(Action.STOCK_READ)(view)
    bp.add_url_rule("/stock", endpoint="stock", view_func=guarded)
    bp.add_url_rule("/stock.xlsx", endpoint="stock sheet", view_func=guarded)
