"""What some records have on their page besides: a document its code and what is left, an enterprise its stock."""

from collections.abc import Callable
from typing import Any, Final

from precursor.api.collection import Call, Collection, Values
from precursor.desk import terms
from precursor.web.i18n import language, words

Extra = dict[str, Any]
DOCUMENTS: Final = ("purchase-documents", "transport-documents", "licences", "trade-licences")


def title(collection: Collection, record: Values) -> str:
    """What the page of a record is headed with."""
    if record.get("name"):
        return str(record["name"])
    if language() == "en" and record.get("name_en"):
        return str(record["name_en"])
    if record.get("name_zh"):
        return str(record["name_zh"])
    kind = terms.word("kind", record.get("kind")) if collection.path in DOCUMENTS else None
    of_type = terms.word("type", record.get("type")) if "type" in record else None
    return f"{words(kind or of_type or collection.summary)} {record['id']}"


def of(call: Call, collection: Collection, record: Values) -> Extra | None:
    """The template and the values of what this record has besides."""
    make = _EXTRAS.get(collection.path)
    return make(call, record) if make else None


_EXTRAS: Final[dict[str, Callable[[Call, Values], Extra]]] = {}
