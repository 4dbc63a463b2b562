"""What some records have on their page besides: a document its code and what is left, an enterprise its stock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

from precursor.api.collection import Call, Collection, Listing, Values
from precursor.core import access
from precursor.core.access import Action
from precursor.core.errors import NotFound
from precursor.desk import documents, names, terms
from precursor.desk.terms import DOCUMENTS
from precursor.rules.law import Words
from precursor.web import marks
from precursor.web.i18n import head, language

Extra = dict[str, Any]


@dataclass(frozen=True, slots=True)
class House:
    """Every collection and every report, by its path."""

    collections: Mapping[str, Collection]
    listings: Mapping[str, Listing]


def title(collection: Collection, record: Values) -> str:
    """What the page of a record is headed with."""
    if record.get("name"):
        return str(record["name"])
    if language() == "en" and record.get("name_en"):
        return str(record["name_en"])
    if record.get("name_zh"):
        return str(record["name_zh"])
    kind = terms.word("kind", record.get("kind")) if collection.path in DOCUMENTS else None
    of_type = terms.word("type", record.get("type")) if "type" in record else None
    return f"{head(kind or of_type or terms.title_of(collection))} {record['id']}"


def of(call: Call, collection: Collection, record: Values, house: House) -> Extra | None:
    """The template and the values of what this record has besides."""
    make = _EXTRAS.get(collection.path)
    return make(call, record, house) if make else None


def _document(path: str) -> Callable[[Call, Values, House], Extra]:
    """What is left on a document, each draw on it, its code."""

    def make(call: Call, record: Values, _: House) -> Extra:
        found: Extra = {"template": "desk/document.html", "state": _state(call, record), "parts": []}
        address = f"/{path}/{quote(record['id'])}"
        found["links"] = [(Words("打印证明", "Certificate (PDF)"), f"{address}/certificate.pdf")]
        code = documents.code_of(call, record)
        if code is not None:
            found |= {"picture": f"{address}/code.png", "drawing": f"{address}/code.svg", "digest": code[1]}
            found["text"] = code[0]
        if record.get("quantity"):
            found |= _allowance(record)
        return found

    return make


def _state(call: Call, record: Values) -> tuple[str, Words, str]:
    """Look, words and icon of where a document stands today."""
    today = call.today.isoformat()
    if record["revoked_on"] is not None and record["revoked_on"] < today:
        return "bad", Words("已吊销", "revoked"), "alert"
    if record["suspended"]:
        return "bad", Words("已暂停", "suspended"), "alert"
    if record["valid_to"] < today:
        return "", Words("已过期", "expired"), "clock"
    if record["valid_from"] > today:
        return "", Words("未生效", "not yet in force"), "clock"
    if record.get("quantity") and record["drawn"] == record["quantity"]:
        return "", Words("已用完", "used up"), "check"
    return "ok", Words("有效", "in force"), "check"


def _allowance(record: Values) -> Extra:
    whole, drawn = Decimal(record["quantity"]), Decimal(record["drawn"])
    left, rows = whole, []
    for draw in record.get("draws") or []:
        left -= Decimal(draw["quantity"])
        rows.append((draw["date"], draw["quantity"], f"{left.normalize():f}"))
    shares = [float(Decimal(draw["quantity"]) / whole * 100) for draw in record.get("draws") or []]
    return {"left": f"{(whole - drawn).normalize():f}", "rows": rows, "bar": marks.allowance(shares)}


def _movement(call: Call, record: Values, house: House) -> Extra | None:
    """Both sides of a movement, where the reader may see the other: what was issued, what was received."""
    if not record.get("counterpart"):
        return None
    try:
        other = house.collections["movements"].show_one(call, record["counterpart"])
    except NotFound:
        return {"template": "desk/sides.html", "sides": [record], "missing": record["counterpart"]}
    out, in_ = (other, record) if str(record["type"]).endswith("_in") else (record, other)
    difference = Decimal(out["quantity"]) - Decimal(in_["quantity"])
    return {
        "template": "desk/sides.html",
        "sides": [out, in_],
        "difference": f"{difference.normalize():f}",
        "called": names.of(call, [out, in_]),
    }


def _enterprise(call: Call, record: Values, house: House) -> Extra:
    """What lies in the stores of an enterprise today; a way to its gaps and its trace."""
    found: Extra = {"template": "desk/holding.html", "stock": None, "links": []}
    if call.subject.role in access.GRANTS[Action.ALERT_LIST]:
        found["links"].append((Words("缺口", "Gaps"), f"/gaps?{urlencode({'enterprise': record['id']})}"))
    if call.subject.role in access.GRANTS[Action.STOCK_READ]:
        scope = access.scope(call.subject, Action.STOCK_READ)
        stock = house.listings["stock"]
        held = stock.make(Call(call.session, call.subject, scope, call.now), {"enterprise": record["id"]})
        places = [(place.partition("/"), amount) for place, amount in held.items()]
        rows = [{"site": site, "substance": substance, **amount} for (site, _, substance), amount in places]
        found |= {"stock": rows, "called": names.of(call, rows)}
    return found


Making = Callable[[Call, Values, House], Extra | None]
_EXTRAS: Final[dict[str, Making]] = {
    **{path: _document(path) for path in DOCUMENTS},
    "movements": _movement,
    "enterprises": _enterprise,
}
