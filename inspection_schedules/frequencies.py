"""How often each grade of enterprise, each road, each key site and each area must be inspected.

The numbers stand in ``packs/*.toml``, each with the plan it comes from and its row in the table of requirements.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from inspection_schedules.windows import window_of

_QUARTER: Final = 3


class Grade(StrEnum):
    """Grade of an enterprise (企业等级)."""

    A = "A"  # 甲级
    B = "B"  # 乙级
    C = "C"  # 丙级


@dataclass(frozen=True, slots=True)
class Supervision:
    """Supervision visits (督导检查) to an area: so many a year, in one quarter or whenever."""

    per_year: int
    quarter: int | None = None

    def is_met(self, visits: Iterable[date], year: int) -> bool:
        """Whether the visits of ``year`` are enough."""
        counted = [day for day in visits if day.year == year and self._counts(day)]
        return len(counted) >= self.per_year

    def _counts(self, day: date) -> bool:
        return self.quarter is None or window_of(day, _QUARTER).name.endswith(f"Q{self.quarter}")


@dataclass(frozen=True, slots=True)
class Plan:
    """One published plan: at least one inspection in every window of so many months; None where it gives no number.

    ``rows``: by number, its line in the table of requirements.
    """

    id: str
    source: str
    status: str  # V read, R recalled, U uncertain
    rows: Mapping[str, str]
    enterprise_months: Mapping[Grade, int] | None = None
    road_months: int | None = None
    key_site_months: int | None = None
    supervision: Supervision | None = None


def _load() -> Iterator[Plan]:
    for file in sorted((Path(__file__).parent / "packs").glob("*.toml")):
        pack: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
        months = pack.get("enterprise_months")
        supervision = pack.get("supervision")
        yield Plan(
            id=file.stem,
            source=pack["source"],
            status=pack["status"],
            rows=pack["rows"],
            enterprise_months=months and {Grade(grade): number for grade, number in months.items()},
            road_months=pack.get("road_months"),
            key_site_months=pack.get("key_site_months"),
            supervision=Supervision(**supervision) if supervision else None,
        )


PLANS: Final = {plan.id: plan for plan in _load()}


@dataclass(frozen=True, slots=True)
class Frequencies:
    """What a register goes by, put together from plans: every number is there."""

    plans: tuple[str, ...]
    enterprise_months: Mapping[Grade, int]
    road_months: int
    key_site_months: int
    supervision: Supervision


def combine(*ids: str) -> Frequencies:
    """Put plans together: each number from the first that gives it. ValueError when none does."""

    def first(name: str) -> Any:
        for id_ in ids:
            if (found := getattr(PLANS[id_], name)) is not None:
                return found
        raise ValueError(f"no plan of {', '.join(ids)} says {name}")

    return Frequencies(
        ids, first("enterprise_months"), first("road_months"), first("key_site_months"), first("supervision")
    )
