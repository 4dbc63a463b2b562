"""The matrix of documents (许可与备案矩阵): who issues which, at which level, how fast, for how long.

Look here for: issuer and level, clock of a decision, validity and its extension, uses, mandatory fields. The rows
stand in the packs (``[[documents]]``), each number with where it comes from.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum, StrEnum
from typing import Any, Final, Self

from precursor.rules import law, spans
from precursor.rules.law import PACKS, Law, Source, Violation, Words
from precursor.rules.permits import PermitKind, Uses
from precursor.rules.substances import SubstanceClass
from precursor.rules.working_days import last_day_on_time


class Level(IntEnum):
    """Levels of authority, the lowest first."""

    COUNTY = 1
    PREFECTURE = 2
    PROVINCE = 3


class Department(StrEnum):
    """Departments by their lasting name; what they are and were called stands in the packs."""

    PUBLIC_SECURITY = "public_security"
    EMERGENCY_MANAGEMENT = "emergency_management"
    DRUG_ADMINISTRATION = "drug_administration"
    MARKET_REGULATION = "market_regulation"
    COMMERCE = "commerce"
    CUSTOMS = "customs"
    HEALTH = "health"
    ECOLOGY = "ecology"


_BAN: Final = law.RULES["APPLICATION_BANNED"]
_LEVELS: Final = {"county": Level.COUNTY, "prefecture": Level.PREFECTURE, "province": Level.PROVINCE}
LEVEL_WORDS: Final = {
    Level.COUNTY: Words("县", "county"),
    Level.PREFECTURE: Words("设区的市", "prefecture"),
    Level.PROVINCE: Words("省", "province"),
}
_USES_WORDS: Final = {
    Uses.SINGLE: Words("一次有效", "good for one use"),
    Uses.MULTIPLE: Words("多次有效", "good for many uses"),
}
FIELD_WORDS: Final = {
    "quantity": Words("数量", "quantity"),
    "site": Words("生产、经营地址", "site"),
    "main_flow": Words("主要流向", "main flow"),
    "seller": Words("销售单位", "seller"),
    "purpose": Words("用途", "purpose"),
    "handler": Words("经办人", "handler"),
    "destination": Words("运达地", "destination"),
    "consignee": Words("收货人", "consignee"),
    "carrier": Words("承运人", "carrier"),
    "permit_type": Words("许可证种类", "type of permit"),
    "hs_code": Words("海关商品编号", "HS code"),
    "counterparty": Words("对方", "counterparty"),
    "country": Words("国家(地区)", "country"),
    "port": Words("口岸", "port"),
    "receiver": Words("收件人", "receiver"),
    "signatories": Words("签字人", "signatories"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the matrix. ``rows`` and ``status`` name, by column, the source and how sure we are of it.

    ``basis``: the article that knows such a document; a certificate names it.
    """

    kind: PermitKind
    classes: frozenset[SubstanceClass]
    issuer: Department
    level: Level
    delegable_to: Level | None
    decision: Mapping[str, Any] | None
    validity: Mapping[str, Any] | None
    extended: Mapping[str, Any] | None
    uses: tuple[Uses, ...]
    fields: tuple[str, ...]
    exemptions: tuple[str, ...]
    rows: Mapping[str, str]
    status: Mapping[str, str]
    note: str
    basis: Source | None

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """From a pack; KeyError and ValueError when it does not hold together."""
        delegable = raw.get("delegable_to")
        return cls(
            PermitKind(raw["kind"]),
            frozenset(map(SubstanceClass, raw["classes"])),
            Department(raw["issuer"]),
            _LEVELS[raw["level"]],
            _LEVELS[delegable] if delegable else None,
            raw.get("decision"),
            raw.get("validity"),
            raw.get("extended"),
            tuple(map(Uses, raw["uses"])),
            tuple(raw["fields"]),
            tuple(raw.get("exemptions", ())),
            raw["rows"],
            raw.get("status", {}),
            raw.get("note", ""),
            raw.get("basis"),
        )

    @property
    def least_level(self) -> Level:
        """The lowest level that may issue it."""
        return self.delegable_to or self.level

    def allowed_uses(self, *, extended: bool) -> tuple[Uses, ...]:
        """The uses that it may be issued for."""
        return tuple(map(Uses, self.extended["uses"])) if extended and self.extended else self.uses

    def last_day(self, valid_from: date, *, extended: bool = False) -> date | None:
        """The last day it may be valid when it begins on ``valid_from``; None where no number is given."""
        span = self.extended if extended and self.extended else self.validity
        return None if span is None else spans.last_valid_day(span, valid_from)

    def decision_due(self, accepted_on: date) -> date | None:
        """The last day of the decision on an application accepted on that day (working days)."""
        if self.decision is None:
            return None
        return (
            last_day_on_time(accepted_on, self.decision["working_days"])
            if self.decision["working_days"]
            else accepted_on
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A document that an authority wants to issue. ``clean_months``: since the holder last broke a rule."""

    valid_from: date
    valid_to: date
    uses: Uses
    fields: Collection[str]
    issuer: Department
    level: Level
    clean_months: int = 0
    banned_until: date | None = None


def rows_of(the_law: Law) -> Iterator[Row]:
    """Every row that holds."""
    return map(Row.of, the_law.documents())


def row_of(kind: PermitKind, cls: SubstanceClass, the_law: Law) -> Row | None:
    """The row for a kind of document and a class of substance; None when the law has no such document."""
    return next((row for row in rows_of(the_law) if row.kind is kind and cls in row.classes), None)


def check_kind(kind: PermitKind, cls: SubstanceClass, the_law: Law) -> list[Violation]:
    """Whether the law knows this document for this class."""
    return [] if row_of(kind, cls, the_law) else [law.broken("KIND_NOT_FOR_CLASS", kind=kind)]


def check_issue(row: Row, wanted: Proposal) -> list[Violation]:
    """Every rule that issuing the document would break."""
    return [*_authority(row, wanted), *_validity(row, wanted), *_content(row, wanted)]


def _authority(row: Row, wanted: Proposal) -> Iterator[Violation]:
    if wanted.issuer is not row.issuer:
        yield _named("ISSUER_WRONG", issuer=department_words(row.issuer))
    if wanted.level < row.least_level:
        yield _named("LEVEL_TOO_LOW", level=LEVEL_WORDS[row.least_level])


def _validity(row: Row, wanted: Proposal) -> Iterator[Violation]:
    extended = bool(row.extended) and wanted.clean_months >= row.extended["clean_months"]  # type: ignore[index]
    last = row.last_day(wanted.valid_from, extended=extended)
    if last is not None and wanted.valid_to > last:
        yield law.broken("VALIDITY_TOO_LONG", last=last)
    allowed = row.allowed_uses(extended=extended)
    if wanted.uses not in allowed:
        yield _named("USES_WRONG", uses=_USES_WORDS[allowed[0]])


def _content(row: Row, wanted: Proposal) -> Iterator[Violation]:
    for name in row.fields:
        if name not in wanted.fields:
            yield replace(_named("FIELD_MISSING", field=FIELD_WORDS[name]), member=name)
    if wanted.banned_until is not None and wanted.valid_from <= wanted.banned_until:
        yield _BAN.broken()


def _named(rule: str, **words: Words) -> Violation:
    """A rule whose words hold other words: each language its own."""
    found = law.RULES[rule]
    return Violation(
        rule,
        Words(
            found.words.zh.format(**{name: pair.zh for name, pair in words.items()}),
            found.words.en.format(**{name: pair.en for name, pair in words.items()}),
        ),
        found.source,
    )


def banned_until(decided_on: date) -> date:
    """The last day on which no application is taken after unlicensed or forged dealing."""
    return spans.after(_BAN.value, decided_on)


def department_words(department: Department) -> Words:
    """What a department is called now."""
    entry = PACKS["national"].departments[department]
    return Words(entry["zh"], entry["en"])


def formerly(department: Department) -> tuple[str, ...]:
    """What it was called before, the newest first (in older documents and plans)."""
    return tuple(PACKS["national"].departments[department]["formerly"])
