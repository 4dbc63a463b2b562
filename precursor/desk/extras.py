"""What some records have on their page besides: a document its code and what is left, an enterprise its stock."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Any, Final
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from precursor.accounts import service as accounts
from precursor.api.collection import Call, Collection, Values
from precursor.core import access, quantity
from precursor.core.access import Action
from precursor.core.errors import NotFound
from precursor.desk import documents, names, onroad, standing, states, steps, stickers, terms
from precursor.desk.house import House, call_for
from precursor.desk.states import Delegated
from precursor.desk.terms import DOCUMENTS
from precursor.enterprises.models import Party
from precursor.movements.models import Movement
from precursor.movements.service import stands
from precursor.permits import printing
from precursor.permits.models import Draw, Permit
from precursor.reconciliation import pages as figures
from precursor.reconciliation.wording import title_of
from precursor.rules.gaps import GAPS
from precursor.rules.law import Words
from precursor.rules.movements import TYPES, MovementType, may_be_on_way
from precursor.rules.permits import POLICE_VERIFIED
from precursor.substances.models import Substance
from precursor.web import marks
from precursor.web.i18n import head, language, t

Extra = dict[str, Any]
#: Records that people know by their day, and not by a number that we gave them.
_BY_DAY: Final = frozenset({"stocktakes", "road-checks"})
#: Of what is wrong about a document so many are named.
_WARNED: Final = 2


@dataclass(frozen=True, slots=True)
class Mover:
    """The movement behind a draw: how it stands, what the other side recorded, and by how much that is more."""

    number: str
    age: int  # days since it moved
    is_open: bool  # the reader may open it
    wrong: Words | None  # what keeps it from being written off
    off: figures.WriteOff | None
    is_on_way: bool  # sent so lately that it may still come
    there: str | None
    difference: str | None

    @property
    def short(self) -> str | None:
        """How much of it nobody received; None where all came, or nothing is said against it."""
        if self.difference is None or not self.difference.startswith("-"):
            return None
        return self.difference.removeprefix("-")


def title(collection: Collection, record: Values) -> str:
    """What the page of a record is headed with."""
    if record.get("name"):
        return str(record["name"])
    if language() == "en" and record.get("name_en"):
        return str(record["name_en"])
    if record.get("name_zh"):
        return str(record["name_zh"])
    if collection.path in _BY_DAY and record.get("date"):
        return f"{head(terms.ONE[collection.path])} {record['date']} {record.get('plate') or ''}".strip()
    kind = terms.word("kind", record.get("kind")) if collection.path in DOCUMENTS else None
    of_type = terms.word("type", record.get("type")) if "type" in record else None
    return f"{head(kind or of_type or terms.ONE.get(collection.path) or terms.title_of(collection))} {record['id']}"


def of(call: Call, collection: Collection, record: Values, house: House) -> Extra | None:
    """The template and the values of what this record has besides."""
    make = _EXTRAS.get(collection.path)
    return make(call, record, house) if make else None


def _document(path: str) -> Callable[[Call, Values, House], Extra]:
    """What is left on a document, each draw on it, its code."""

    def make(call: Call, record: Values, house: House) -> Extra:
        state = documents.state_of(call, record)
        found: Extra = {"template": "desk/document.html", "state": state, "verified": _verified(record, state)}
        found |= {"lede": _parties(call, record), "goods": _goods(call, record)}
        found["days"] = (date.fromisoformat(record["valid_to"]) - call.today).days
        found["is_over"] = state in documents.CLOSED or found["days"] < 0
        if found["is_over"]:
            found["days"] = None
        address = f"/{path}/{quote(record['id'])}"
        found["steps"] = steps.of(call, record)
        if found["verified"] and found["verified"][0] == "bad":  # first of all it waits for that
            found["lead"] = f"{address}/verifications"
        found["links"] = [(Words("打印证明", "Certificate (PDF)"), f"{address}/certificate.pdf")]
        found["prints"] = printing.so_far(call.session, record["id"])
        if state is documents.State.IN_FORCE:
            found["links"] += _draws(call, record)
        code = documents.code_of(call, record)
        if code is not None:
            found |= {
                "picture": f"{address}/code.png",
                "drawing": f"{address}/code.svg",
                "text": code[0],
                "digest": code[1],
            }
            found["scans"] = _scans(house, record["id"])
        else:
            found["why"] = documents.why_no_code(call, record)
        movers = _drawn_by(call, record) if record.get("quantity") else []
        if record.get("quantity"):
            found |= _allowance(record, movers)
        found["warnings"] = [*_unverified(call, record), *_warnings(record, house, movers)]
        return found

    return make


def _scans(house: House, document: str) -> tuple[int, datetime | None]:
    """How often phones of the reader's area scanned a document, and the last time."""
    scans = house.collections["road-scans"]
    if (call := call_for(scans.list)) is None:
        return 0, None
    rows = scans.query(call).subquery().c
    query = sa.select(sa.func.count(), sa.func.max(rows.at, type_=rows.at.type)).where(rows.document == document)
    count, last = call.session.execute(query).one()
    return count, last


