"""The application of the phone: its page, what it keeps for offline, and how it is installed.

Public: the page holds no secret and no record; what it may judge it learns from signed lists.
"""

import base64
import hashlib
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, g, jsonify, render_template, request, url_for
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from precursor import audit
from precursor.accounts.models import User
from precursor.api.views import body_of
from precursor.areas import service as areas
from precursor.areas.models import Area
from precursor.core import access, problems
from precursor.core.access import Action
from precursor.core.errors import Fault, Faulty, Refused, Stale
from precursor.core.members import schema_of
from precursor.core.strict import loads
from precursor.roadside import arrivals, extract, service
from precursor.roadside.schemas import EnrolForm, Greeting, LogForm
from precursor.rules.handling import HANDLING
from precursor.rules.inspection_form import FOUND, RESULTS
from precursor.rules.inspection_form import ITEMS as VISIT_ITEMS
from precursor.rules.law import Words
from precursor.rules.movements import CALLED
from precursor.rules.permits import CALLED as DOCUMENTS
from precursor.rules.roadside import CASES, FAULT_MEANS, FINDINGS, ITEMS, PRESENCES, STATES, Presence
from precursor.signing import qr
from precursor.signing.envelope import EXTRACT_TYPE
from precursor.substances.models import Substance
from precursor.tokens import pages as tokens
from precursor.tokens import saying
from precursor.tokens import service as token_service
from precursor.web.database import db
from precursor.web.i18n import LOCALES, t, words

bp = Blueprint("roadside", __name__)
#: What the text of an enrolment begins with; behind the # a one, the root key and the secret, as a number.
ENROLMENT: Final = "PCE1"
#: Where phones talk to the register: signed by the phone, never with a log-in (docs/roadside.md).
PHONES: Final = "/api/phones/v1"
_LONGEST_PHOTO: Final = 2 * 2**20
_JPEG: Final = b"\xff\xd8\xff"
#: What the application consists of besides its pages, below the folder of static files.
FILES: Final = ("dist/scan-app.js", "dist/scan.css", "dist/app.css", "dist/icons.svg", "dist/zxing_reader.wasm")


@bp.get("/scan/")
@access.public
def scan() -> str:
    """The whole application: it opens on the camera."""
    return render_template(
        "scan.html", known=_known(), items=ITEMS, visit_items=VISIT_ITEMS, results=RESULTS, found=FOUND
    )


def _known() -> dict[str, Any]:
    """What the phone has to know to say a verdict and a finding in words."""
    known = tokens.known() | {"substances": _substances(), "areas": _areas(), "help": _help()}
    known["moves"] = {kind.value: words(said) for kind, said in CALLED.items()}
    known["said"] |= {code.value: words(said) for code, said in FINDINGS.items()}
    known["kinds"] = {kind.value: words(said) for kind, said in DOCUMENTS.items()}
    known["states"] = {state: words(said) for state, said in STATES.items()}
    known["means"] = {item: finding.value for item, finding in FAULT_MEANS.items()}
    known["screens"] |= {
        "OVER": {"look": "over", "word": t("超量", "Over limit"), "todo": words(_WEIGH), "claimed": False},
        "MISMATCH": {"look": "over", "word": t("不符", "Mismatch"), "todo": words(_COMPARE), "claimed": False},
    }
    known["screens"]["TRIP_USED"] = known["screens"]["USED_UP"]
    known["said"] |= {f"LABEL_{code.upper()}": words(said) for code, said in PRESENCES.items()}
    known["said"] |= {kind.value: words(said) for kind, said in CASES.items()}
    known["screens"] |= {
        f"LABEL_{code.upper()}": {"look": look, "word": words(word), "todo": words(todo), "claimed": False}
        for code, (look, word, todo) in _LABELS.items()
    }
    return known


