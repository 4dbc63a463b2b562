"""Pages for every collection: its list, one record, and the form of each act; the only place where they meet HTTP."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from flask import Blueprint, Response, abort, g, redirect, render_template, request
from werkzeug import Response as AnyResponse

from precursor.api import doing, idempotency
from precursor.api.collection import Act, Call, Collection, Listing, Values
from precursor.api.views import STALE, call_of, tag_of
from precursor.core import access, problems
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, NotFound, PrecursorError, Refused, RuleViolated, Stale
from precursor.core.members import Nested, Record, Word, day_at, schema_of
from precursor.desk import (
    asking,
    cells,
    documents,
    doubts,
    extras,
    flow,
    forms,
    looking,
    names,
    printing,
    reports,
    sheets,
    states,
    stickers,
    storeledger,
    stores,
    terms,
    today,
    weighing,
)
from precursor.desk.documents import State
from precursor.desk.house import House, call_for
from precursor.desk.reports import Reports
from precursor.desk.terms import DOCUMENTS
from precursor.rules.law import RULES, Violation, Words
from precursor.web import paging
from precursor.web.sheets import answer

_MOST_ROWS: Final = 100_000
_RELATED: Final = 5
#: Documents that a field offers, the first to end before the others.
_OFFERED: Final = 200


def blueprint(collections: tuple[Collection, ...], listings: tuple[Listing, ...]) -> Blueprint:
    """Every page of every collection, and the reports."""
    made = Blueprint("desk", __name__)
    by_path = {collection.path: collection for collection in collections}
    house = House(by_path, {listing.path: listing for listing in listings})
    for collection in collections:
        path = f"/{collection.path}"
        _add(made, path, f"list {collection.path}", collection.list, _list(collection))
        _add(made, f"{path}.xlsx", f"sheet {collection.path}", collection.list, _sheet(collection))
        _add(made, f"{path}/<id>", f"one {collection.path}", collection.read, _one(collection, house))
        for act in collection.acts:
            at = f"{path}/{forms.path_of(act)}"
            _add(made, at, f"form {at}", act.action, _form(collection, act, house), ("GET", "POST"))
        if collection.path in DOCUMENTS:
            documents.routes(made, collection)
            printing.routes(made, collection, _narrowed)
        if collection.path == "labels":
            stickers.routes(made, collection)
        if collection.path == "trip-slips":
            documents.trip_routes(made, collection)
    today.routes(made, today.Today(house))
    reports.routes(made, Reports(house))
    storeledger.routes(made, storeledger.StoreLedger(house))
    stores.routes(made, house)
    flow.routes(made, flow.Flow(house))
    for then, of_it in (("", ""), ("/certificate", "/certificate.pdf"), ("/verifications", "/verifications")):
        view = documents.by_number(by_path, of_it)
        made.add_url_rule(f"/permits/<number>{then}", endpoint=f"permit{then}", view_func=view)

    @made.app_context_processor
    def helpers() -> dict[str, Any]:
        return {"nav_groups": _nav(by_path)}

    made.add_app_template_global(urlencode, "urlencode")
    made.add_app_template_global(terms.word, "word")
    made.add_app_template_global(terms.hint, "hint")
    made.add_app_template_global(cells.lead_of, "lead_of")
    made.add_app_template_global(terms.title_of, "title_of")
    made.add_app_template_global(terms.member, "term")  # macros see globals only

    return made


def _add(
    bp: Blueprint,
    path: str,
    endpoint: str,
    action: Action,
    view: Callable[..., Any],
    methods: Sequence[str] = ("GET",),
) -> None:
    bp.add_url_rule(
        path, endpoint=endpoint.replace(".", "_"), view_func=access.requires(action)(view), methods=list(methods)
    )


def may(action: Action) -> bool:
    """Whether the reader's role is granted an action."""
    return g.subject is not None and g.subject.role in access.GRANTS[action]