def _draws(call: Call, record: Values) -> Iterator[tuple[Words, str]]:
    """The movement that draws on a purchase document: the buyer's receipt, the seller's sale."""
    own = call.session.scalar(sa.select(Party.outside_id).where(Party.id == (call.subject.enterprise_id or 0)))
    way = urlencode({"permit": record["id"]})
    if own and own == record.get("seller") and call_for(Action.LEDGER_POST_OUT) is not None:
        yield Words("按此证出库", "Dispatch on it"), f"/movements/out?type=sale_out&{way}"
    if own and own == record["holder"] and record.get("seller") and call_for(Action.LEDGER_POST_IN) is not None:
        yield Words("按此证入库", "Receive on it"), f"/movements/in?type=purchase_in&{way}"


def _parties(call: Call, record: Values) -> str:
    """Who buys or sends, from or to whom."""
    called = names.of(call, [record])
    said: list[str] = [called.get(("enterprises", record["holder"]), str(record["holder"]))]
    for name in ("seller", "consignee", "carrier"):
        if record.get(name):
            said.append(f"{head(terms.member(name))} {called.get((terms.REFS[name], record[name]), record[name])}")
    return t("，", ", ").join(said)


def _goods(call: Call, record: Values) -> Words | None:
    """Name, class and CAS number of what a document is for."""
    found = call.session.scalars(
        sa.select(Substance).where(Substance.outside_id == (record.get("substance") or ""))
    ).one_or_none()
    if found is None:
        return None
    of_class = terms.word("category", str(found.category)) if found.category else None
    zh, en = (found.name_zh or found.outside_id), (found.name_en or found.name_zh or found.outside_id)
    if of_class:
        zh, en = f"{zh}（{of_class.zh}）", f"{en} ({of_class.en})"
    return Words(f"{zh}，CAS {found.cas}", f"{en}, CAS {found.cas}") if found.cas else Words(zh, en)


def _unverified(call: Call, record: Values) -> Iterator[tuple[Words, str]]:
    """That a document of the police is not verified though its time is over, where the reader may list such gaps."""
    if record.get("verified_on") or record["kind"] not in POLICE_VERIFIED:
        return
    found = figures.unverified(record["id"])
    if found is not None:
        due, address = found
        late = (call.today - due).days
        yield (
            Words(f"未核查，期限 {due}，已逾期 {late} 日", f"Not verified by {due}: {late} days late"),
            address,
        )


def _warnings(record: Values, house: House, movers: Sequence[Mover | None]) -> Iterator[tuple[Words, str]]:
    """What is wrong about a document, and where that is dealt with."""
    cases = house.rows("road-cases", lambda c: c.outcome.is_(None), document=record["id"])
    if cases:
        kinds = [terms.word("kind", kind) or Words(kind, kind) for kind in dict.fromkeys(case.kind for case in cases)]
        zh, en = "、".join(kind.zh for kind in kinds), ", ".join(kind.en for kind in kinds)
        only = f"/{quote(cases[0].id)}" if len(cases) == 1 else f"?{urlencode({'document': record['id']})}"
        yield (
            Words(f"道路案件 {len(cases)} 件未结：{zh}", f"Open road cases, {len(cases)}: {en}"),
            f"/road-cases{only}",
        )
    wrong = [
        (one, one.wrong, one.off.address)
        for one in filter(None, movers)
        if one.off and one.wrong and not one.is_on_way
    ]
    for one, title, address in wrong[:_WARNED]:
        by = f" {one.difference.replace('-', '−')} {record['unit']}" if one.difference not in (None, "0") else ""
        age = Words(f"，已 {one.age} 日", f", {one.age} days")
        yield (
            Words(
                f"{one.number} 未核销：{title.zh}{by}{age.zh}",
                f"{one.number} is not written off: {title.en}{by}{age.en}",
            ),
            address,
        )
    if len(wrong) > _WARNED:
        yield Words(f"共 {len(wrong)} 笔核减未核销", f"{len(wrong)} draws are not written off"), ""


