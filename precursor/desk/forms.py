"""Forms of pages, made from the forms of the API: what is typed becomes what a program would send.

Nothing typed is ever lost: a form that is refused comes back as it was filled in.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from marshmallow import ValidationError, fields
from werkzeug.datastructures import MultiDict

from precursor.api.collection import Act, Values
from precursor.core.clock import SHANGHAI
from precursor.core.errors import Fault, Faulty
from precursor.core.members import Amount, Day, Each, Moment, Nested, Record, Truth, Whole, Word, schema_of
from precursor.core.strict import flatten
from precursor.desk import terms
from precursor.desk.asking import LEADS, Asked
from precursor.rules.law import Words
from precursor.web.i18n import head, one_language, t

#: What lies with others, so that the reader's own list does not help.
_ELSEWHERE: Final = frozenset({"seller", "consignee", "carrier", "external"})
#: What offers people instead of records.
PEOPLE: Final = "people"
#: What offers the sites to which goods may go: those of whoever the documents name.
THERE: Final = "there"
_OFFERS: Final = {"officers": PEOPLE, "other_site": THERE}
#: What is asked first of all, in this order: the papers say most of the rest.
_FIRST: Final = ("type", "kind", "counterpart", "permit")
#: Days that are today's unless somebody says otherwise.
_TODAY: Final = frozenset({"date", "valid_from", "registered_on", "open_on", "since", "customs_date"})


@dataclass(slots=True)
class Field:
    """One field of a page's form: ``name`` is the path of the member, with dots."""

    name: str
    label: Words
    kind: str  # text, day, moment, whole, amount, choice, yes, lines
    required: bool
    value: str = ""
    choices: Sequence[tuple[str, Words]] = ()
    is_beside: bool = False  # few words side by side, to be touched
    note: str = ""
    hint: Words | None = None  # what only this kind of record says of it
    unless_exempt: bool = False  # may be left empty only where the law asks for none
    leads: bool = False  # other fields depend on it
    source: str | None = None  # the collection whose records may be named
    errors: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Group:
    """Fields that stand together; one with a title only when it is a record inside the record."""

    title: Words | None
    fields: list[Field]
    is_asked: bool = True  # at once, not behind 更多


_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (Word, "choice"),
    (Day, "day"),
    (Moment, "moment"),
    (Whole, "whole"),
    (Amount, "amount"),
    (Truth, "yes"),
    (Each, "lines"),
)


#: So few words stand side by side, to be touched; of more one is chosen from a list.
_BESIDE: Final = 3


def _field(path: str, name: str, member: fields.Field, asked: Asked) -> Field:
    kind = next((kind for cls, kind in _KINDS if isinstance(member, cls)), "text")
    made = Field(path, terms.member(name), kind, bool(member.required) or name in asked.must)
    made.hint = asked.hints.get(path)
    made.leads = path in LEADS
    made.unless_exempt = path in asked.unless
    made.note = getattr(member, "note", "")
    made.source = terms.REFS.get(name) if kind == "text" and name not in _ELSEWHERE else None
    made.source = _OFFERS.get(name, made.source)
    if isinstance(member, Word):
        made.choices = [(word, terms.word(name, word) or Words(word, word)) for word in member.words]
    elif kind == "yes":
        made.choices = [(word, terms.word("", word) or Words(word, word)) for word in ("true", "false")]
    if kind in ("choice", "yes") and len(made.choices) <= _BESIDE:
        made.is_beside = True
        if not made.required and "unchecked" not in dict(made.choices):
            made.choices = [*made.choices, ("", Words("不填", "not given"))]
    return made


def groups_of(form: type[Record], asked: Asked, typed: Mapping[str, str] | None = None) -> list[Group]:
    """The fields of a form: what is required or always asked for first, then records inside, then the rest.

    What ``typed`` names is there in any case, even where such a record bears it not: nothing typed is lost.
    """
    known = typed or {}
    first, rest, inside = Group(None, []), Group(Words("更多", "More"), [], is_asked=False), []
    for name, member in schema_of(form).fields.items():
        if name in asked.never and not known.get(name):
            continue
        if isinstance(member, Nested):
            parts = [
                _field(f"{name}.{sub}", sub, part, asked)
                for sub, part in member.schema.fields.items()
                if sub not in asked.never or known.get(f"{name}.{sub}")
            ]
            inside.append(Group(terms.member(name), parts, is_asked=name in asked.at_once))
        else:
            made = _field(name, name, member, asked)
            place = first if made.required or name in asked.at_once else rest
            if known_words := terms.SUGGESTED.get((form.__name__, name)):
                made.kind, made.choices = "choice", [(word, terms.WORDS[word]) for word in known_words]
            place.fields.append(made)
    first.fields.sort(key=lambda each: _FIRST.index(each.name) if each.name in _FIRST else len(_FIRST))
    return [group for group in (first, *inside, rest) if group.fields]


def fields_in(groups: Sequence[Group]) -> Iterator[Field]:
    """Every field."""
    for group in groups:
        yield from group.fields


def fill(
    groups: Sequence[Group],
    typed: Mapping[str, str],
    today: date | None = None,
    usual: Mapping[str, str] | None = None,
) -> None:
    """Put into each field what was typed, or what is ``usual``; on a new form a day is ``today``."""
    for each in fields_in(groups):
        each.value = _typed(typed, each) or (usual or {}).get(each.name, "")
        names_sale = bool(typed.get("counterpart"))  # it came when it came, which need not be today
        if today is not None and not each.value and each.name in _TODAY and each.required and not names_sale:
            each.value = today.isoformat()


