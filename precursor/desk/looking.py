"""What an address looks for: a text in what a collection shows of its records."""

from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from flask import request

from precursor.core.members import day_at

#: Columns besides the id in which one looks, where a collection has them.
_LOOKED: Final = ("name", "name_zh", "name_en", "credit_code", "batch", "number", "plate", "customs_no", "cas")
_PLATES: Final = ("plate", "plates")
#: What people write between the parts of a plate, or leave out.
_MARKS: Final = "·•・.-－ \u3000"
_LONGEST: Final = 100


def cleaned(text: str) -> str:
    """What was typed into a field that looks for something; longer texts are in no name."""
    return text.strip()[:_LONGEST]


def day(name: str, usual: date) -> date:
    """A day in the address, or the ``usual`` one."""
    text = request.args.get(name, "")
    return day_at(f"/{name}", text) if text else usual


def holds(columns: Any, text: str, *others: Any) -> sa.ColumnElement[bool]:
    """Whether id or any name holds a text, whatever its case; ids that are numbers are read as text.

    Plates, and ``others`` in which a plate may stand, are read without the marks between their parts.
    """
    looked = [columns[name] for name in ("id", *_LOOKED) if name in columns]
    fits = [sa.cast(column, sa.String()).icontains(text, autoescape=True) for column in looked]
    plates = [columns[name] for name in _PLATES if name in columns]
    if bare := _bare(text):
        fits += [_written(column).icontains(bare, autoescape=True) for column in (*plates, *others)]
    return sa.or_(*fits)


def _written(column: Any) -> Any:
    for mark in _MARKS:
        column = sa.func.replace(column, mark, "")
    return column


def _bare(plate: str) -> str:
    return plate.translate(dict.fromkeys(map(ord, _MARKS)))
