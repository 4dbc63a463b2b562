"""Write precursor/rules/packs/holidays.toml from the chinesecalendar package.

python3 dev.py run python tools/holidays.py
"""

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar

TARGET = Path(__file__).parents[1] / "precursor/rules/packs/holidays.toml"
HEAD = """\
# Statutory holidays that fall on weekdays (off), and weekend days worked instead (on), by year.
# Made by tools/holidays.py from the chinesecalendar package; refresh when a new year is published.
"""


def days_of(year: int) -> list[date]:
    """Every day of a year."""
    first = date(year, 1, 1)
    return [first + timedelta(n) for n in range((date(year + 1, 1, 1) - first).days)]


def main(first: int = 2004) -> None:
    """Write the years that the package knows."""
    parts = [HEAD]
    for year in range(first, 2100):
        try:
            working = {day: chinese_calendar.is_workday(day) for day in days_of(year)}
        except NotImplementedError:
            break
        for name, days in (
            ("off", [d for d, works in working.items() if d.weekday() < 5 and not works]),
            ("on", [d for d, works in working.items() if d.weekday() >= 5 and works]),
        ):
            head = f"\n[{year}]\n" if name == "off" else ""
            parts.append(head + f"{name} = [" + ", ".join(f'"{d:%m-%d}"' for d in days) + "]\n")
    TARGET.write_text("".join(parts), "utf-8")


if __name__ == "__main__":
    main()
