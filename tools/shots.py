"""Pictures of the demonstration: every page to look at, or the tour of the README.

python3 dev.py run python tools/shots.py [FOLDER]      every page of a lead, both widths and languages
python3 dev.py run python tools/shots.py --tour        the pictures in docs/tour
"""

import io
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import browser_kit
import pypdfium2
import zxingcpp
from PIL import Image

from precursor import demo, rooms
from precursor.app import create_app
from precursor.cli import prepare
from precursor.desk.terms import DOCUMENTS
from precursor.settings import Settings

REPORTS = ("", "targets", "gaps", "stock", "ledger", "plan", "trace")
#: Of the demonstration: the county that lags, and the kind of gap that leads to the firm behind it.
COUNTY, GAP = "石帆湾市", "WRITEOFF_QTY_MISMATCH"


@contextmanager
def city() -> Iterator[tuple[str, Any]]:
    """The demonstration served, and a browser."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.from_environment()
        url = f"sqlite:///{home}/p.db"
        settings = replace(settings, home=Path(home), database_url=url, migrate_url=url)
        prepare(settings)
        app = create_app(settings)
        demo.load(app, settings.clock())
        with browser_kit.serving(app) as address, browser_kit.launch() as browser:
            yield address, browser


def log_in(browser: Any, address: str, name: str, language: str, width: int, height: int = 900) -> Any:
    """A page of somebody who has logged in."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(f"{address}/login?lang={language}")
    page.fill("#username", name)
    page.fill("#password", demo.PASSWORD)
    page.click("#submit")
    return page


def everything(folder: Path) -> None:
    """Every list, its first record and every report, as a lead sees them."""
    folder.mkdir(parents=True, exist_ok=True)
    with city() as (address, browser):
        for width in (1440, 390):
            for language in ("zh", "en"):
                page = log_in(browser, address, "lead", language, width)
                for path in (*REPORTS, *(collection.path for collection in rooms.COLLECTIONS)):
                    page.goto(f"{address}/{path}")
                    page.screenshot(path=folder / f"{path or 'home'}.{width}.{language}.png", full_page=True)
                    first = page.locator("td.ttl a").first
                    if first.count() and path not in REPORTS:
                        page.goto(address + first.get_attribute("href"))
                        page.screenshot(path=folder / f"{path}-one.{width}.{language}.png", full_page=True)
                page.context.close()


def keep(folder: Path, name: str, picture: bytes) -> None:
    """A picture of 64 colours: a page has few, and the file is a quarter."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(64, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


def tour(folder: Path) -> None:
    """From a county below its target to the certificate behind it, and what anybody's camera says of that."""
    folder.mkdir(parents=True, exist_ok=True)
    with city() as (address, browser):
        page = log_in(browser, address, "auditor", "en", 1280, 860)
        page.goto(f"{address}/targets")
        keep(folder, "1-targets", page.screenshot())
        page.get_by_role("link", name=COUNTY, exact=True).first.click()
        page.locator("section.ind").nth(3).locator("a.short").click()
        page.select_option("#code", GAP)
        page.wait_for_url(f"**code={GAP}**")
        page.wait_for_load_state("networkidle")
        keep(folder, "2-gaps", page.screenshot())
        page.locator(".gaps td.ttl a").first.click()
        keep(folder, "3-both-sides", page.screenshot())
        page.get_by_role("link", name=re.compile("^GB-")).first.click()
        page.wait_for_load_state("networkidle")
        keep(folder, "4-document", page.screenshot())
        lead = log_in(browser, address, "lead", "en", 390, 844)
        document = _with_code(lead, address)
        paper = lead.request.get(f"{address}{document}/certificate.pdf").body()
        drawn = io.BytesIO()
        pypdfium2.PdfDocument(paper)[0].render(scale=1.2).to_pil().save(drawn, "PNG")
        keep(folder, "5-certificate", drawn.getvalue())
        code = zxingcpp.read_barcodes(pypdfium2.PdfDocument(paper)[0].render(scale=4).to_pil())[0].text
        lead.goto(f"{address}/v#{code.partition('#')[2]}")
        lead.locator("#verdict[data-verdict]").wait_for()
        keep(folder, "6-anybody", lead.screenshot())


def _with_code(page: Any, address: str) -> str:
    """The first document in force, which carries a code."""
    for path in DOCUMENTS[:2]:
        page.goto(f"{address}/{path}")
        for link in [a.get_attribute("href") for a in page.locator("td.ttl a").all()]:
            page.goto(address + link)
            if page.locator("img.qr").count():
                return str(link)
    raise RuntimeError("no document has a code")


if __name__ == "__main__":
    if "--tour" in sys.argv:
        tour(ROOT / "docs" / "tour")
    else:
        everything(Path(sys.argv[1] if len(sys.argv) > 1 else "shots"))
