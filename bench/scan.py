"""The phone: from the frame that has the code to the verdict, and from nothing to an open camera. No network.

A real Chromium plays a film as its camera: a printed certificate comes before it for a second and a half, for as
long another part of the sheet, then the certificate of another document, and so on, with a hand's tremble and a
sensor's noise (``bench/shots.py``). Each frame carries its number in its upper edge, so that the page's own clock
says when the camera took the first frame with the code, whichever frames the page then came to look at. The time
ends when the verdict has been painted. In between lies all that an inspector waits for: the frame's way to the page,
the reader's turn, a frame read, the judgement with all lists, the entry in the phone's log.

The peer, on the same page and the same frame: drawn to a canvas, decoded by zxing-wasm with the same options, and
one Ed25519 signature verified by WebCrypto.

Targets: 95 of 100 within 500 ms, and within 1 s on a processor four times slower (Chromium's own throttle of the
page's thread, in which codes are read too). A cold start is a browser started anew on the profile of an enrolled
phone, its server gone; a phone's camera takes longer to open than a film.
"""

import base64
import gzip
import json
import random
import re
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import brotli
from flask import Flask
from PIL import Image

from bench import shots
from bench.city import Printed, certificates, city, logged_in
from bench.tables import Table
from precursor.signing import envelope
from precursor.signing.text import from_text
from tests import browser_kit

#: Milliseconds in which 95 of 100 have their verdict, by how many times slower the processor is made.
MOST: Final = {1: 500, 4: 1_000}
COLD: Final = 10  # starts at each speed
MOST_COLD: Final = 1_500  # milliseconds from nothing to a verdict, at full speed
MOST_GZIP: Final = 520_000  # bytes of all that the phone keeps
MOST_BROTLI: Final = 400_000
RATE: Final = 30  # frames a second
ON, CYCLE = 45, 90  # frames: with the code, and until the next code
SHOTS: Final = 12  # pictures of which a part of the film is shuffled
_CELL: Final = (40, 24)
_PHONE: Final = {"viewport": {"width": 390, "height": 844}, "permissions": ["camera"], "locale": "zh-CN"}
_HERE: Final = Path(__file__).parent
_FRONT: Final = _HERE.parent / "frontend"
_COMMAND: Final = "python3 dev.py bench scan"
_SEEN: Final = """async () => {
  while (!(watch.verdict > 0)) await new Promise((done) => setTimeout(done, 20));
  return [watch.camera, watch.verdict];
}"""


class Scan(NamedTuple):
    """Milliseconds of a verdict, and of the peer: decoding, and with the signature (None: the code was gone)."""

    latency: float
    decoded: float | None
    whole: float | None


def run(verdicts: int) -> list[Table]:
    """Cold starts and so many verdicts at each speed; what the phone keeps."""
    with city() as app, tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        sheets = certificates(logged_in(app, "lead"), 2)
        film = _film(folder, sheets)
        address = _enrolled(app, folder / "profile")
        cold = {speed: [_cold(folder, film, address, speed) for _ in range(COLD)] for speed in MOST}
        scans = _scans(app, folder, film, address, sheets, verdicts)
        return [_verdicts(scans), _starts(cold), _kept(app)]


# ---- the film


