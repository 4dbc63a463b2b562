"""``python -m bench``: one benchmark or all of them."""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from bench import codes, draws, figures, http, imports, mutants, pages, prints, scan
from bench.tables import Table

ALL = ("figures", "draws", "import", "http", "memory", "codes", "mutants", "pages", "prints", "scan")


def main() -> None:
    """Run what the command line asks for; print a table for each, with the command that makes it."""
    parser = argparse.ArgumentParser(prog="python3 dev.py bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=(*ALL, "all"))
    parser.add_argument(
        "--size",
        type=int,
        help="movements: figures and pages 1,000,000, import 20,000 and 100,000; requests: memory 100,000; "
        "frames of each damage: prints 30; verdicts at each speed: scan 40",
    )
    parser.add_argument("--engine", default="both", choices=("sqlite", "postgresql", "both"))
    parser.add_argument("--json", type=Path, help="write the ratios to this file too")
    given = parser.parse_args()
    engines = ("sqlite", "postgresql") if given.engine == "both" else (given.engine,)
    made: list[Table] = []
    for what in ALL if given.what == "all" else (given.what,):
        began = time.monotonic()
        for table in measure(what, given.size, engines, brief=given.what == "all"):
            made.append(table)
            print(f"\n{table}", flush=True)
        print(f"  ({what}: {time.monotonic() - began:.0f} s)", flush=True)
    if given.json:
        rows = [{"title": t.title, "command": t.command, "rows": t.rows, "ratios": t.ratios} for t in made]
        given.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")


def measure(what: str, size: int | None, engines: tuple[str, ...], *, brief: bool) -> list[Table]:
    """Run one benchmark; ``brief``: together with the others."""
    runs: dict[str, Callable[[], list[Table]]] = {
        "figures": lambda: figures.run(size or 1_000_000, engines),
        "draws": draws.run,
        "import": lambda: imports.run((20_000,) if brief else (size,) if size else (20_000, 100_000), engines),
        "http": http.run,
        "memory": lambda: http.memory(size or 100_000),
        "codes": codes.run,
        "mutants": lambda: mutants.run(size or (100_000 if brief else 1_000_000)),
        "pages": lambda: pages.run(size or 1_000_000),
        "prints": lambda: prints.run(size or (15 if brief else 30)),
        "scan": lambda: scan.run(size or (20 if brief else 40)),
    }
    return runs[what]()


if __name__ == "__main__":
    main()