def _nav(by_path: Mapping[str, Collection]) -> list[tuple[Words, list[Collection]]]:
    if g.get("subject") is None:
        return []
    groups = [
        (title, [by_path[path] for path in paths if path in by_path and may(by_path[path].list)])
        for title, paths in terms.NAV
    ]
    return [(title, found) for title, found in groups if found]


# ------------------------------------------------------------------ lists


def _with_unit(columns: Sequence[str]) -> list[str]:
    """The columns of a workbook: an amount there is a number, so its unit stands beside it."""
    return [part for name in columns for part in ((name, "unit") if name in terms.AMOUNTS else (name,))]


def _narrowed(collection: Collection, call: Call) -> sa.Select:
    """The query that the address asks for: filters, and a text to look for."""
    query = collection.query(call)
    columns = query.selected_columns
    for name in collection.filters:
        if wanted := looking.cleaned(request.args.get(name, "")):
            query = query.where(columns[name] == (day_at(f"/{name}", wanted) if collection.has_day(name) else wanted))
    if text := looking.cleaned(request.args.get("q", "")):
        query = query.where(looking.holds(columns, text, *documents.said_in(collection)))
    if "open" in request.args and collection.path in states.OPEN:
        query = query.where(states.OPEN[collection.path][1](call, columns))
    return documents.narrowed(call, query, request.args) if collection.path in DOCUMENTS else query


def _list(collection: Collection) -> Callable[[], str]:
    def view() -> str:
        call = call_of()
        query = _narrowed(collection, call)
        total = call.session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
        page = paging.of(total)
        rows = call.session.execute(cells.ordered(query).slice(page.part.start, page.part.stop)).all()
        records = [cells.record_of(collection, call, row) for row in rows]
        columns, lines = cells.saying(collection, cells.cells_of(call, collection, records), most=12)
        return render_template(
            "desk/list.html",
            collection=collection,
            columns=columns,
            rows=lines,
            page=page,
            kept=paging.kept(),
            sheet=f"/{collection.path}.xlsx?{urlencode(paging.kept())}",
            filters=_filters(call, collection),
            until=request.args.get("until", "") if collection.path in DOCUMENTS else None,
            acts=_buttons(collection, None),
            waiting=_waiting(collection, call, query),
        )

    return view


def _waiting(collection: Collection, call: Call, query: sa.Select) -> Words | None:
    """How much of what is listed is open; None where nothing can be."""
    if collection.path not in states.OPEN:
        return None
    said, is_open = states.OPEN[collection.path]
    found = query.where(is_open(call, query.selected_columns)).subquery()
    count = call.session.scalar(sa.select(sa.func.count()).select_from(found))
    return Words(said.zh % f"{count:,}", said.en % f"{count:,}") if count else None


def _filters(call: Call, collection: Collection) -> list[tuple[str, str, list[tuple[str, Words]]]]:
    """Name, present value, and the choices where they are few; an empty list is a field to type in."""
    found = []
    for name in collection.filters:
        choices = [(word, terms.word(name, word) or Words(word, word)) for word in _words(collection, name)]
        if name in terms.REFS and terms.REFS[name] in ("areas", "substances"):
            choices = names.choices(call, terms.REFS[name])
        found.append((name, request.args.get(name, ""), choices))
    if collection.path in DOCUMENTS:
        found.append(("state", request.args.get("state", ""), [(state.name, state.said) for state in State]))
    return found


def _words(collection: Collection, name: str) -> tuple[str, ...]:
    """The words that a member may be, looked up in the forms that make such records, or else in a table."""
    found: dict[str, None] = dict.fromkeys(terms.FILTERED.get((collection.path, name), ()))
    for act in sorted(collection.acts, key=lambda act: act.is_of_one):  # what makes a record knows best
        member = schema_of(act.form).fields.get(name)
        if isinstance(member, Word) and not (found and act.is_of_one):
            found |= dict.fromkeys(member.words)
    return tuple(found)