def _verified(record: Values, state: documents.State) -> tuple[str, Words] | None:
    """Look and words of the verification; None while it is not yet to be done."""
    if record.get("verified_on"):
        result = terms.word("verification_result", record["verification_result"]) or Words("", "")
        said = Words(f"已核查 {record['verified_on']} {result.zh}", f"verified {record['verified_on']} {result.en}")
        return ("ok" if record["verification_result"] == "match" else "warn"), said
    is_due = state in documents.CLOSED and record["kind"] in POLICE_VERIFIED
    return ("bad", Words("未核查", "not verified")) if is_due else None


def _drawn_by(call: Call, record: Values) -> list[Mover | None]:
    """The movement behind each draw and whether it is written off; None for what is between others."""
    there, unit = aliased(Movement), record["unit"]
    query = (
        sa.select(
            Movement.outside_id,
            Movement.day,
            Movement.enterprise_id,
            Movement.other_enterprise_id,
            Movement.quantity,
            there.quantity.label("there"),
            there.outside_id.label("receipt"),
        )
        .outerjoin(
            there,
            sa.and_(
                there.enterprise_id == Movement.other_enterprise_id, there.id == Movement.other_id, stands(there)
            ),
        )
        .join(
            Draw,
            sa.and_(
                Draw.mover_id == Movement.enterprise_id,
                Draw.movement_id == Movement.id,
                Draw.version == Movement.version,
            ),
        )
        .join(Permit, sa.and_(Permit.enterprise_id == Draw.enterprise_id, Permit.id == Draw.permit_id))
        .where(Permit.outside_id == record["id"], stands(Movement))
        .order_by(Draw.day, Draw.movement_id)
    )
    rows, own = call.session.execute(query).all(), call.subject.enterprise_id
    if call_for(Action.LEDGER_READ) is None:
        return [None] * len(rows)
    offs = figures.write_offs((row.outside_id, row.day) for row in rows)
    found: list[Mover | None] = []
    for row in rows:
        if own not in (None, row.enterprise_id, row.other_enterprise_id):
            found.append(None)
            continue
        is_receiver = own is not None and own != row.enterprise_id  # his own record of it is the receipt
        number = row.receipt if is_receiver and row.receipt else row.outside_id
        off = offs.get(row.outside_id)
        other = None if row.there is None else quantity.show(row.there, unit)
        is_on_way = _on_way(call, off, row.day)
        is_alone = off is not None and off.kind is GAPS["WRITEOFF_NO_COUNTERPART"] and row.there is None
        came = 0 if is_alone and not is_on_way else row.there
        differs = None if came is None else quantity.show(came - row.quantity, unit)
        wrong = title_of(off.kind, is_of_other=is_receiver) if off and off.kind else None
        found.append(
            Mover(
                number,
                age=(call.today - row.day).days,
                is_open=number != row.outside_id or not is_receiver,
                wrong=wrong,
                off=off,
                is_on_way=is_on_way,
                there=other,
                difference=differs,
            )
        )
    return found


def _on_way(call: Call, off: figures.WriteOff | None, day: date) -> bool:
    """Whether what nobody booked in may still be on the way: it lowers the figure, and is no alarm yet."""
    is_alone = off is not None and off.kind is GAPS["WRITEOFF_NO_COUNTERPART"]
    return is_alone and may_be_on_way(day, call.today)


def _allowance(record: Values, movers: Sequence[Mover | None]) -> Extra:
    whole, drawn = Decimal(record["quantity"]), Decimal(record["drawn"])
    left, rows = whole, []
    for draw, mover in zip_longest(record.get("draws") or [], movers):
        if draw is None:
            break
        left -= Decimal(draw["quantity"])
        rows.append((draw["date"], draw["quantity"], f"{left.normalize():f}", mover))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    parts = []
    for _, amount, _, mover in rows:
        for look, much in _parts(Decimal(amount), mover):
            sums[look] += much
            parts.append((look, float(much / whole * 100)))
    shown = {look: f"{much.normalize():f}" for look, much in sums.items() if much}
    return {"left": f"{(whole - drawn).normalize():f}", "rows": rows, "bar": marks.allowance(parts), "sums": shown}


def _parts(drawn: Decimal, mover: Mover | None) -> list[tuple[str, Decimal]]:
    """Of a draw: what was received, or nobody knows better; what is on its way; what nobody received."""
    if mover is not None and mover.is_on_way:
        return [("way", drawn)]
    if mover is None or mover.short is None:
        return [("used", drawn)]
    short = min(Decimal(mover.short), drawn)
    return [("used", drawn - short), ("short", short)]


