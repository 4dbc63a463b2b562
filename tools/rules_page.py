"""Write docs/rules.md from the tables: ``python3 dev.py run python tools/rules_page.py``."""

import sys
from pathlib import Path

from precursor.rules import matrix
from precursor.rules.law import PACKS, RULES
from precursor.rules.places import described
from precursor.rules.targets import source_of, value_of

PAGE = Path(__file__).parent.parent / "docs/rules.md"
MARK = {"V": "", "R": "未核对 / unconfirmed", "U": "未核对 / unconfirmed", "OURS": "自定 / our own proposal"}
HEAD = """# The law in the code

Made by `tools/rules_page.py` from the tables in `precursor/rules/packs/`; a test keeps it equal to them. What was
recalled or is uncertain says 未核对 / unconfirmed: it is never to be relied on before somebody has compared it
with the text. `precursor rule ID` prints one line of this page.

"""


def cell(value: object) -> str:
    """Text that a table of Markdown can hold."""
    return str(value).replace("|", "\\|").replace("\n", " ")


def span(value: object) -> str:
    """A number or span as the packs write it."""
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else ""


def rules() -> str:
    """One line a rule, by pack."""
    lines = []
    for pack in PACKS.values():
        if not pack.rules:
            continue
        where = f", 地区代码 / area {', '.join(pack.areas)}" if pack.areas else ""
        lines += [
            f"## {pack.id} @ {pack.version}{where}",
            "",
            "| rule | 中文 | English | value | source | confirmed? | code |",
        ]
        lines += ["|---|---|---|---|---|---|---|"]
        for rule in pack.rules.values():
            one = described(rule)
            columns = (
                one["rule"],
                one["zh"],
                one["en"],
                span(one["value"]),
                one["source"],
                MARK[one["status"]],
                one["code"],
            )
            lines.append("| " + " | ".join(map(cell, columns)) + " |")
        lines.append("")
    return "\n".join(lines)


def documents() -> str:
    """The matrix of documents."""
    lines = [
        "## The matrix of documents",
        "",
        (
            "| kind | classes | issuer | level | decision | validity | uses | must state | exemptions | basis | rows "
            "| sure? |"
        ),
    ]
    lines += ["|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for pack in PACKS.values():
        for row in map(matrix.Row.of, pack.documents):
            level = row.level.name.lower() + (f" (or {row.delegable_to.name.lower()})" if row.delegable_to else "")
            validity = span(row.validity) + (f"; then {span(row.extended)}" if row.extended else "")
            unconfirmed = ", ".join(f"{column} {status}" for column, status in row.status.items())
            columns = (
                row.kind,
                ", ".join(sorted(row.classes)),
                matrix.department_words(row.issuer).en,
                level,
                span(row.decision),
                validity,
                ", ".join(row.uses),
                ", ".join(row.fields),
                "; ".join(row.exemptions),
                str(row.basis or ""),
                ", ".join(f"{k}: {v}" for k, v in row.rows.items()),
                unconfirmed,
            )
            lines.append("| " + " | ".join(map(cell, columns)) + " |")
    return "\n".join([*lines, ""])


def parameters() -> str:
    """Parameters of the figures: those that law or a plan gives, and our own."""
    lines = ["## Parameters of the figures", "", "| parameter | value | source | confirmed? |", "|---|---|---|---|"]
    for pack in PACKS.values():
        for name, entry in pack.parameters.items():
            lines.append(
                "| "
                + " | ".join(
                    map(cell, (name, value_of(entry), source_of(entry)["source"], MARK[source_of(entry)["status"]]))
                )
                + " |"
            )
    return "\n".join([*lines, ""])


def page() -> str:
    """The whole page."""
    return HEAD + f"{len(RULES)} rules.\n\n" + "\n".join((rules(), documents(), parameters()))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
