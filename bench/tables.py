"""Small aligned tables, and the ratios in them with their targets."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Table:
    """A table with the command that makes it."""

    title: str
    command: str
    rows: list[list[str]] = field(default_factory=list)
    ratios: dict[str, dict[str, Any]] = field(default_factory=dict)

    def row(self, *cells: object) -> None:
        """Add a row."""
        self.rows.append([str(cell) for cell in cells])

    def ratio(self, name: str, value: float, *, most: float | None = None, least: float | None = None) -> None:
        """Note a value that has a target."""
        met = (most is None or value <= most) and (least is None or value >= least)
        self.ratios[name] = {"value": round(value, 3), "most": most, "least": least, "met": met}

    def __str__(self) -> str:
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        lines = [f"{self.title}", f"$ {self.command}"]
        for row in self.rows:
            cells = [cell.ljust(width) if n == 0 else cell.rjust(width)
                     for n, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
            lines.append("  " + "  ".join(cells).rstrip())
        missed = [f"{name} = {r['value']}" for name, r in self.ratios.items() if not r["met"]]
        if self.ratios:
            lines.append("  targets missed: " + ("; ".join(missed) or "none"))
        return "\n".join(lines)
