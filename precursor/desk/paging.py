"""Long lists a page at a time; the address says which."""

from typing import Final
from urllib.parse import urlencode

from flask import request

PAGE: Final = 50


def turn(total: int) -> tuple[int, int]:
    """The page that the address asks for, between 1 and the last, and how many pages ``total`` lines make."""
    pages = max(1, -(-total // PAGE))
    text = request.args.get("page", "1")
    asked = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 1
    return min(max(1, asked), pages), pages


def kept() -> dict[str, str]:
    """What the address asks for besides the page and the language."""
    return {k: v for k, v in request.args.items() if k not in ("page", "lang", "done") and v}


def turned(page: int) -> str:
    """The same address at another page."""
    return f"{request.path}?{urlencode(kept() | {'page': page})}"