def _film(folder: Path, sheets: list[Printed]) -> list[str]:
    """Arguments by which a browser takes the film of these sheets for its camera."""
    chance = random.Random(11)
    film = folder / "camera.y4m"
    with film.open("wb") as file:
        file.write(f"YUV4MPEG2 W{shots.WIDTH} H{shots.HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for part, sheet in enumerate(sheets):
            away = sheet.centre[0] + 900, sheet.centre[1] - 2_000  # the table in the middle of the sheet
            elsewhere = Printed(sheet.number, "", sheet.picture, away)
            for begin, end, what in ((0, ON, sheet), (ON, CYCLE, elsewhere)):
                pictures = [_shot(what, chance) for _ in range(SHOTS)]
                for number in range(begin, end):
                    file.write(_frame(chance.choice(pictures), part * CYCLE + number))
    fake = "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"
    return [*fake, f"--use-file-for-fake-video-capture={film}"]


def _shot(sheet: Printed, chance: random.Random) -> Image.Image:
    """Held by hand: in focus within a pixel, a little noise."""
    frame = shots.seen(sheet, shots.held(chance))
    return shots.noisy(shots.blurred(frame, chance.uniform(0.5, 1.0)), 4, chance)


def _frame(picture: Image.Image, number: int) -> bytes:
    """A frame of the film: its number in cells of the upper edge, its light, and no colour."""
    bits = f"10{number:08b}{~number & 63:06b}"
    marked = picture.copy()
    for n, bit in enumerate(bits):
        marked.paste(255 * int(bit), (n * _CELL[0], 0, (n + 1) * _CELL[0], _CELL[1]))
    grey = bytes([128]) * (shots.WIDTH * shots.HEIGHT // 2)
    return b"FRAME\n" + marked.point([16 + v * 219 // 255 for v in range(256)]).tobytes() + grey


# ---- the phone


def _enrolled(app: Flask, profile: Path) -> str:
    """Install and enrol the application in a profile; returns where it came from: nothing answers there any more."""
    inspector = logged_in(app, "inspector")
    code = re.search(r"PCE1#[0-9]+", inspector.post("/scan/enrolment").text)[0]  # type: ignore[index]
    with browser_kit.serving(app) as address, browser_kit.kept(profile, **_PHONE) as phone:
        page = phone.new_page()
        page.goto(f"{address}/scan/?lang=zh")
        page.locator('#main[data-installed="true"]').wait_for(timeout=30_000)
        page.click("#type")
        page.fill("#text", code)
        page.click("#paste button")
        page.locator('#main[data-ready="true"]').wait_for(timeout=30_000)
        page.evaluate("async () => { await navigator.locks.request('send', () => 0); }")
    return address


@contextmanager
def _opened(folder: Path, film: list[str], address: str, speed: int) -> Iterator[tuple[Any, Any]]:
    """The application in a browser started anew, offline, and a line by which its processor is slowed."""
    with browser_kit.kept(folder / "profile", *film, **_PHONE) as phone:
        phone.set_offline(True)
        phone.add_init_script(path=_HERE / "scan.js")
        page = phone.new_page()
        line = phone.new_cdp_session(page)
        line.send("Emulation.setCPUThrottlingRate", {"rate": speed})
        page.goto(f"{address}/scan/?lang=zh")
        yield page, line


def _cold(folder: Path, film: list[str], address: str, speed: int) -> tuple[float, float]:
    """Milliseconds from asking for the page to the camera's first frame, and to the first verdict."""
    with _opened(folder, film, address, speed) as (page, _):
        camera, verdict = page.evaluate(_SEEN)
        return camera, verdict


def _scans(
    app: Flask, folder: Path, film: list[str], address: str, sheets: list[Printed], count: int
) -> dict[int, list[Scan]]:
    """So many verdicts at each speed, one after another in one page."""
    found: dict[int, list[Scan]] = {}
    with _opened(folder, film, address, 1) as (page, line):
        page.evaluate(_SEEN)
        page.evaluate(_bundled())
        wasm = page.locator("#main").get_attribute("data-wasm")
        page.evaluate("([wasm, signed]) => peer.ready(wasm, signed)", [wasm, _signed(app, sheets)])
        for speed in MOST:
            line.send("Emulation.setCPUThrottlingRate", {"rate": speed})
            _scan(page, sheets)  # the first is not counted: what runs slower for the first time is the cold start
            found[speed] = [_scan(page, sheets) for _ in range(count)]
    return found


def _scan(page: Any, sheets: list[Printed]) -> Scan:
    """One verdict, which must be the right one."""
    film = {"period": 1_000 / RATE, "cycle": CYCLE, "on": ON}
    said = None
    while said is None:
        said = page.evaluate("(film) => watch.scan(film)", film)
    if said["verdict"] != "GENUINE" or not any(sheet.number in said["said"] for sheet in sheets):
        raise RuntimeError(f"{said['verdict']}: {said['said']}")
    if said["after"] is not None and said["latency"] < (said["after"] % CYCLE - 1) * film["period"]:
        raise RuntimeError(f"the film is out of step: frame {said['after']} after {said['latency']:.0f} ms")
    peer = said["peer"] or {"decoded": None, "whole": None, "good": True}
    if not peer["good"]:
        raise RuntimeError("the peer does not verify the signature")
    return Scan(said["latency"], peer["decoded"], peer["whole"])


def _bundled() -> str:
    """The peer's script, with zxing-wasm in it."""
    command = [browser_kit.node()[0], _FRONT / "node_modules/esbuild/bin/esbuild", _HERE / "peer.ts", "--bundle"]
    environment = {"NODE_PATH": str(_FRONT / "node_modules")}
    done = subprocess.run([*command, "--format=iife"], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def _signed(app: Flask, sheets: list[Printed]) -> dict[str, tuple[str, ...]]:
    """By the text of each code: public key, signature, what it signs."""
    listed = app.test_client().get("/.well-known/precursor/jwks.json").get_json()["keys"]
    keys = {_unpadded(key["kid"]): _unpadded(key["x"]) for key in listed}
    found = {}
    for sheet in sheets:
        outside = envelope.read(from_text(sheet.text)[1])
        found[sheet.text] = (keys[outside.kid].hex(), outside.signature.hex(), outside.signed.hex())
    return found


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# ---- tables


def _verdicts(scans: dict[int, list[Scan]]) -> Table:
    count = len(scans[1])
    title = (
        f"Scan: from the first frame with the code to the painted verdict, {count} verdicts at each speed, offline"
    )
    table = Table(title, f"{_COMMAND} --size {count}")
    table.row(
        "processor", "p50 ms", "p95 ms", "most", "bare decode p50", "bare decode and verify p50", "p95", "ratio"
    )
    for speed, found in scans.items():
        name = "as it is" if speed == 1 else f"{speed} times slower"
        latency = [one.latency for one in found]
        decoded = [one.decoded for one in found if one.decoded is not None]
        whole = [one.whole for one in found if one.whole is not None]
        ratio = statistics.median(latency) / statistics.median(whole)
        cells = (*_both(latency), MOST[speed], f"{statistics.median(decoded):.0f}", *_both(whole), f"{ratio:.2f}")
        table.row(name, *cells)
        table.ratio(f"verdict, {name}: p95 of its milliseconds", _p95(latency) / MOST[speed], most=1.0)
        table.ratio(f"verdict, {name}: p50 / bare decode and verify", ratio)
    return table


def _starts(cold: dict[int, list[tuple[float, float]]]) -> Table:
    table = Table(f"Scan: cold start offline, {COLD} browsers started anew at each speed", _COMMAND)
    table.row("processor", "camera p50 ms", "p95", "verdict p50 ms", "p95", "most")
    for speed, found in cold.items():
        name = "as it is" if speed == 1 else f"{speed} times slower"
        camera, verdict = ([one[n] for one in found] for n in (0, 1))
        table.row(name, *_both(camera), *_both(verdict), MOST_COLD if speed == 1 else "")
        if speed == 1:
            table.ratio("cold start to verdict: p95 of its milliseconds", _p95(verdict) / MOST_COLD, most=1.0)
    return table


def _kept(app: Flask) -> Table:
    """All that the worker keeps for offline, against the decoder that is most of it."""
    client = app.test_client()
    said = re.search(r"self\.KEPT = (\{.*?\});\n", client.get("/scan/sw.js").text)[1]  # type: ignore[index]
    kept = json.loads(said)
    sizes = {}
    for path in (*kept["files"], *kept["pages"], "/scan/sw.js"):
        with client.get(path) as answer:
            sizes[path] = (len(gzip.compress(answer.data, 9)), len(brotli.compress(answer.data)))
    total = [sum(size[n] for size in sizes.values()) for n in (0, 1)]
    wasm = next(size for path, size in sizes.items() if path.endswith(".wasm"))
    table = Table(f"Scan: what the phone keeps, {len(sizes)} files", _COMMAND)
    table.row("", "bytes", "most", "of them the decoder", "ratio")
    for n, name, most in ((0, "gzip", MOST_GZIP), (1, "brotli", MOST_BROTLI)):
        table.row(name, f"{total[n]:,}", f"{most:,}", f"{wasm[n]:,}", f"{total[n] / wasm[n]:.2f}")
        table.ratio(f"kept, {name}: of its bytes", total[n] / most, most=1.0)
    return table


def _both(values: list[float]) -> tuple[str, str]:
    return f"{statistics.median(values):.0f}", f"{_p95(values):.0f}"


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[18]
