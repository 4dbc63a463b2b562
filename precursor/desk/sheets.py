"""Workbooks of lists: every value as text or number, never as a formula."""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

import xlsxwriter

from precursor.api.collection import Values
from precursor.core.clock import SHANGHAI, parse_instant
from precursor.desk import terms

TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_AMOUNTS: Final = frozenset({"quantity", "drawn", "counted"})


def workbook(title: str, head: Sequence[str], columns: Sequence[str], records: Iterable[Values]) -> bytes:
    """One sheet with a heading row that stays in sight, as bytes of an .xlsx file."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "in_memory": True})
    sheet = book.add_worksheet(title.translate(str.maketrans("", "", "[]:*?/\\"))[:31])
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(0, len(columns) - 1), 18)
    for place, text in enumerate(head):
        sheet.write_string(0, place, text, bold)
    for number, record in enumerate(records, start=1):
        for place, name in enumerate(columns):
            _write(sheet, number, place, name, record.get(name))
    book.close()
    return file.getvalue()


def moment(text: str) -> str:
    """An instant as the clock on the wall shows it in China."""
    return parse_instant(text).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _write(sheet: Any, row: int, column: int, name: str, value: Any) -> None:
    if value is None or value == []:
        return
    if name in _AMOUNTS:
        exact = Decimal(value)
        if len(exact.as_tuple().digits) <= 15:  # a cell holds no more digits than that
            sheet.write_number(row, column, float(exact))
            return
    if isinstance(value, int) and not isinstance(value, bool):
        sheet.write_number(row, column, value)
        return
    if name in terms.MOMENTS:
        value = moment(value)
    word = terms.word(name, value)
    sheet.write_string(row, column, word.zh if word else "、".join(value) if isinstance(value, list) else str(value))
