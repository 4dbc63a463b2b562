"""Sheets of labels for containers: drawn, and read back from the sheet before anybody sticks one on."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response

from precursor.api.collection import Call, Collection, Values
from precursor.api.views import call_of
from precursor.core import access
from precursor.core.errors import Refused
from precursor.desk import names, paper
from precursor.movements import labels
from precursor.movements.models import Label
from precursor.rules.law import Words
from precursor.signing import qr


def texts(call: Call, id_: str) -> list[str]:
    """The text of each container's code of an order."""
    label = call.session.scalars(sa.select(Label).where(Label.outside_id == id_)).one()
    return [labels.text_of(label.mark, number) for number in range(1, label.count + 1)]


def sheet(call: Call, record: Values) -> bytes:
    """The stickers of an order as PDF. Refused when a code on it cannot be read."""
    wanted = texts(call, record["id"])
    called = names.of(call, [record]) | names.on_paper(call, record)
    shown = {
        "label": record["id"],
        "goods": called.get(("substances", record["substance"]), record["substance"]),
        "each": f"{record['quantity']} {record['unit']}",
        "batch": record["batch"],
        "owner": called.get(("enterprises", record["enterprise"]), record["enterprise"]),
        "count": record["count"],
    }
    made = paper.labels(shown, [qr.svg_in_bulk(text) for text in wanted])
    if lost := set(wanted) - paper.codes_on(made):
        raise Refused(f"{len(lost)} 个码印出来读不出 / {len(lost)} codes of the sheet cannot be read")
    return made


def routes(bp: Blueprint, collection: Collection) -> None:
    """The sheet of an order, for whoever may read it."""

    def view(id: str) -> Response:
        call = call_of()
        record = collection.show_one(call, id)
        answer = Response(sheet(call, record), mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'inline; filename="{record["id"]}.pdf"'
        return answer

    path = f"/{collection.path}/<id>/sheet.pdf"
    bp.add_url_rule(path, endpoint="sheet of labels", view_func=access.requires(collection.read)(view))


def said(record: Values) -> dict[str, Any]:
    """What the page of an order says first: whether and where its containers should be."""
    places = record["places"] or []
    if not places:
        return {"look": "bad", "said": Words("账上已无此批次，容器不应再在", "By the books nothing of it is left")}
    at = "；".join(f"{one['place']} {one['quantity']} {one['unit']}" for one in places)
    return {"look": "ok", "said": Words(f"应在：{at}", f"Should be at: {at}")}