#: By what the books say of a container: the look of the field, the word in it, and what to do.
_LABELS: Final = {
    Presence.HERE: (
        "valid",
        Words("在账", "On book"),
        Words("核对场所、品种和数量", "Compare place, goods and amount"),
    ),
    Presence.GONE: (
        "over",
        Words("无账", "Off book"),
        Words("查明来源，拍照", "Ask where it is from, photograph it"),
    ),
    Presence.UNKNOWN: (
        "stale",
        Words("未知", "Unknown"),
        Words("同步后再扫一次；仍无此标签的，登记", "Sync and scan again; if it is still unknown, record it"),
    ),
}
_WEIGH: Final = Words("扣留货物，过磅复核，登记实载数量", "Hold the load, weigh it, record what is on board")
_COMPARE: Final = Words("扣留货物，拍照，登记不符之处", "Hold the load, photograph it, record what differs")


def _help() -> dict[str, dict[str, str]]:
    """What one who is no chemist needs to know of a substance, by the code of a token."""
    return {
        cas.replace("-", ""): {
            name: words(getattr(advice, name)) for name in ("looks", "hazard", "uses", "photograph")
        }
        for cas, advice in HANDLING.items()
    }


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
    said = json.dumps(_known(), sort_keys=True)
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
def before_enrolment() -> str:
    """Asks first: a code ends the one before, and whoever has it enrols a phone in the reader's name."""
    return render_template("enrolment.html", text=None, numbers=token_service.numbers(db.session))