def _movement(call: Call, record: Values, house: House) -> Extra | None:
    """Whether it is written off, and its two sides, where the reader may see the other: issued, and received."""
    if record["reversed_on"]:
        return None
    found: Extra = {"template": "desk/sides.html", "links": []}
    sent = date.fromisoformat(record["date"])
    found["written_off"] = off = figures.write_offs([(record["id"], sent)]).get(record["id"])
    found |= {"is_on_way": _on_way(call, off, sent), "days": (call.today - sent).days}
    proof = TYPES[MovementType(record["type"])].proof.member
    if off is None and proof is not None and not record.get(proof):  # who may not read gaps has to know it, too
        found["lacks"] = terms.member(proof)
    if call_for(Action.LEDGER_LIST) is not None:
        way = {"site": record["site"], "substance": record["substance"], "to": record["date"]}
        found["links"].append((Words("台账", "Ledger"), f"/ledger?{urlencode(way)}"))
    if call_for(Action.LEDGER_TRACE) is not None:
        of = f"{record['site']}/{record['substance']}"
        direction = "up" if record["type"].endswith("_in") else "down"
        found["links"].append((Words("流向", "Trace"), f"/trace?{urlencode({'of': of, 'direction': direction})}"))
    return found | _sides(call, record, house)


def _sides(call: Call, record: Values, house: House) -> Extra:
    if not record.get("counterpart"):
        return {}
    try:
        other = house.collections["movements"].show_one(call, record["counterpart"])
    except NotFound:
        other = None
    if other is None or other["reversed_on"]:
        there = call.session.execute(
            sa.select(Movement.quantity, Movement.day).where(
                Movement.outside_id == record["counterpart"], stands(Movement)
            )
        ).first()
        said = f"{quantity.show(there.quantity, record['unit'])} {record['unit']}, {there.day}" if there else ""
        found: Extra = {"sides": [record], "missing": record["counterpart"], "there": said}
        if there:
            mine, theirs = Decimal(record["quantity"]), Decimal(quantity.show(there.quantity, record["unit"]))
            found["difference"] = f"{(mine - theirs).normalize():f}"
        return found
    out, in_ = (other, record) if str(record["type"]).endswith("_in") else (record, other)
    difference = Decimal(out["quantity"]) - Decimal(in_["quantity"])
    return {
        "sides": [out, in_],
        "difference": f"{difference.normalize():f}",
        "called": names.of(call, [out, in_]),
    }


def _enterprise(call: Call, record: Values, house: House) -> Extra:
    """How an enterprise stands, and what lies in its stores today; a way to its gaps."""
    found: Extra = {"template": "desk/holding.html", "stock": None, "links": [], "has_facts": True}
    found["standing"] = standing.of(call, house, record["id"])
    if call.subject.role in access.GRANTS[Action.ALERT_LIST]:
        found["links"].append((Words("缺口", "Gaps"), f"/gaps?{urlencode({'enterprise': record['id']})}"))
    if (held := house.report("stock", enterprise=record["id"])) is not None:
        places = [(place.partition("/"), amount) for place, amount in held.items()]
        rows = [{"site": site, "substance": substance, **amount} for (site, _, substance), amount in places]
        found |= {"stock": rows, "called": names.of(call, rows)}
    return found


def _incident(call: Call, record: Values, _: House) -> Extra | None:
    """How long it took to report a loss, beside the time that the city allows."""
    if (found := states.told_after(call, record)) is None:
        return None
    used, allowed = found
    return {
        "template": "desk/incident.html",
        "hours": used // timedelta(hours=1),
        "minutes": used // timedelta(minutes=1) % 60,
        "allowed": allowed,
        "is_late": used > timedelta(hours=allowed),
    }


def _visit(call: Call, record: Values, _: House) -> Extra | None:
    """Whether a visit counts, and why not."""
    if (least := standing.officers_asked_for(call)) is None:
        return None
    return {
        "template": "desk/visit.html",
        "counts": record["mode"] == "onsite" and record["inspectors"] >= least,
        "is_remote": record["mode"] != "onsite",
        "wrong": onroad.visit(record, names.of(call, record["counts"])),
        "result": terms.word("result", record["result"]) if record["result"] else None,
        "strangers": accounts.strangers(call.session, record["officers"] or []),
        "least": least,
    }


def _shipment(call: Call, record: Values, _: House) -> Extra:
    """Whether both legs of an import or export are verified (DEFINITIONS K3)."""
    lacks = states.open_legs(call, record)
    said = Words("境外、境内核查均已完成", "Both legs are verified")
    if lacks:
        said = Words("缺" + "、".join(w.zh for w in lacks), "Missing: " + ", ".join(w.en for w in lacks))
    customs = date.fromisoformat(record["customs_date"])
    more = (
        Words(f"通关 {customs}，已 {(call.today - customs).days} 日", f"Through customs {customs}") if lacks else None
    )
    return {"template": "desk/said.html", "is_wrong": bool(lacks), "said": said, "more": more}


