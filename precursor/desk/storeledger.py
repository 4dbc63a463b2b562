"""The ledger of a store (出入库台账): one substance in one place, line by line, opening + in − out = balance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, Response, render_template, request

from precursor import ledger
from precursor.api.collection import Call, Values
from precursor.api.views import call_of
from precursor.core import access, quantity
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, NotFound
from precursor.desk import cells, looking, names, terms
from precursor.desk.house import House, call_for
from precursor.enterprises.models import Site
from precursor.enterprises.scoping import visible
from precursor.movements.models import Movement, Reversal, ReversalRequest
from precursor.reconciliation import pages as figures
from precursor.rules.law import Words
from precursor.rules.movements import TYPES, MovementType
from precursor.substances.models import Substance
from precursor.web.sheets import Cell, answer

_OFFERED: Final = 2000  # sites, by name
_MOST_LINES: Final = 2000  # on one page
_AT_ONCE: Final = 500
_REVERSED: Final = Words("红字冲销", "Reversal")


class StoreLedger:
    """The page, over the collections and reports that the API has."""

    def __init__(self, house: House) -> None:
        self.house = house

    def ledger(self) -> str | Response | tuple[str, int]:
        """One store and substance: opening + in − out = balance, line by line."""
        call = call_of()
        site, substance = (looking.cleaned(request.args.get(name, "")) for name in ("site", "substance"))
        to = looking.day("to", call.today)
        start = looking.day("from", to - timedelta(90))
        if not (site and substance):
            site, substance = self._latest(call, site, substance)
        fits = names.sites_called(call, site) if site else []
        if len(fits) == 1:  # its name will do
            site = fits[0][0]
        found: Values = {}
        is_lost = bool(site) and len(fits) != 1 and call_for(Action.ENTERPRISE_LIST) is not None
        if site and substance and not is_lost:
            found = self._book(call, site, substance, start, to)
        if request.path.endswith(".xlsx"):
            if is_lost:
                raise NotFound(f"没有场所，或有几处：{site} / there is no site, or several, called {site}")
            return answer("ledger", "出入库台账", _LEDGER, _sheet(found))
        kind = request.args.get("type", "")
        page = render_template(
            "desk/ledger.html",
            site=site,
            substance=substance,
            start=start,
            to=to,
            fits=fits,
            is_lost=is_lost,
            kind=kind,
            kinds=sorted({line.record["type"] for line in found.get("lines", [])}),
            sites=names.choices(call, "sites", _OFFERED),
            substances=names.choices(call, "substances"),
            **found | {"lines": [one for one in found["lines"] if kind in ("", one.record["type"])]} if found else {},
        )
        return (page, 404) if is_lost and not fits else page

    def _substance(self, call: Call, site: str, substance: str) -> Substance:
        """The substance, where there is such a store and the reader may see both together; else NotFound."""
        query = _here(call, sa.select(Substance).join(Site, sa.true()), site, substance)
        if (found := call.session.scalars(query).first()) is None:
            raise NotFound(f"没有这个场所与品种 / there is no site and substance {site}/{substance}")
        return found  # type: ignore[no-any-return]

    def _book(self, call: Call, site: str, substance: str, start: date, to: date) -> Values:
        here = self._substance(call, site, substance)
        movements = self.house.collections["movements"]
        query = (movements.every or movements.query)(call)
        columns = query.selected_columns
        query = query.where(columns.site == site, columns.substance == substance, columns.date.between(start, to))
        rows = list(call.session.execute(query.limit(_MOST_LINES + 1)))
        if len(rows) > _MOST_LINES:
            said = f"超过 {_MOST_LINES} 行，请缩短期间 / more than {_MOST_LINES} lines: choose a shorter time"
            raise Faulty([Fault("/from", said)])
        rows.sort(key=lambda row: (row.date, not row.type.endswith("_in"), row.number, row.version))
        before = (self.house.report("stock", on=start - timedelta(1), as_of=call.today) or {}).get(
            f"{site}/{substance}"
        )
        unit = here.unit
        opened = self._opened(call, site, substance, start, to)
        opening = (quantity.parse(before["quantity"], unit) if before else 0) + opened
        shown = [movements.show(row) for row in rows]
        lines = _lines(call, rows, shown, opening, unit)
        standing = [row for row in rows if not row.reversed_on]
        came, went = (
            sum(row.quantity for row in standing if row.type.endswith("_in") is is_in) for is_in in (True, False)
        )
        offs = figures.write_offs((record["id"], row.date) for row, record in zip(rows, shown, strict=True))
        wrong = [row for row in standing if (off := offs.get(row.id)) and off.kind]
        sums = {"opening": opening, "came": came, "went": went, "balance": opening + came - went}
        said_sums = {name: quantity.show(n, unit) for name, n in sums.items()}
        return {
            "lines": lines,
            "unit": unit,
            "category": here.category,
            "places": max(map(_places, (*said_sums.values(), *(line.balance for line in lines)))),
            "offs": offs,
            "open": (len(wrong), quantity.show(sum(row.quantity for row in wrong), unit)),
            "count": self._last_count(site, substance, to),
            "called": names.of(call, [*shown, {"site": site, "substance": substance}])
            | names.other_sides(call, shown),
            **said_sums,
        }

    def _last_count(self, site: str, substance: str, to: date) -> Values | None:
        """The last stocktake of a store up to a day, where the reader may see it."""
        stocktakes = self.house.collections["stocktakes"]
        lister, reader = call_for(stocktakes.list), call_for(stocktakes.read)
        if lister is None or reader is None:
            return None
        query = stocktakes.query(lister)
        columns = query.selected_columns
        query = query.where(columns.site == site, columns.substance == substance, columns.date <= to)
        row = lister.session.execute(query.order_by(columns.date.desc(), columns.nth.desc()).limit(1)).first()
        return stocktakes.show_one(reader, row.id) if row else None

    def _opened(self, call: Call, site: str, substance: str, start: date, to: date) -> int:
        """What a store was opened with, where that is in the time shown: it is in no stock of the day before."""
        opened = ledger.openings().order_by(None).subquery()
        query = (
            sa.select(opened.c.amount)
            .join(Site, Site.id == opened.c.site_id)
            .join(Substance, Substance.id == opened.c.substance_id)
            .where(opened.c.day.between(start, to))
        )
        return sum(call.session.scalars(_here(call, query, site, substance)))

    def _latest(self, call: Call, site: str, substance: str) -> tuple[str, str]:
        """Store and substance of what moved last, as far as they are not chosen."""
        movements = self.house.collections["movements"]
        query = movements.query(call)
        columns = query.selected_columns
        for name, wanted in (("site", site), ("substance", substance)):
            if wanted:
                query = query.where(columns[name] == wanted)
        row = call.session.execute(cells.ordered(query).limit(1)).first()
        return (row.site, row.substance) if row else (site, substance)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the page; ``balance`` after it. A movement that was reversed is followed by its reversal."""

    record: Values
    is_in: bool
    balance: str
    reversed_on: date | None = None
    reversal: Reversal | None = None  # this line is the reversal of the record
    is_asked: bool = False  # somebody asked to have it reversed, and nobody has decided

    @property
    def proof(self) -> tuple[str, str] | None:
        """What it was written off against besides a document: the list it stands in, and its number."""
        member = TYPES[MovementType(self.record["type"])].proof.member
        number = self.record.get(member) if member else None
        return (_LISTS.get(member, ""), str(number)) if member and number else None