def _typed(typed: Mapping[str, str], each: Field) -> str:
    """What was typed into a field; of a list what was ticked and what was typed, a line each."""
    return _ticked(typed, each.name) if each.kind == "lines" else typed.get(each.name, "")


def _ticked(typed: Mapping[str, str], name: str) -> str:
    texts = typed.getlist(name) if isinstance(typed, MultiDict) else [typed.get(name, "")]
    return "\n".join(text for text in texts if text.strip())


def several(typed: Mapping[str, str], name: str) -> list[str]:
    """What was ticked and typed into a field that takes several answers."""
    return _lines(_ticked(typed, name))


_NEEDED: Final = "请填写 / please fill this in"
#: Sent along when a form is only to be shown anew, with what depends on the answers so far.
SHOW: Final = "_show"
#: Sent along when what was asked about is so; its value says what that was.
SURE: Final = "_sure"
#: Fields that every form has besides its own.
_OURS: Final = frozenset({"csrf_token", "_key", "_seen", SHOW, SURE})


def read(form: type[Record], typed: MultiDict[str, str], asked: Asked) -> Values:
    """What was typed as a program would send it, loaded. Faulty with every fault, at its field."""
    document: dict[str, Any] = {}
    groups = groups_of(form, asked, typed)
    known = {each.name for each in fields_in(groups_of(form, Asked(), typed))} | _OURS
    several = {each.name for each in fields_in(groups) if each.kind == "lines"}
    faults = [
        Fault("", f"表单没有此栏，或重复 / the form has no such field, or it came twice: {name[:40]!r}")
        for name, texts in typed.lists()
        if name not in known or (len(texts) > 1 and name not in several)
    ]
    for group in groups:
        for each in group.fields:
            text = _typed(typed, each).strip()
            if not text:
                if each.required and ("." not in each.name or each.name.rpartition(".")[2] in asked.must):
                    faults.append(Fault(f"/{each.name}", _NEEDED))
                continue
            try:
                value = _READ.get(each.kind, str)(text)
            except ValueError as error:
                faults.append(Fault("/" + each.name.replace(".", "/"), str(error)))
                continue
            outer, _, inner = each.name.partition(".")
            if inner:
                document.setdefault(outer, {})[inner] = value
            else:
                document[outer] = value
    try:
        loaded: Values = schema_of(form).load(document)
    except ValidationError as error:
        known_at = {fault.pointer for fault in faults}
        faults += [fault for fault in flatten(error.messages) if fault.pointer not in known_at]
    if faults:
        raise Faulty(sorted(set(faults)))
    return loaded


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError("须为整数 / a whole number is meant")
    return int(text)


def _moment(text: str) -> str:
    """A browser's local time is that of the legal day; an instant with offset stays as it is."""
    try:
        found = datetime.fromisoformat(text)
        aware = found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
        return aware.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise ValueError("须为时间,如 2026-03-01T14:20 / a time like 2026-03-01T14:20 is meant") from None


def _lines(text: str) -> list[str]:
    parts = text.replace("、", "\n").replace(",", "\n").replace(",", "\n").splitlines()
    return [part.strip() for part in parts if part.strip()]


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "whole": _whole,
    "yes": lambda text: text == "true",
    "moment": _moment,
    "lines": _lines,
    "amount": lambda text: text.replace(",", ""),
}


def field_at(groups: Sequence[Group], pointer: str) -> Field | None:
    """The field of a JSON pointer, the one that holds it, or the first that it holds."""
    by_name = {each.name: each for each in fields_in(groups)}
    name = pointer.lstrip("/").replace("/", ".")
    return (
        by_name.get(name)
        or by_name.get(f"particulars.{name}")
        or by_name.get(name.partition(".")[0])
        or by_name.get(name.rpartition(".")[0])
        or next((each for each in by_name.values() if name and each.name.startswith(f"{name}.")), None)
    )


def place(groups: Sequence[Group], faults: Sequence[Fault]) -> list[tuple[str | None, str]]:
    """Put each fault at its field; returns for the summary: the field's name, or None, and the words."""
    order = {each.name: place for place, each in enumerate(fields_in(groups))}

    def place_of(fault: Fault) -> int:
        found = field_at(groups, fault.pointer)
        return order[found.name] if found else -1

    said = []
    for fault in sorted(faults, key=place_of):  # in the order in which one reads the form
        found = field_at(groups, fault.pointer)
        if found is not None:
            found.errors.append(one_language(fault.message))
            if found.name.partition(".")[2]:
                _open(groups, found)
        where = f"{head(found.label)}{t('：', ': ')}" if found else ""
        said.append((found.name if found else None, where + one_language(fault.message)))
    _open(groups, *(each for each in fields_in(groups) if each.errors))
    return said


def _open(groups: Sequence[Group], *wrong: Field) -> None:
    for group in groups:
        if any(each in wrong for each in group.fields):
            group.is_asked = True


def path_of(act: Act) -> str:
    """Where the form of an act is, after its collection: "new", "in", "<id>/grades"."""
    if act.method == "PUT":
        return "<id>/change"
    return act.at.lstrip("/") or "new"
