"""Write tests/vectors/pc1.json: keys, lists and a text for every verdict, for implementers in other languages."""

import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

import signing_kit as kit


def made() -> dict[str, object]:
    """The whole document."""
    return {
        "format": "PC1",
        "root": kit.ROOT.x.hex(),
        "base_url": kit.BASE,
        "trust.cwt": kit.trust_bytes().hex(),
        "status": [data.hex() for data in kit.status_files()],
        "cases": [
            {"name": name, "text": text, "at": at, "verdict": verdict, "warnings": warnings}
            for name, (text, at, verdict, warnings) in kit.cases().items()
        ],
    }


if __name__ == "__main__":
    path = Path(__file__).parents[1] / "tests" / "vectors" / "pc1.json"
    path.write_text(json.dumps(made(), ensure_ascii=False, indent=1) + "\n", "utf-8")