def _stocktake(_call: Call, record: Values, _house: House) -> Extra | None:
    """Whether what was counted is what the book says, and whether somebody accepted it."""
    if record.get("difference") is None:
        return None
    differs = Decimal(record["difference"])
    size = f"{abs(differs):,f} {record['unit']}"
    said = Words("账实相符", "The count is what the book says")
    if differs:
        zh, en = ("盘盈", "more") if differs > 0 else ("盘亏", "less")
        said = Words(f"{zh} {size}", f"{size} {en} than the book says")
    more = None if record["approved"] else Words("待另一人批准", "waits for another person to accept it")
    return {"template": "desk/said.html", "is_wrong": bool(differs), "said": said, "more": more}


def _reversal(call: Call, record: Values, house: House) -> Extra:
    """Whether it is done, of which movement, and with whom that was."""
    movements = house.collections["movements"]
    number, links, lede = record["id"], [], ""
    if (reader := call_for(movements.read)) is not None:
        links.append((Words("打开出入库记录", "Open the movement"), f"/movements/{quote(number)}"))
        movement = movements.show_one(reader, number)
        called = names.of(call, [movement]) | names.other_sides(call, [movement])
        whom = [("movements", "counterpart"), ("partners", "external")]
        if movement["type"] == MovementType.SALE_OUT:  # that nobody booked in: its buyer holds the document
            whom.append(("holders", "permit"))
        other = next((called[key] for path, name in whom if (key := (path, movement[name])) in called), None)
        who = called.get(("enterprises", movement["enterprise"]), movement["enterprise"])
        lede = t("，", ", ").join(filter(None, (who, other and t("对方 ", "with ") + other)))
    said = (
        Words("已冲销", "Reversed")
        if record["done"]
        else Words("待另一人批准", "Waits for another person's approval")
    )
    found: Extra = {"template": "desk/said.html", "is_wrong": not record["done"], "said": said, "links": links}
    return found | {"lede": lede, "lead": f"/reversals/{quote(number)}/approval"}


def _delegation(call: Call, record: Values, _: House) -> Extra:
    """Whether a delegation holds today."""
    became, since = states.delegated(call, record)
    said = {
        Delegated.OPEN: Words("对方尚未答复，场所未受委托管理", "Not answered yet: nobody supervises the site by it"),
        Delegated.NOT_YET: Words(f"自 {since} 起才有效", f"In force only from {since}"),
        Delegated.IN_FORCE: Words(
            f"自 {since} 起有效，至 {record['valid_to']}", f"In force from {since} until {record['valid_to']}"
        ),
        Delegated.EXPIRED: Words(f"已于 {since} 到期", f"Ended on {since}"),
        Delegated.REVOKED: Words(f"自 {since} 起已撤销", f"Revoked from {since}"),
    }[became]
    return {
        "template": "desk/said.html",
        "is_wrong": became is not Delegated.IN_FORCE,
        "said": said,
        "more": None,
    }


def _trip(call: Call, record: Values, _: House) -> Extra:
    """The code of a journey, while it is good, and the document that it is of."""
    is_good = record["how"] is None and record["valid_to"] >= str(call.today)
    address = f"/trip-slips/{quote(record['id'])}"
    return {
        "template": "desk/trip.html",
        "links": [(Words("运输证件", "The document"), f"/permits/{quote(record['document'])}")],
        "picture": f"{address}/code.png" if is_good else None,
        "drawing": f"{address}/code.svg",
    }


def _label(call: Call, record: Values, _: House) -> Extra:
    """Where the containers of a label should be, and its sheet."""
    links = [(Words("打印标签", "Print the labels"), f"/labels/{quote(record['id'])}/sheet.pdf")]
    return {"template": "desk/label.html", "links": links} | stickers.said(record)


Making = Callable[[Call, Values, House], Extra | None]
_EXTRAS: Final[dict[str, Making]] = {
    **{path: _document(path) for path in DOCUMENTS},
    "movements": _movement,
    "enterprises": _enterprise,
    "incidents": _incident,
    "inspections": _visit,
    "road-checks": lambda _call, record, _house: onroad.check(record),
    "road-cases": lambda call, record, _house: onroad.case(call, record),
    "shipments": _shipment,
    "stocktakes": _stocktake,
    "delegations": _delegation,
    "reversals": _reversal,
    "trip-slips": _trip,
    "labels": _label,
}
