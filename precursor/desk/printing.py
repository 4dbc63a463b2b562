"""Certificates in bulk (批量打印): a list of documents as files of 50, each code read back before it is given out."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, render_template

from precursor.api.collection import Call, Collection
from precursor.api.views import call_of
from precursor.core import access
from precursor.core.errors import NotFound, Refused
from precursor.desk import cells, documents, paper
from precursor.signing import qr
from precursor.web import paging

Narrow = Callable[[Collection, Call], sa.Select]


def _page(collection: Collection, call: Call, narrow: Narrow) -> tuple[sa.Select, paging.Page]:
    query = narrow(collection, call)
    return query, paging.of(
        call.session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0, paging.LINES
    )


def part(call: Call, collection: Collection, rows: list[Any]) -> tuple[bytes, int]:
    """The certificates of some documents in one file, and how many codes were read on it.

    Refused, with the numbers of the documents, when a code that was printed cannot be read or says something else.
    """
    records = [collection.show_one(call, row.id) for row in rows]
    codes = [documents.code_of(call, record) for record in records]
    nth = documents.take_numbers(call, [record["id"] for record in records])
    sheets, wanted = [], {}
    for record, code in zip(records, codes, strict=True):
        shown = documents.shown_on_paper(call, record, code[1] if code else "--", nth[record["id"]])
        sheets.append((shown, qr.svg_in_bulk(code[0]) if code else None))
        if code:
            wanted[code[0]] = record["id"]
    made = paper.certificates(sheets)
    if lost := sorted(wanted[text] for text in set(wanted) - paper.codes_on(made)):
        said = "、".join(lost)
        raise Refused(f"印出的码读不出：{said} / codes that cannot be read as printed: {said}")
    return made, len(wanted)


def routes(bp: Blueprint, collection: Collection, narrow: Narrow) -> None:
    """The page that says how many files there are, and each file; narrowed like the list."""
    guard, path = access.requires(collection.read), f"/{collection.path}/certificates"

    def page() -> str:
        _, at = _page(collection, call_of(), narrow)
        return render_template("desk/printing.html", collection=collection, page=at, kept=paging.kept(), path=path)

    def file() -> Response:
        call = call_of()
        query, at = _page(collection, call, narrow)
        rows = list(call.session.execute(cells.ordered(query).slice(at.part.start, at.part.stop)))
        if not rows:
            raise NotFound("没有符合条件的证件 / no document fits")
        if documents.is_only_looked_at():
            return Response(status=204)
        made, read = part(call, collection, rows)
        answer = Response(made, mimetype="application/pdf")
        name = f"{collection.path}-{at.number}.pdf"
        answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
        answer.headers["Precursor-Sheets"] = str(len(rows))
        answer.headers["Precursor-Codes-Read"] = str(read)
        return answer

    bp.add_url_rule(path, endpoint=f"certificates {collection.path}", view_func=guard(page))
    bp.add_url_rule(f"{path}.pdf", endpoint=f"certificate files {collection.path}", view_func=guard(file))
