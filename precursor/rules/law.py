"""The law as data: packs of rules, each with its words, its source and how sure we are of it.

A pack is a dated TOML file (``packs/*.toml``): the national law, then provinces, then ``settings``: what no law
gives and a person must confirm. ``law_for`` says which of them hold in an area on a day; a decision stores that.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

PACKS_DIR: Final = Path(__file__).parent / "packs"
STATUSES: Final = ("V", "R", "U", "OURS")
_MARKS: Final = {
    "R": "(未核对 unconfirmed)",
    "U": "(未核对 unconfirmed)",
    "OURS": "(自定,待确认 our own proposal)",
}


@dataclass(frozen=True, slots=True)
class Words:
    """The same sentence in Chinese and in English."""

    zh: str
    en: str

    def format(self, **values: object) -> "Words":
        """Fill in the values."""
        return Words(self.zh.format(**values), self.en.format(**values))


@dataclass(frozen=True, slots=True)
class Source:
    """One place in one instrument, and how sure we are of it.

    ``status``: V read in the text, R recalled, U recalled and not certain, OURS no source: our own proposal.
    """

    instrument: str
    version: str
    article: str
    status: str = "V"

    def __str__(self) -> str:
        mark = "" if self.is_confirmed else _MARKS[self.status]
        version = f"({self.version})" if self.version else ""
        return f"《{self.instrument}》{version}{self.article}{mark}"

    @property
    def is_confirmed(self) -> bool:
        """Whether the text itself was read."""
        return self.status == "V"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that an act breaks: its stable id, the words a person reads, the law behind them."""

    rule: str
    words: Words
    source: Source
    member: str = ""  # what it is about, where the rule itself says: a field that is missing

    @property
    def message(self) -> str:
        """The words in Chinese, then in English: for logs, commands and programs."""
        return f"{self.words.zh} / {self.words.en}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: id, words, source; ``value`` holds its numbers, ``row`` where they were taken from.

    ``bars``: what a fact that broke it cannot rest on: its permit, its transport document, its exemption.
    """

    id: str
    words: Words
    source: Source
    value: Mapping[str, Any]
    row: str
    pack: str
    bars: str | None = None

    def broken(self, **values: object) -> Violation:
        """This rule as broken by somebody."""
        return Violation(self.id, self.words.format(**values), self.source)


@dataclass(frozen=True, slots=True)
class Pack:
    """One dated file of law. ``areas``: the first digits of the codes where it holds; () everywhere."""

    id: str
    version: str
    effective_from: date | None
    areas: tuple[str, ...]
    rules: Mapping[str, Rule]
    documents: tuple[Mapping[str, Any], ...]
    departments: Mapping[str, Mapping[str, Any]]
    parameters: Mapping[str, Mapping[str, Any]]

    def holds(self, area_code: str | None, day: date) -> bool:
        """Whether it is in force there and then; without a code only the national law is (DECISIONS 2)."""
        if self.effective_from is not None and day < self.effective_from:
            return False
        return not self.areas or (area_code or "")[:2] in self.areas


def _read(file: Path) -> Pack:
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
        instruments = {key: (entry["zh"], entry["version"]) for key, entry in raw.get("instruments", {}).items()}
        rules = {id_: _rule(id_, entry, instruments, raw["id"]) for id_, entry in raw.get("rules", {}).items()}
        return Pack(
            raw["id"],
            raw["version"],
            raw.get("effective_from"),
            tuple(raw["areas"]),
            rules,
            tuple(_document(entry, instruments) for entry in raw.get("documents", ())),
            raw.get("departments", {}),
            raw.get("parameters", {}),
        )
    except (KeyError, ValueError) as error:
        raise ValueError(f"{file.name}: {error!r}") from error


def _document(entry: Mapping[str, Any], instruments: Mapping[str, tuple[str, str]]) -> Mapping[str, Any]:
    """A row of the matrix, its basis as a source."""
    basis = entry.get("basis")
    if basis is None:
        return entry
    found = Source(*instruments[basis["instrument"]], basis["article"], basis.get("status", "V"))
    return {**entry, "basis": found}


def _rule(id_: str, entry: Mapping[str, Any], instruments: Mapping[str, tuple[str, str]], pack: str) -> Rule:
    if entry["status"] not in STATUSES:
        raise ValueError(f"rules.{id_}: a status is one of {', '.join(STATUSES)}")
    source = Source(*instruments[entry["instrument"]], entry["article"], entry["status"])
    return Rule(
        id_, Words(entry["zh"], entry["en"]), source, entry.get("value", {}), entry["row"], pack, entry.get("bars")
    )


def _load() -> dict[str, Pack]:
    found = [_read(file) for file in sorted(PACKS_DIR.glob("*.toml")) if file.stem != "holidays"]
    return {pack.id: pack for pack in sorted(found, key=lambda pack: (bool(pack.areas), pack.id))}


#: Every pack, the national ones first.
PACKS: Final = _load()


def _all_rules() -> Iterator[Rule]:
    seen: set[str] = set()
    for pack in PACKS.values():
        for rule in pack.rules.values():
            if rule.id in seen:
                raise ValueError(f"{pack.id}: the rule {rule.id} stands twice")
            seen.add(rule.id)
            yield rule


#: Every rule of every pack, by id.
RULES: Final = {rule.id: rule for rule in _all_rules()}


def barred(violations: Iterable[Violation]) -> frozenset[str | None]:
    """What a fact that broke these rules cannot rest on."""
    return frozenset(RULES[violation.rule].bars for violation in violations)


def broken(id_: str, **values: object) -> Violation:
    """The rule of that id, as broken by somebody."""
    return RULES[id_].broken(**values)


@dataclass(frozen=True, slots=True)
class Law:
    """The packs that hold in an area on a day."""

    packs: tuple[Pack, ...]

    @property
    def version(self) -> str:
        """What a decision stores: ``national@2018-09-18+zhejiang@2011``."""
        return "+".join(f"{pack.id}@{pack.version}" for pack in self.packs)

    def has(self, id_: str) -> bool:
        """Whether a rule holds."""
        return any(id_ in pack.rules for pack in self.packs)

    def documents(self) -> Iterator[Mapping[str, Any]]:
        """The rows of the matrix that hold, a province's before the nation's."""
        for pack in reversed(self.packs):
            yield from pack.documents


def law_for(area_code: str | None, day: date) -> Law:
    """The law in an area (GB/T 2260 code; None: made up, national law only) on a day."""
    return Law(tuple(pack for pack in PACKS.values() if pack.rules and pack.holds(area_code, day)))
