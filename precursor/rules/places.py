"""Where each rule stands in the code: for ``precursor rule``, docs/rules and the test that it is one place."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from precursor.rules.law import PACKS, PACKS_DIR, RULES, Rule

_ROOT: Final = Path(__file__).parents[2]


def _sources() -> Iterator[Path]:
    yield from sorted((_ROOT / "precursor" / "rules").glob("*.py"))
    yield from sorted((_ROOT / "inspection_schedules").glob("*.py"))


@cache
def _places() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file in _sources():
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            for id_ in set(re.findall(r'"([A-Z][A-Z0-9_]+)"', line)) & RULES.keys():
                found.setdefault(id_, []).append(f"{file.relative_to(_ROOT).as_posix()}:{number}")
    return found


def places(id_: str) -> list[str]:
    """Every line of the law's code that names the rule; one, if the house is in order."""
    return _places().get(id_, [])


def written(id_: str) -> str:
    """The line of the pack where the rule's words, source and numbers stand."""
    pack = RULES[id_].pack
    file = next(f for f in PACKS_DIR.glob("*.toml") if f.stem == pack)
    lines = file.read_text("utf-8").splitlines()
    return f"{file.relative_to(_ROOT).as_posix()}:{lines.index(f'[rules.{id_}]') + 1}"


def described(rule: Rule) -> dict[str, Any]:
    """A rule for programs, tables and the page."""
    return {
        "rule": rule.id,
        "zh": rule.words.zh,
        "en": rule.words.en,
        "value": dict(rule.value),
        "source": str(rule.source),
        "status": rule.source.status,
        "confirmed": rule.source.is_confirmed,
        "row": rule.row,
        "pack": f"{rule.pack}@{PACKS[rule.pack].version}",
        "code": places(rule.id)[0] if places(rule.id) else "",
        "data": written(rule.id),
    }
