"""Take pictures of every page, both widths and languages, into a folder to look at.

python3 dev.py run python tools/shots.py [FOLDER]
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import browser_kit

from precursor import demo
from precursor.app import create_app
from precursor.cli import prepare
from precursor.settings import Settings

VIEW = "period=2025&as_of=2026-01-31"
PAGES = {
    "targets": f"/targets?{VIEW}",
    "gaps": f"/gaps?{VIEW}",
    "gap-movement": f"/gaps/WRITEOFF_QTY_MISMATCH/M12?{VIEW}",
    "gap-permit": f"/gaps/PERMIT_UNVERIFIED/P08?{VIEW}",
    "gap-site": f"/gaps/DELEGATION_UNCOVERED/S-E04-Y?{VIEW}",
    "gap-stock": f"/gaps/STOCK_VARIANCE/S-E06/AC2O?{VIEW}",
}


def main(folder: Path) -> None:
    """Serve the demonstration and look at it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.from_environment()
        settings = replace(
            settings, home=Path(home), database_url=f"sqlite:///{home}/p.db", migrate_url=f"sqlite:///{home}/p.db"
        )
        prepare(settings)
        app = create_app(settings)
        demo.load(app, settings.clock())
        with browser_kit.serving(app) as address, browser_kit.launch() as browser:
            for width in (1440, 390):
                for language in ("zh", "en"):
                    context = browser.new_context(viewport={"width": width, "height": 900}, device_scale_factor=1)
                    page = context.new_page()
                    page.goto(f"{address}/login?lang={language}")
                    page.screenshot(path=folder / f"login.{width}.{language}.png")
                    page.fill("#username", "auditor")
                    page.fill("#password", demo.PASSWORD)
                    page.click("#submit")
                    for name, path in PAGES.items():
                        page.goto(address + path)
                        page.screenshot(path=folder / f"{name}.{width}.{language}.png", full_page=True)
                    context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "shots"))
