"""Targets and parameters of the figures, each dated and with its source (``packs/*.toml``).

A register may override them (the ``rules`` of a bundle do); then its own values count, targets included.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, Final, Self

from precursor.rules.law import PACKS, RULES, Rule

#: Tolerances are whole billionths, so that a comparison needs no fraction.
BILLION: Final = 10**9

_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?")


def decimal(text: str) -> Fraction:
    """Return the value of a plain decimal text (up to nine places); ValueError for any other form."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError('a decimal is written like "0.003" or "95.5"')
    return Fraction(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the figures need to know. Days are calendar days unless the name says otherwise."""

    delegation_grace_days: int
    verification_days_after_close: int
    ie_verification_days: int
    qty_tolerance: dict[str, str]  # "1", "2", "3", "drug": share of the quantity
    inspection_min_active_days: int
    inspection_min_inspectors: int
    inspection_entry_days: int
    sales_report_days: dict[str, int]  # by category
    annual_report_due: str  # MM-DD
    loss_report_hours: int
    equipment_report_working_days: int
    quarterly_report_due_day: int
    association_threshold: int
    targets: dict[str, str]  # "K1" … "K6", percent

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """From the ``rules`` of a bundle, or a pack's values."""
        return cls(**values)

    def tolerance(self, key: str) -> int:
        """The tolerance of a category (``1``, ``2``, ``3``) or of ``drug``, in billionths of the quantity."""
        return int(decimal(self.qty_tolerance[key]) * BILLION)


def percentage(n: int, d: int) -> str | None:
    """``100 n / d`` rounded half up to two places, for display only; None where nothing was due."""
    if d == 0:
        return None
    hundredths = (20_000 * n + d) // (2 * d)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def is_met(n: int, d: int, target: str | None) -> bool | None:
    """Whether the target (percent) is reached: ``100 n >= target d`` on the whole numbers; None where d = 0."""
    if d == 0 or target is None:
        return None
    return 100 * n >= decimal(target) * d


def lacking(n: int, d: int, target: str | None) -> int:
    """How many more would reach the target (percent); 0 where it is reached, or there is none."""
    return 0 if target is None else max(ceil(decimal(target) * d / 100) - n, 0)


@dataclass(frozen=True, slots=True)
class ParameterPack:
    """The parameters of the figures of one pack, over those that are our own settings."""

    id: str
    values: dict[str, Any]
    sources: dict[str, dict[str, str]]  # parameter: its source and status


def load_pack(name: str = "national") -> ParameterPack:
    """The parameters that a register opened under the pack ``name`` has."""
    entries = dict(PACKS["settings"].parameters) | dict(PACKS[name].parameters)
    return ParameterPack(
        name,
        {key: value_of(entry) for key, entry in entries.items()},
        {key: source_of(entry) for key, entry in entries.items()},
    )


def _rules_of(entry: Mapping[str, Any]) -> dict[str, Rule]:
    """The rules that a parameter takes its number from, by its own keys; "" where it is one number."""
    named = entry.get("rule", {})
    return {key: RULES[id_] for key, id_ in (named if isinstance(named, dict) else {"": named}).items()}


def value_of(entry: Mapping[str, Any]) -> Any:
    """The value of a parameter: its own, or that of the rule it names."""
    if "value" in entry:
        return entry["value"]
    found = {key: rule.value[entry["number"]] for key, rule in _rules_of(entry).items()}
    return found.get("", found)


def source_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """Where a parameter comes from, and how sure we are."""
    if rules := list(_rules_of(entry).values()):
        return {"source": str(rules[0].source), "status": rules[0].source.status}
    return {"source": entry["source"], "status": entry["status"]}
