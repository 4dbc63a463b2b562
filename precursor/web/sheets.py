"""Workbooks of lists: every value as text or number, never as a formula."""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

import xlsxwriter
from flask import Response

TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DIGITS: Final = 15  # a cell holds no more of a number than that; a longer one is text

Cell = str | int | Decimal | None


def workbook(title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """One sheet with a heading row that stays in sight, as bytes of an .xlsx file."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "in_memory": True})
    sheet = book.add_worksheet(title.translate(str.maketrans("", "", "[]:*?/\\"))[:31])
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(0, len(head) - 1), 18)
    for place, text in enumerate(head):
        sheet.write_string(0, place, text, bold)
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            _write(sheet, number, place, value)
    book.close()
    return file.getvalue()


def answer(name: str, title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """The workbook as a file to keep."""
    found = Response(workbook(title, head, rows), mimetype=TYPE)
    found.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return found


def _write(sheet: Any, row: int, column: int, value: Cell) -> None:
    if value is None or value == "":
        return
    if isinstance(value, str) or (isinstance(value, Decimal) and len(value.as_tuple().digits) > _DIGITS):
        sheet.write_string(row, column, str(value))
    else:
        sheet.write_number(row, column, float(value) if isinstance(value, Decimal) else value)