@bp.post("/scan/enrolment")
@access.requires(Action.ROAD_CHECK_RECORD)
def enrolment() -> str:
    """What a phone scans first: the root key that it pins, and a secret that enrols it once."""
    root = bytes.fromhex(tokens.office().store.root_public())
    secret = service.offer(db.session, g.subject.account, current_app.extensions["settings"].clock())
    db.session.commit()
    number = int.from_bytes(b"\x01" + root + secret, "big")
    text = f"{ENROLMENT}#{number}"
    picture = base64.b64encode(qr.png(text)).decode()
    minutes = int(service.ENROLS.total_seconds() // 60)
    numbers = token_service.numbers(db.session)
    return render_template(
        "enrolment.html", picture=picture, text=text, root=root.hex(), minutes=minutes, numbers=numbers
    )


@bp.post(PHONES)
@access.public
def enrol() -> Response:
    """Enrol a phone: the secret of the code speaks for the officer who made it."""
    asked, now = body_of(EnrolForm), current_app.extensions["settings"].clock()
    session = db.session
    secret, key, proof = (asked[name] for name in ("secret", "key", "proof"))
    device = service.enrol(session, bytes.fromhex(secret), key, proof, asked.get("name", ""), now)
    user, area = session.get_one(User, device.user_id), session.get_one(Area, device.area_id)
    within = sa.select(Area).where(Area.id.in_(areas.within(session, area.id)), Area.level == "county")
    answer = jsonify(
        device=device.outside_id,
        person=user.person,
        account=user.username,
        area={"id": area.outside_id, "name": area.name},
        scope=saying.scope_of(area),
        counties=[
            {"id": one.outside_id, "name": one.name} for one in session.scalars(within.order_by(Area.outside_id))
        ],
    )
    session.commit()
    answer.status_code = 201
    return answer


@bp.post(f"{PHONES}/log")
@access.public
def log() -> Response:
    """Take a part of a phone's log. Each entry once: what was taken before gets its receipt again."""
    session, now = db.session, current_app.extensions["settings"].clock()
    try:
        asked = body_of(LogForm)
    except Faulty:
        _greet(now)
        raise
    device, user = arrivals.greeted(session, asked["device"], asked["at"], asked["hello"], "log", now)
    try:
        receipts = arrivals.take(session, device, user, asked["entries"], _judge(session, now), now)
    except Stale as error:
        session.commit()  # what came before it in the same part is taken
        answer = jsonify(problems.problem(error) | {"next": device.next_seq})
        answer.status_code = problems.status_of(error)
        return answer
    found = [
        {
            "seq": one.seq,
            "received_at": one.received_at.isoformat(),
            "verdict": one.verdict,
            "record": one.record,
            "fault": one.fault,
            "cases": [name for name, _ in one.cases],
            "found": [{"case": name, "kind": kind} for name, kind in one.cases],
        }
        for one in receipts
    ]
    answer = jsonify(next=device.next_seq, receipts=found)
    session.commit()
    return answer


def _greet(now: datetime) -> None:
    """Whose greeting stands in a body that is wrong elsewhere: a locked phone is told so, whatever else it says."""
    document = loads(request.get_data(), "record")
    try:
        asked = schema_of(Greeting).load({name: document.get(name) for name in ("device", "at", "hello")})
    except ValidationError:
        return
    arrivals.greeted(db.session, asked["device"], asked["at"], asked["hello"], "log", now)


@bp.post(f"{PHONES}/extract")
@access.public
def extracted() -> Response:
    """The documents of the officer's area and the visits that are due, signed: for whoever has only a number."""
    asked, now = body_of(Greeting), current_app.extensions["settings"].clock()
    device, user = arrivals.greeted(db.session, asked["device"], asked["at"], asked["hello"], "extract", now)
    area = db.session.get_one(Area, device.area_id)
    return _extract(area, ("device", device.outside_id), service.actor_of(user), now)


@bp.post("/scan/extract.cwt")
@access.requires(Action.ROAD_CHECK_RECORD)
def carried() -> Response:
    """The same as a file, for a phone that has no network: carried there by the officer who asks."""
    now = current_app.extensions["settings"].clock()
    area = db.session.get_one(Area, g.subject.area_id)
    actor = audit.Actor(g.subject.account, g.subject.person, g.subject.role.value)
    answer = _extract(area, ("account", g.subject.account), actor, now)
    answer.headers["Content-Disposition"] = "attachment; filename=extract.cwt"
    return answer


def _extract(area: Area, whom: tuple[str, str], actor: audit.Actor, now: datetime) -> Response:
    """The extract of an area; who took it is written down."""
    body = extract.make(db.session, tokens.office(), area, now)
    said = {"area": area.outside_id, "sha256": hashlib.sha256(body).hexdigest()}
    kind, name = whom
    audit.note(db.session, action=f"{kind}.extract", kind=kind, name=name, row=said, actor=actor, now=now)
    db.session.commit()
    return Response(body, mimetype=EXTRACT_TYPE)


def _judge(session: Session, now: datetime) -> arrivals.Judge:
    """Judges by the lists as they stand now; where no key lies here, nothing is judged."""
    try:
        return token_service.verifier(session, tokens.office(), tokens.SIGNER, now).judge
    except Refused:
        return lambda _text, _at: None


@bp.put(f"{PHONES}/<device>/photos/<digest>")
@access.public
def photo(device: str, digest: str) -> Response:
    """Keep a photograph that an entry of this phone names by its digest."""
    body = request.get_data(cache=False) if (request.content_length or 0) <= _LONGEST_PHOTO else b""
    if len(body) > _LONGEST_PHOTO or not body.startswith(_JPEG) or hashlib.sha256(body).hexdigest() != digest:
        raise Faulty([Fault("", "须为与摘要相符的 JPEG，至多 2 MB / a JPEG of 2 MB at most that has this digest")])
    service.keep_photo(db.session, device, digest, body, current_app.extensions["settings"].clock())
    db.session.commit()
    return Response(status=204)


@bp.get("/road-scans/photos/<digest>.jpg")
@access.requires(Action.ROAD_SCAN_LIST)
def shown_photo(digest: str) -> Response:
    """A photograph of a scan in the reader's area."""
    found = service.photo_in(db.session, g.scope.area_id or 0, digest)
    return Response(found, mimetype="image/jpeg")


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