def _sheet(collection: Collection) -> Callable[[], Response]:
    def view() -> Response:
        call = call_of()
        query = cells.ordered(_narrowed(collection, call)).limit(_MOST_ROWS)
        columns = _with_unit(cells.columns_of(collection))
        records = (cells.record_of(collection, call, row) for row in call.session.execute(query).yield_per(1000))
        rows = sheets.rows(columns, records)
        return answer(collection.path, collection.summary.zh, sheets.heading(columns), rows)

    return view


# ------------------------------------------------------------------ one record


@dataclass(frozen=True, slots=True)
class Related:
    """Records of another collection that belong to this one: the first of them, and how many."""

    collection: Collection
    columns: list[str]
    rows: cells.Rows
    total: int
    more: str


def _one(collection: Collection, house: House) -> Callable[[str], str]:
    def view(id: str) -> str:
        call = call_of()
        record = collection.show_one(call, id)
        detail: type[Record] = collection.detail or collection.answer
        nested = [name for name, member in schema_of(detail).fields.items() if isinstance(member, Nested)]
        called = names.of(call, [record, *(row for name in nested for row in record.get(name) or [])])
        return render_template(
            "desk/record.html",
            collection=collection,
            record=record,
            title=extras.title(collection, record),
            facts=_facts(call, collection, record, house, but="id"),
            tables=[
                (name, cells.table_of(record[name], called))
                for name in nested
                if record.get(name) and name != "draws"
            ],
            related=[found for found in _related(collection, house.collections, id) if found.total],
            acts=_buttons(collection, record),
            extra=extras.of(call, collection, record, house),
        )

    return view


def _related(collection: Collection, by_path: Mapping[str, Collection], id_: str) -> list[Related]:
    """What the reader may see of other collections that name this record."""
    found = []
    for other in by_path.values():
        for name in other.filters:
            if terms.REFS.get(name) != collection.path or (call := call_for(other.list)) is None:
                continue
            query = other.query(call)
            query = query.where(query.selected_columns[name] == id_)
            total = call.session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
            rows = call.session.execute(cells.ordered(query).limit(_RELATED)).all() if total else []
            columns, lines = cells.saying(
                other, cells.cells_of(call, other, [cells.record_of(other, call, row) for row in rows]), but=name
            )
            found.append(Related(other, columns, lines, total, f"/{other.path}?{urlencode({name: id_})}"))
            break
    return found


#: After what an act of one record is not offered any more.
_ENDS: Final = {
    "/<id>/verifications": ("verified_on",),
    "/<id>/suspensions": ("revoked_on",),
    "/<id>/revocation": ("revoked_on",),
    "/<id>/end": ("how", "outcome"),
    "/<id>/reversal-requests": ("reversal_asked_by",),
}


_GRAVE: Final = frozenset({"/<id>/revocation", "/<id>/suspensions"})


def _fits(at: str, record: Values) -> bool:
    """Whether an act can be meant for a record: only a sale is reported, only an outside party confirms."""
    if at == "/<id>/sales-report":
        return str(record.get("type")) == "sale_out"
    return at != "/<id>/confirmations" or bool(record.get("external"))


@dataclass(frozen=True, slots=True)
class Button:
    """A way to an act's form."""

    label: Words
    address: str
    is_grave: bool = False  # takes something away from somebody


def _buttons(collection: Collection, record: Values | None) -> list[Button]:
    """The acts that the reader's role is granted: of the collection, or of one record that still stands."""
    if record is not None and (record.get("reversed_on") or record.get("done") or record.get("approved")):
        return []
    beside = terms.BESIDE.get(collection.path) if record is None else None
    return ([Button(*beside[:2])] if beside and may(beside[2]) else []) + [
        Button(
            act.summary,
            f"/{collection.path}/{forms.path_of(act).replace('<id>', quote(record['id']) if record else '')}",
            act.at in _GRAVE,
        )
        for act in collection.acts
        if act.is_of_one == (record is not None)
        and may(act.action)
        and not (record and any(record.get(name) for name in _ENDS.get(act.at, ())))
        and (record is None or _fits(act.at, record))
    ]


# ------------------------------------------------------------------ doing


