"""Long lists a page at a time; the address says which."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import request

LINES: Final = 50
#: So many on one page for who prints a list.
LONG: Final = 500


@dataclass(frozen=True, slots=True)
class Page:
    """One page of ``total`` lines; ``number`` lies between 1 and ``last``."""

    number: int
    total: int
    lines: int = LINES

    @property
    def last(self) -> int:
        """The last page; 1 of an empty list."""
        return max(1, -(-self.total // self.lines))

    @property
    def part(self) -> slice:
        """Where its lines are in the whole list."""
        return slice((self.number - 1) * self.lines, self.number * self.lines)

    def turn(self, by: int) -> str:
        """The same address so many pages on."""
        return f"{request.path}?{urlencode(kept() | {'page': self.number + by})}"

    @property
    def longer(self) -> str | None:
        """The list on pages of ``LONG`` lines, where that is more; None where it is not."""
        if self.lines == LONG or self.total <= LINES:
            return None
        return f"{request.path}?{urlencode(kept() | {'lines': LONG})}"


def of(total: int, lines: int | None = None) -> Page:
    """The page that the address asks for; so many ``lines`` on it, else as many as the address asks for."""
    if lines is None:
        lines = LONG if request.args.get("lines") == str(LONG) else LINES
    text = request.args.get("page", "1")
    asked = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 1
    return Page(min(max(1, asked), Page(1, total, lines).last), total, lines)


def kept() -> dict[str, str]:
    """What the address asks for besides the page and the language."""
    return {k: v for k, v in request.args.items() if k not in ("page", "lang", "done") and v}
