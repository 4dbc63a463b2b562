"""The API's own machinery: collections of records, their pages, safe repetition, and the OpenAPI document.

A room says in its ``api.py`` what its records look like, who may see them and what may be done (``Collection``,
``Act``); routes, checks and the description all follow from that one table.
"""

from precursor.api.collection import Act, Call, Collection, Listing

__all__ = ["Act", "Call", "Collection", "Listing"]
