"""What the page of a road check, of a case or of a visit says first: what was wrong, and what became of it."""

from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa

from precursor.api.collection import Call, Values
from precursor.desk import terms
from precursor.permits.models import Permit
from precursor.rules.law import Words
from precursor.rules.roadside import FAULT_MEANS, Place, distance
from precursor.tokens import saying

_BECAME: Final = {"pass": Words("已放行", "released"), "fault": Words("已扣留", "held")}
#: Verdicts that alone are no reason for alarm; NONE has a finding of its own.
_CALM: Final = frozenset({"GENUINE", "NONE", None})


def _joined(parts: list[Words]) -> Words:
    return Words("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def _not_so(item: str) -> Words | None:
    said = terms.word("item", item)
    return said and Words(f"{said.zh}不符合", f"{said.en}: fault")


def check(record: Values) -> dict[str, Any]:
    """What differed on the road, and whether the lorry went on."""
    wrong = [terms.word("differences", code) for code in record["differences"]]
    faults = [one["item"] for one in record["items"] if one["found"] == "fault"]
    wrong += [_not_so(item) for item in faults if FAULT_MEANS.get(item) not in record["differences"]]
    if record["verdict"] not in _CALM:
        wrong.insert(0, terms.word("verdict", record["verdict"]))
    found = [said for said in wrong if said is not None]
    if not found and record["result"] == "fault":
        found = [Words("有问题", "something was wrong")]
    said = _joined(found) if found else Words("未见不符", "nothing differed")
    became = _BECAME.get(record["result"] or "")
    if record["measured"] and found:
        said = Words(f"{said.zh}，实载 {record['measured']}", f"{said.en}, {record['measured']} on board")
    if became:
        said = Words(f"{said.zh}，{became.zh}", f"{said.en}; {became.en}")
    return {"template": "desk/label.html", "look": "bad" if found else "ok", "said": said}


def case(call: Call, record: Values) -> dict[str, Any]:
    """What the scans of a case give away in figures, and how long there is to close it."""
    parts = [said] if (said := terms.word("kind", record["kind"])) else []
    parts += _plates(call, record)
    for one, other in pairwise(record["scans"]):
        parts += _apart(one, other)
    if record["outcome"] is None:
        days = (date.fromisoformat(record["due_on"]) - call.today).days
        left = (
            Words(f"剩 {days} 日", f"{days} days left")
            if days >= 0
            else Words(f"逾期 {-days} 日", f"{-days} days late")
        )
        parts.append(Words(f"未办结，{left.zh}", f"open, {left.en}"))
    else:
        ended = terms.word("outcome", record["outcome"]) or Words(record["outcome"], record["outcome"])
        parts.append(Words(f"已办结：{ended.zh}", f"closed: {ended.en}"))
    return {
        "template": "desk/label.html",
        "look": "bad" if record["outcome"] is None else "ok",
        "said": _joined(parts),
    }


def _plates(call: Call, record: Values) -> list[Words]:
    """The plates that were seen, beside those of the document."""
    seen = list(dict.fromkeys(scan["plate"] for scan in record["scans"] if scan["plate"]))
    if not seen:
        return []
    permit = call.session.scalars(sa.select(Permit).where(Permit.outside_id == record["document"])).one_or_none()
    stated, names = "、".join(saying.plates_of(permit) if permit else ()), "、".join(seen)
    found = [Words(f"证载车牌 {stated}", f"plates of the document {stated}")] if stated else []
    return [*found, Words(f"实见 {names}", f"seen {names}")]


def _apart(one: Values, other: Values) -> list[Words]:
    """How far apart two scans are, and how long."""
    if not (one["place"] and other["place"]):
        return []
    km = distance(*(Place(*map(float, scan["place"].split(", "))) for scan in (one, other)))
    first, second = (datetime.fromisoformat(scan["at"]) for scan in (one, other))
    minutes = int(abs(second - first).total_seconds()) // 60
    hours, rest = divmod(minutes, 60)
    return [
        Words(f"相距 {km:,.0f} km，相隔 {hours} 小时 {rest} 分", f"{km:,.0f} km apart within {hours} h {rest} min")
    ]


def visit(record: Values, called: dict[tuple[str, str], str]) -> list[Words]:
    """What was wrong on a visit: the items with a fault, and the goods that are not as the books say."""
    wrong = [terms.word("item", one["item"]) for one in record["items"] if one["found"] == "fault"]
    found = [said for said in wrong if said is not None]
    for line in record["counts"]:
        if (by := Decimal(line["difference"])) != 0:
            name = called.get(("substances", line["substance"]), line["substance"])
            amount = f"{by:+,f} {line['unit']}"
            found.append(Words(f"{name}账实差 {amount}", f"{name} differs from the book by {amount}"))
    return found