def _form(collection: Collection, act: Act, house: House) -> Callable[..., Any]:
    def view(id: str = "") -> AnyResponse | str | tuple[str, int]:
        call = call_of()
        record = _its(collection, act, call, id)
        if request.method == "GET":
            start = {k: v for k, v in (record or {}).items() if isinstance(v, str)} if act.method == "PUT" else {}
            # what is to be changed is shown as it stands, whatever an address says
            typed = names.own(call) | (start if act.method == "PUT" else request.args.to_dict())
            if (kinds := asking.choices(call, act.form)) and not (chosen := _chosen(act, typed, kinds)):
                return _chooser(collection, act, kinds)
            if kinds:
                typed[asking.KIND_OF[act.form.__name__]] = chosen
            return _page(call, collection, act, house, record, typed)
        if forms.SHOW in request.form:
            return _page(call, collection, act, house, record, request.form)
        doubt = doubts.of(call, act, request.form, house)
        if doubt and request.form.get(forms.SURE) != doubt.key:
            return _page(call, collection, act, house, record, request.form, doubt=doubt), HTTPStatus.CONFLICT
        try:
            done = doing.perform(call, collection, act, _wish(collection, act, call, id))
        except (Faulty, Refused, Stale, NotFound) as error:
            page = _page(call, collection, act, house, _its(collection, act, call, id), request.form, error)
            return page, problems.status_of(error)
        return redirect(f"/{collection.path}/{quote(done.id)}?done={quote(act.summary.zh)}", 303)

    return view


def _chosen(act: Act, typed: Mapping[str, str], kinds: Sequence[asking.Choice]) -> str:
    """The kind that the address names, or the only one that there is; empty when one must be chosen first."""
    named = typed.get(asking.KIND_OF[act.form.__name__], "")
    words = [kind.word for kind in kinds]
    return named if named in words else words[0] if len(words) == 1 else ""


def _chooser(collection: Collection, act: Act, kinds: Sequence[asking.Choice]) -> str:
    return render_template(
        "desk/kinds.html",
        collection=collection,
        act=act,
        kinds=kinds,
        kind=asking.KIND_OF[act.form.__name__],
        kept=paging.kept(),
    )


def _facts(
    call: Call, collection: Collection, record: Values | None, house: House, but: str = ""
) -> list[tuple[str, cells.Shown]]:
    """What a record says of itself: on its page, and above the form of an act: nobody approves or revokes unseen.

    It leads to what the reader may open: an enterprise's record names those of its partners, which are not its own.
    """
    if record is None:
        return []
    called = names.of(call, [record])
    nested = {
        name
        for name, member in schema_of(collection.detail or collection.answer).fields.items()
        if isinstance(member, Nested)
    }
    found = [
        (name, cells.shown(record, name, called)) for name in record if name not in {*cells.HIDDEN, *nested, but}
    ]
    kept = [(name, said) for name, said in found if said is not cells.NOTHING]
    if call.subject.enterprise_id is None:
        return kept
    return [
        (name, said if _opens(house, terms.REFS.get(name), record[name]) else replace(said, link=None))
        for name, said in kept
    ]


def _opens(house: House, path: str | None, id_: Any) -> bool:
    """Whether the reader may open the record that a member names; of documents their own page decides."""
    if path not in ("movements", "enterprises", "partners", "sites"):
        return True
    collection = house.collections[path]
    if (call := call_for(collection.read)) is None:
        return False
    try:
        collection.one(call, id_)
    except NotFound:
        return False
    return True


def _choices(
    call: Call, house: House, path: str, asked: asking.Asked, typed: Mapping[str, str]
) -> list[tuple[str, Words]]:
    """What a field offers: of documents those in force that the reader may list, each with what is left on it."""
    if path == forms.PEOPLE:
        return names.colleagues(call)
    if path == forms.THERE:
        return asking.sites_there(call, house, typed)
    if path not in DOCUMENTS:
        known = names.choices(call, path)
        if path == "substances" and asked.substances is not None:
            return [choice for choice in known if choice[0] in asked.substances]
        return known
    rows = house.rows(path, lambda c: documents.in_force(c, call.today))
    found = [house.collections[path].show(row) for row in sorted(rows, key=lambda row: row.valid_to)[:_OFFERED]]
    called = names.of(call, found)
    return [(record["id"], _said_of(record, called)) for record in found]


