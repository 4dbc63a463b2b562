"""What stands behind a gap, as it is shown: comparisons, facts, tables, what happened; and its words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from precursor.rules.law import Words
from precursor.substances.models import Substance

W = Words


@dataclass(frozen=True, slots=True)
class Link:
    """The number of a record, the collection or page where it is found, and the enterprises that may open it."""

    text: str
    path: str
    whose: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Records that belong to a gap; the cells of a row are text, days, pairs of words or links."""

    title: Words
    columns: Sequence[Words]
    rows: Sequence[Sequence[Any]]
    right: frozenset[int] = frozenset()  # columns of numbers
    is_of_document: bool = False  # draws of everybody on a document: its holder's and the authorities' to see


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, or that should have by a day and did not (``is_bad``)."""

    day: date
    said: Words
    note: str = ""
    is_bad: bool = False


@dataclass(slots=True)
class Evidence:
    """An equation (what is compared, the difference last), facts, tables, what happened, where goods are traced."""

    equation: list[tuple[Words, str]] = field(default_factory=list)
    unit: str = ""
    facts: list[tuple[Words, Any]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    trace: dict[str, str] = field(default_factory=dict)  # what an address of the trace asks for


def called(substance: Substance) -> Words:
    """A substance and its category."""
    names = (substance.name_zh, substance.name_en or substance.name_zh)
    if not substance.category:
        return W(*names)
    return W(f"{names[0]}（{'零一二三'[substance.category]}类）", f"{names[1]} (category {substance.category})")


TYPE_WORDS: Final = {
    "production_in": W("生产入库", "Production"),
    "purchase_in": W("购入", "Purchase"),
    "sale_out": W("销售出库", "Sale"),
    "transfer_in": W("调入", "Transfer in"),
    "transfer_out": W("调出", "Transfer out"),
    "import_in": W("进口入库", "Import"),
    "export_out": W("出口出库", "Export"),
    "use_out": W("使用出库", "Use"),
    "loss_out": W("损失", "Loss"),
    "disposal_out": W("处置", "Disposal"),
    "return_in": W("退回入库", "Return received"),
    "return_out": W("退货", "Return"),
    "sample_out": W("取样", "Sample"),
}

KINDS: Final = {
    "purchase_permit": W("购买许可证", "Purchase permit"),
    "purchase_filing": W("购买备案证明", "Purchase filing certificate"),
    "transport_permit": W("运输许可证", "Transport permit"),
    "transport_filing": W("运输备案证明", "Transport filing certificate"),
    "purchase_use_certificate": W("购用证明", "Purchase-and-use certificate"),
}