#: Lists of what proves a movement, by the member that names it.
_LISTS: Final = {"incident": "incidents", "shipment": "shipments"}


def _lines(call: Call, rows: Sequence[Any], shown: Sequence[Values], opening: int, unit: str) -> list[Line]:
    """Every line with the balance after it; what was reversed counts until its reversal, which follows it."""
    reversals, asked = _reversals(call, [row.id for row in rows])
    found, balance = [], opening
    for row, record in zip(rows, shown, strict=True):
        is_in = row.type.endswith("_in")
        change = row.quantity if is_in else -row.quantity
        line = Line(record, is_in, quantity.show(balance + change, unit), row.reversed_on)
        if (reversal := reversals.get((row.id, row.version))) is not None:
            found += [line, replace(line, reversal=reversal, balance=quantity.show(balance, unit))]
            continue
        balance += change
        found.append(replace(line, is_asked=(row.id, row.version) in asked))
    return found


def _reversals(call: Call, numbers: Sequence[str]) -> tuple[dict[tuple[str, int], Reversal], set[tuple[str, int]]]:
    """The reversals of movements, and which are asked for, by number and version."""
    reversals: dict[tuple[str, int], Reversal] = {}
    asked: set[tuple[str, int]] = set()
    for start in range(0, len(numbers), _AT_ONCE):
        some = Movement.outside_id.in_(numbers[start : start + _AT_ONCE])
        for record in (Reversal, ReversalRequest):
            of_it = sa.and_(
                record.enterprise_id == Movement.enterprise_id,
                record.movement_id == Movement.id,
                record.version == Movement.version,
            )
            query = sa.select(Movement.outside_id, Movement.version, record).join(record, of_it).where(some)
            for number, version, one in call.session.execute(query):
                if isinstance(one, Reversal):
                    reversals[number, version] = one
                else:
                    asked.add((number, version))
    return reversals, asked