def _said_of(record: Values, called: cells.Called) -> Words:
    parts = [cells.shown(record, name, called).text for name in ("owner", "holder", "substance") if record.get(name)]
    if record.get("quantity"):
        parts.append(f"{Decimal(record['quantity']) - Decimal(record['drawn']):f} {record['unit']}")
    return Words(" ".join(parts), " ".join(parts))


def _its(collection: Collection, act: Act, call: Call, id_: str) -> Values | None:
    return collection.show_one(call, id_) if act.is_of_one else None


def _wish(collection: Collection, act: Act, call: Call, id_: str) -> doing.Request:
    seen, key = request.form.get("_seen", ""), request.form.get("_key", "")
    if not key or len(key) > 64 or (act.method == "PUT" and not seen):
        abort(400)

    def look() -> None:
        if seen and seen != tag_of(collection.show_one(call, id_)):
            raise Stale(STALE)

    return doing.Request(
        id=id_,
        read=lambda: forms.read(act.form, request.form, asking.of(call, act, request.form)),
        look=look,
        key=f"page-{key}",
        digest=idempotency.digest_of("PAGE", request.path, repr(sorted(request.form.items(multi=True))).encode()),
    )


def _at(broken: Violation) -> str:
    """Where a broken rule is shown."""
    rule = broken.rule
    return broken.member or terms.AT_RULE.get(rule) or terms.AT_FIELD.get(RULES[rule].bars or "", "")


def _page(
    call: Call,
    collection: Collection,
    act: Act,
    house: House,
    record: Values | None,
    typed: Mapping[str, str],
    error: PrecursorError | None = None,
    doubt: doubts.Doubt | None = None,
) -> str:
    asked = asking.of(call, act, typed)
    groups = forms.groups_of(act.form, asked, typed)
    # only a form that is opened: what was emptied stays empty
    usual = asking.usual(call, house, act, typed) if request.method == "GET" else {}
    if unit := weighing.unit_of(house, typed.get("substance", "") or usual.get("substance", "")):
        usual["unit"] = unit
    forms.fill(groups, typed, call.today if request.method == "GET" else None, usual)
    said: list[tuple[str | None, str]] = []
    broken: list[tuple[Violation, forms.Field | None]] = []
    if isinstance(error, Faulty):
        said = forms.place(groups, error.faults)
    elif isinstance(error, RuleViolated):
        broken = [(each, forms.field_at(groups, _at(each))) for each in error.violations]
        forms.place(groups, [Fault(f"/{found.name}", each.message) for each, found in broken if found])
    elif error is not None:
        said = forms.place(groups, [Fault(getattr(error, "pointer", ""), str(error))])
    lists = {f.source for f in forms.fields_in(groups) if f.source}
    return render_template(
        "desk/form.html",
        collection=collection,
        act=act,
        record=record,
        groups=groups,
        said=said,
        broken=broken,
        doubt=doubt,
        sure=forms.SURE,
        # what was confirmed stays so while something else is corrected
        is_sure=doubt.key if doubt else request.form.get(forms.SURE),
        # a refused form keeps its key until it is done: sent twice, it is done once
        key=uuid.uuid4().hex,
        shown_as=request.form.get("_seen") or (tag_of(record) if record else ""),
        choices={path: _choices(call, house, path, asked, typed) for path in lists},
        weighed=weighing.of(call, act, usual | {name: text for name, text in typed.items() if text}, house),
        shapes=asking.KIND_OF.get(act.form.__name__),
        is_weighed=weighing.knows(act),
        show=forms.SHOW,
        typed={*DOCUMENTS, forms.THERE},
        people=forms.PEOPLE,
        facts=_facts(call, collection, record, house) if act.method != "PUT" else [],
    )
