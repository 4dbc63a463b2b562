"""How often each grade of enterprise, each road and each key site must be inspected.

The numbers stand in ``packs/*.toml``, each with the plan it comes from.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final


class Grade(StrEnum):
    """Grade of an enterprise (企业等级)."""

    A = "A"  # 甲级
    B = "B"  # 乙级
    C = "C"  # 丙级


@dataclass(frozen=True, slots=True)
class Plan:
    """One published plan: at least one inspection in every window of so many months."""

    id: str
    source: str
    status: str  # V read, R recalled, U uncertain
    enterprise_months: Mapping[Grade, int]
    road_months: int
    key_site_months: int


def _load() -> Iterator[Plan]:
    for file in sorted((Path(__file__).parent / "packs").glob("*.toml")):
        pack = tomllib.loads(file.read_text("utf-8"))
        yield Plan(
            id=file.stem,
            source=pack["source"],
            status=pack["status"],
            enterprise_months={Grade(grade): months for grade, months in pack["enterprise_months"].items()},
            road_months=pack["road_months"],
            key_site_months=pack["key_site_months"],
        )


PLANS: Final = {plan.id: plan for plan in _load()}