def _here(call: Call, query: sa.Select, site: str, substance: str) -> sa.Select:
    """A query of sites and substances narrowed to one of each, where the reader may see both together."""
    return query.where(
        Site.outside_id == site,
        Substance.outside_id == substance,
        visible(call.scope, enterprise=Site.enterprise_id, areas_of=(Site.area_id,), substance=Substance.id),
    )


_LEDGER: Final = (
    "编号 number",
    "日期 date",
    "类型 type",
    "凭证 document",
    "对方 other side",
    "入库 in",
    "出库 out",
    "结存 balance",
    "单位 unit",
    "冲销 reversed",
    "核销 written off",
)


def _sheet(book: Values) -> Iterator[Sequence[Cell]]:
    """The lines of a store ledger, its opening balance first; a reversal takes away what it reverses."""
    if not book:
        return
    yield "期初 opening", None, None, None, None, None, None, Decimal(book["opening"]), book["unit"], None, None
    for line in book["lines"]:
        record, amount = line.record, Decimal(line.record["quantity"]) * (-1 if line.reversal else 1)
        kind = _REVERSED if line.reversal else terms.word("type", record["type"])
        off = None if line.reversed_on else book["offs"].get(record["id"])
        other = record["external"] and book["called"].get(("partners", record["external"]), record["external"])
        yield (
            record["id"],
            str(line.reversed_on) if line.reversal else record["date"],
            kind.zh if kind else record["type"],
            record["permit"] or (line.proof and line.proof[1]),
            (line.reversal.reason if line.reversal else other)
            or book["called"].get(("movements", record["counterpart"] or ""), record["counterpart"])
            or (None if line.is_in else book["called"].get(("holders", record["permit"] or ""))),
            amount if line.is_in else None,
            None if line.is_in else amount,
            Decimal(line.balance),
            book["unit"],
            str(line.reversed_on) if line.reversed_on else None,
            off and (off.kind.title.zh if off.kind else "已核销"),
        )
    sums = (Decimal(book[name]) for name in ("came", "went", "balance"))
    yield "合计 total", None, None, None, None, *sums, book["unit"], None, None


def _places(amount: str) -> int:
    """Decimal places of an amount."""
    return len(amount.partition(".")[2])


def routes(bp: Blueprint, page: StoreLedger) -> None:
    """The addresses of the page and of its workbook."""

    def view() -> Any:
        return page.ledger()

    guarded = access.requires(Action.LEDGER_LIST)(view)
    bp.add_url_rule("/ledger", endpoint="ledger", view_func=guarded)
    bp.add_url_rule("/ledger.xlsx", endpoint="ledger sheet", view_func=guarded)
