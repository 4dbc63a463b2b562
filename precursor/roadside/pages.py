"""The application of the phone: its page, what it keeps for offline, and how it is installed.

Public: the page holds no secret and no record; what it may judge it learns from signed lists.
"""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, jsonify, render_template, url_for

from precursor.areas.models import Area
from precursor.core import access
from precursor.core.access import Action
from precursor.signing import qr
from precursor.substances.models import Substance
from precursor.tokens import pages as tokens
from precursor.tokens import saying
from precursor.web.database import db
from precursor.web.i18n import LOCALES, t

bp = Blueprint("roadside", __name__)
#: What the text of an enrolment begins with; behind the # a one and the 32 bytes of the root key, as a number.
ENROLMENT: Final = "PCE1"
#: What the application consists of besides its pages, below the folder of static files.
FILES: Final = ("dist/scan-app.js", "dist/scan.css", "dist/app.css", "dist/icons.svg", "dist/zxing_reader.wasm")


@bp.get("/scan/")
@access.public
def scan() -> str:
    """The whole application: it opens on the camera."""
    return render_template("scan.html", known=tokens.known() | {"substances": _substances(), "areas": _areas()})


def _substances() -> dict[str, str]:
    """What each code of a token is called; catalogues are public."""
    return {
        str(saying.code_of(substance)): t(substance.name_zh, substance.name_en or substance.name_zh)
        for substance in db.session.scalars(sa.select(Substance).order_by(Substance.id))
    }


def _areas() -> dict[str, str]:
    return {area.code or area.outside_id: area.name for area in db.session.scalars(sa.select(Area))}


@bp.get("/scan/sw.js")
@access.public
def service_worker() -> Response:
    """The worker that keeps the application: a new one as soon as a file or a name in it changes."""
    static = Path(str(current_app.static_folder))
    said = json.dumps([_substances(), _areas()], sort_keys=True)
    kept = {
        "version": hashlib.sha256((_digest(static) + said).encode()).hexdigest()[:16],
        "files": [*(url_for("static", filename=name) for name in FILES), url_for("roadside.manifest")],
        "pages": [url_for("roadside.scan", lang=language) for language in LOCALES],
    }
    script = (static / "dist/sw.js").read_text("utf-8")
    answer = Response(f"self.KEPT = {json.dumps(kept)};\n{script}", mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@cache
def _digest(static: Path) -> str:
    found = hashlib.sha256((Path(__file__).parents[1] / "web/templates/scan.html").read_bytes())
    for name in (*FILES, "dist/sw.js"):
        found.update((static / name).read_bytes())
    return found.hexdigest()


@bp.get("/scan/enrolment")
@access.requires(Action.ROAD_CHECK_RECORD)
def enrolment() -> str:
    """What a phone scans first: the root key that it pins."""
    root = bytes.fromhex(tokens.office().store.root_public())
    number = int.from_bytes(b"\x01" + root, "big")
    text = f"{ENROLMENT}#{number}"
    picture = base64.b64encode(qr.png(text)).decode()
    return render_template("enrolment.html", picture=picture, text=text, root=root.hex())


@bp.get("/scan/manifest.webmanifest")
@access.public
def manifest() -> Response:
    """How it is installed."""
    answer = jsonify(
        name=t("易制毒证件查验", "Precursor permit check"),
        short_name=t("查验", "Check"),
        start_url="/scan/",
        scope="/scan/",
        display="standalone",
        background_color="#0b0f14",
        theme_color="#0b0f14",
        icons=[{"src": url_for("static", filename="dist/mark.svg"), "sizes": "any", "type": "image/svg+xml"}],
    )
    answer.mimetype = "application/manifest+json"
    return answer
