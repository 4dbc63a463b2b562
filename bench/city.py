"""A small city with its printed paper, for the benches that look at what the product prints."""

import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pypdfium2
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from precursor import demo
from precursor.app import create_app
from precursor.cli import prepare
from precursor.settings import Settings

#: Dots of an inch at which paper is rendered: a module of a certificate's code is 11 of them or more.
DPI: Final = 400
MM: Final = DPI / 25.4
SCALE: Final = 0.1
#: Of a sticker: from its left and upper edge to the middle of its code, and its width and height, in millimetres.
_STICKER: Final = (18, 18.5, 70, 37)


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed sheet with one code to look at. ``centre``: of that code, in pixels; ``number``: whose it is."""

    number: str
    text: str
    picture: Image.Image
    centre: tuple[float, float]


@contextmanager
def city(**settings: Any) -> Iterator[Flask]:
    """The demonstration at a tenth, without limits on attempts; ``settings`` replace those of the environment."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        url = f"sqlite:///{folder}/demo.db"
        made = replace(Settings.from_environment(), home=Path(folder), database_url=url, migrate_url=url, **settings)
        made = replace(
            made, overrides={"RATELIMIT_ENABLED": False, "WTF_CSRF_ENABLED": False, "WTF_CSRF_METHODS": []}
        )
        prepare(made)
        app = create_app(made)
        demo.load(app, made.clock(), scale=SCALE)
        try:
            yield app
        finally:
            app.extensions["engine"].dispose()


def logged_in(app: Flask, name: str) -> FlaskClient:
    """A client of one of the demonstration's people."""
    client = app.test_client()
    client.post("/login", data={"username": name, "password": demo.PASSWORD})
    return client


def links(client: FlaskClient, page: str) -> list[str]:
    """The records that a list shows, in the order of their numbers."""
    path = page.partition("?")[0]
    return sorted(set(re.findall(rf'href="({path}/[^"?#/]+)"', client.get(page).text)))


def certificates(client: FlaskClient, count: int) -> list[Printed]:
    """Certificates of transport documents in force, as the product prints them: the code 54 mm with its margin."""
    made = []
    for link in links(client, "/transport-documents?state=IN_FORCE"):
        answer = client.get(f"{link}/certificate.pdf")
        if answer.status_code == 200 and (found := _codes(answer.data)):
            made.append(Printed(link.rpartition("/")[2], *found[0]))
        if len(made) == count:
            return made
    raise RuntimeError(f"{len(made)} certificates, not {count}")


def stickers(client: FlaskClient, count: int) -> list[Printed]:
    """Stickers of one order, as the product prints them: the code 28 mm wide with its margin."""
    link = links(client, "/labels")[0]
    found = _codes(client.get(f"{link}/sheet.pdf").data)
    return [_peeled(Printed(link.rpartition("/")[2], *one)) for one in found[:count]]


def _peeled(sticker: Printed) -> Printed:
    """The sticker alone: others of its sheet are not beside it where it sticks."""
    left, upper, wide, high = (side * MM for side in _STICKER)
    x, y = (max(0, round(at - side)) for at, side in zip(sticker.centre, (left, upper), strict=True))
    picture = sticker.picture.crop((x, y, round(x + wide), round(y + high)))
    return replace(sticker, picture=picture, centre=(sticker.centre[0] - x, sticker.centre[1] - y))


def _codes(pdf: bytes) -> list[tuple[str, Image.Image, tuple[float, float]]]:
    """Text, sheet and place of each code of a PDF's first page, from the top."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    sheet = document[0].render(scale=DPI / 72, grayscale=True).to_pil().convert("L")
    document.close()
    found = []
    for code in zxingcpp.read_barcodes(sheet, formats=zxingcpp.BarcodeFormat.QRCode):
        place = code.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        centre = (sum(c.x for c in corners) / 4, sum(c.y for c in corners) / 4)
        found.append((code.text, sheet, centre))
    return sorted(found, key=lambda one: (one[2][1], one[2][0]))
