"""Records as the rows of a workbook: words for codes, amounts as numbers, instants by the clock on the wall."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from precursor.api.collection import Values
from precursor.core.clock import parse_instant
from precursor.desk import terms
from precursor.desk.documents import State
from precursor.desk.states import Told
from precursor.web.i18n import local
from precursor.web.sheets import Cell


def heading(columns: Sequence[str]) -> list[str]:
    """The names of members, zh and en: a workbook goes to people of both."""
    return [f"{terms.member(name).zh} {terms.member(name).en}" for name in columns]


def rows(columns: Sequence[str], records: Iterable[Values]) -> Iterator[list[Cell]]:
    """Each record in the order of the columns."""
    for record in records:
        yield [_cell(name, record.get(name)) for name in columns]


def moment(text: str) -> str:
    """An instant as the clock on the wall shows it in China."""
    return local(parse_instant(text))


def _cell(name: str, value: Any) -> Cell:
    if value is None or value == []:
        return None
    if name in terms.AMOUNTS:
        return Decimal(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, State | Told):
        return value.said.zh
    if name in terms.MOMENTS:
        return moment(value)
    if word := terms.word(name, value):
        return word.zh
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)
