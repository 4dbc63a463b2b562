"""The ledger (总账): who holds how much, posted in double entry. The only door to its tables.

Write with ``post``; read with ``book_stock`` and ``posted_to``, which hand out selectables that figures join.
"""

from precursor.ledger.reading import book_stock, openings, posted_to, unbalanced
from precursor.ledger.service import Entry, Place, PlaceKind, Shortfall, StockShort, post, settle

__all__ = [
    "Entry",
    "Place",
    "PlaceKind",
    "Shortfall",
    "StockShort",
    "book_stock",
    "openings",
    "post",
    "posted_to",
    "settle",
    "unbalanced",
]
