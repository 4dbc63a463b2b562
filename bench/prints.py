"""What the phone reads of prints that have suffered, beside two readers of another hand on the same frames.

The prints are the product's own: certificates of transport documents (level M, version 14 or so, 54 mm with the
margin) and stickers for containers (28 mm), rendered from the PDF as it is printed, and seen by a camera of
1280 × 720 pixels (``bench/shots.py``) as a hand holds it: 12 to 15 cm away (a certificate's code is 360 to 480 pixels
wide, a module of it 4.5 to 6), tilted by up to 8 degrees, turned by up to 5, out of focus by 0.5 to 1.0 pixel, noise
of 4 steps of 255. To that comes one kind of damage, its strength drawn evenly from a range whose mild end everybody
reads and whose strong end is about as far as one would try before wiping, smoothing or turning the paper:

- ``held``: nothing more
- ``blur``: out of focus by a standard deviation of 1.0 to 2.5 pixels
- ``motion``: moved by 3 to 10 pixels while the picture was taken, in any direction
- ``noise``: 12 to 40 steps of 255, as in the dark
- ``perspective``: tilted by 20 to 50 degrees in any direction
- ``rotation``: turned by any angle
- ``contrast``: what lies between ink and paper shrunk to 12 to 45 of 100, and darker by as much, as in a shadow
- ``glare``: a lamp's reflection, white in its middle, as wide as 15 to 40 of 100 of the code, somewhere over it
- ``stain``: one to three drops of 5 to 14 of 100 of the code's width, nearly dry to opaque, and up to 40 specks
- ``fold``: a crease across the code with the ink gone for 0.3 to 1.0 mm, the lower part bent by 8 to 30 degrees
- ``far``: twice as far, a certificate's code 170 to 280 pixels wide, a module of it 2.1 to 3.5
- ``jpeg``: the frame as JPEG of quality 5 to 35, as a picture that was sent on
- ``road``: tilt, motion, shadow, blur, noise and JPEG all at once, each in the milder half of its range

The ranges were chosen before anything was read and are the same for all readers. A set of one's own choosing still
sets the absolute rates: look at the columns beside one another. Every frame is one attempt; a phone makes ten and
more a second. A text that is not the printed one is a misread: none is allowed.
"""

import random
import statistics
import struct
import subprocess
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from json import loads
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from bench import shots
from bench.city import MM, Printed, certificates, city, logged_in, stickers
from bench.tables import Table
from tests import browser_kit

LEAST: Final = 0.80
CODES: Final = 10
READERS: Final = {"phone": "the phone's", "qr": "qr 0.7.0", "jsqr": "jsQR 1.4.0"}
#: Width in millimetres with the margin, and of how many frames of the other one is made.
SIZES: Final = {"certificates": (shots.CODE, 1), "stickers": (28, 3)}
_BASE: Final = "https://trace.example.gov.cn"

Shot = Callable[[Printed, int, random.Random], Image.Image]


def run(size: int) -> list[Table]:
    """So many frames of certificates for each kind of damage, and a third as many of stickers."""
    with city(base_url=_BASE) as app:
        lead = logged_in(app, "lead")
        sheets = {"certificates": certificates(lead, CODES), "stickers": stickers(lead, CODES)}
    return [_measured(kind, sheets[kind], max(1, size // share), size) for kind, (_, share) in SIZES.items()]


def frames(sheets: list[Printed], millimetres: int, count: int) -> Iterator[tuple[str, Printed, Image.Image]]:
    """Kind of damage, sheet and frame; the same ones every time."""
    for damage, shot in SHOTS.items():
        chance = random.Random(f"{damage} {millimetres}")
        for n in range(count):
            sheet = sheets[n % len(sheets)]
            yield damage, sheet, shot(sheet, millimetres, chance)


# ---- damage


def _held(sheet: Printed, chance: random.Random, fold: shots.Fold | None = None, **view: Any) -> Image.Image:
    """In the hand, before the sensor: ``view`` replaces what a hand does."""
    return shots.seen(sheet, replace(shots.held(chance), **view), fold)


def _sensed(frame: Image.Image, chance: random.Random, *, blur: float | None = None, noise: float = 4) -> Image.Image:
    """As the sensor gives it: a little out of focus, a little noise."""
    return shots.noisy(shots.blurred(frame, chance.uniform(0.5, 1.0) if blur is None else blur), noise, chance)


def _plain(sheet: Printed, _: int, chance: random.Random) -> Image.Image:
    return _sensed(_held(sheet, chance), chance)


def _blur(sheet: Printed, _: int, chance: random.Random) -> Image.Image:
    return _sensed(_held(sheet, chance), chance, blur=chance.uniform(1.0, 2.5))


def _motion(sheet: Printed, _: int, chance: random.Random) -> Image.Image:
    moved = shots.smeared(_held(sheet, chance), chance.randint(3, 10), chance.uniform(0, 180))
    return _sensed(moved, chance)


def _noise(sheet: Printed, _: int, chance: random.Random) -> Image.Image:
    return _sensed(_held(sheet, chance), chance, noise=chance.uniform(12, 40))


def _perspective(sheet: Printed, _: int, chance: random.Random) -> Image.Image:
    return _sensed(_held(sheet, chance, tilt=chance.uniform(20, 50)), chance)


def _rotation(sheet: Printed, _: int, chance: random.Random) -> Image.Image:
    return _sensed(_held(sheet, chance, roll=chance.uniform(0, 360)), chance)


def _shadow(frame: Image.Image, part: float) -> Image.Image:
    return frame.point([v * part + 20 for v in range(256)])


def _contrast(sheet: Printed, _: int, chance: random.Random) -> Image.Image:
    return _sensed(_shadow(_held(sheet, chance), chance.uniform(0.12, 0.45)), chance)


def _glare(sheet: Printed, wide: int, chance: random.Random) -> Image.Image:
    view = shots.held(chance)
    frame, code = shots.seen(sheet, view), shots.FOCAL * wide / view.distance
    width, height = (round(code * chance.uniform(0.15, 0.40) * 2) for _ in range(2))  # it fades over twice its width
    lamp = Image.radial_gradient("L").point([min(255, max(0, 2 * (255 - 2 * v))) for v in range(256)])
    middle = (shots.WIDTH / 2 + view.shift[0], shots.HEIGHT / 2 + view.shift[1])
    place = [
        round(m + chance.uniform(-0.4, 0.4) * code - s / 2) for m, s in zip(middle, (width, height), strict=True)
    ]
    light = Image.new("L", frame.size)
    light.paste(lamp.resize((width, height)), tuple(place))
    return _sensed(ImageChops.add(frame, light), chance)


def _stained(sheet: Printed, wide: int, chance: random.Random) -> Printed:
    """The same sheet with drops and specks over the code."""
    mask = Image.new("L", sheet.picture.size, 0)
    draw, code = ImageDraw.Draw(mask), wide * MM

    def drop(least: float, most: float, dense: int) -> None:
        x, y = (c + chance.uniform(-0.45, 0.45) * code for c in sheet.centre)
        across, high = (code * chance.uniform(least, most) / 2 for _ in range(2))
        draw.ellipse((x - across, y - high, x + across, y + high), fill=dense)

    for _ in range(chance.randint(1, 3)):
        drop(0.05, 0.14, chance.randint(90, 255))
    for _ in range(chance.randint(0, 40)):
        drop(0.004, 0.015, 255)
    picture = sheet.picture.copy()
    picture.paste(chance.randint(20, 110), mask=mask.filter(ImageFilter.GaussianBlur(3)))
    return _as(sheet, picture)


def _as(sheet: Printed, picture: Image.Image) -> Printed:
    """The same sheet, looking otherwise."""
    return Printed(sheet.number, sheet.text, picture, sheet.centre)


def _stain(sheet: Printed, wide: int, chance: random.Random) -> Image.Image:
    return _sensed(_held(_stained(sheet, wide, chance), chance), chance)


def _fold(sheet: Printed, wide: int, chance: random.Random) -> Image.Image:
    below = chance.uniform(-0.4, 0.4) * wide
    worn, y = sheet.picture.copy(), sheet.centre[1] + below * MM
    half = chance.uniform(0.3, 1.0) * MM / 2
    mask = Image.new("L", worn.size, 0)
    ImageDraw.Draw(mask).rectangle((0, y - half, worn.width, y + half), fill=chance.randint(180, 255))
    worn.paste(255, mask=mask.filter(ImageFilter.GaussianBlur(half / 3)))
    crease = shots.Fold(below, chance.uniform(8, 30))
    return _sensed(_held(_as(sheet, worn), chance, fold=crease), chance)


def _far(sheet: Printed, _: int, chance: random.Random) -> Image.Image:
    return _sensed(_held(sheet, chance, distance=shots.distance(chance.uniform(170, 280))), chance)


def _sent(frame: Image.Image, quality: int) -> Image.Image:
    file = BytesIO()
    frame.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("L")


def _jpeg(sheet: Printed, wide: int, chance: random.Random) -> Image.Image:
    return _sent(_plain(sheet, wide, chance), chance.randint(5, 35))


def _road(sheet: Printed, _: int, chance: random.Random) -> Image.Image:
    frame = _held(sheet, chance, tilt=chance.uniform(10, 30))
    frame = shots.smeared(frame, chance.randint(1, 5), chance.uniform(0, 180))
    frame = _shadow(frame, chance.uniform(0.4, 0.8))
    return _sent(_sensed(frame, chance, blur=chance.uniform(0.7, 1.5), noise=chance.uniform(4, 15)), 70)


SHOTS: Final[dict[str, Shot]] = {
    "held": _plain,
    "blur": _blur,
    "motion": _motion,
    "noise": _noise,
    "perspective": _perspective,
    "rotation": _rotation,
    "contrast": _contrast,
    "glare": _glare,
    "stain": _stain,
    "fold": _fold,
    "far": _far,
    "jpeg": _jpeg,
    "road": _road,
}


# ---- reading


def _measured(kind: str, sheets: list[Printed], count: int, size: int) -> Table:
    """Every frame by every reader, in one process of Node."""
    read: dict[str, Counter[str]] = defaultdict(Counter)
    taken: dict[str, list[float]] = defaultdict(list)
    misread: Counter[str] = Counter()
    for damage, sheet, answer in _answers(sheets, SIZES[kind][0], count):
        for reader, (text, milliseconds) in answer.items():
            read[damage][reader] += text == sheet.text
            misread[reader] += text is not None and text != sheet.text
            taken[reader].append(milliseconds)
    return _table(kind, count, size, read, taken, misread)


def _answers(sheets: list[Printed], wide: int, count: int) -> Iterator[tuple[str, Printed, dict[str, Any]]]:
    command = [browser_kit.node()[0], Path(__file__).with_suffix(".mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as node:
        written: list[tuple[str, Printed]] = []

        def write() -> None:
            assert node.stdin
            with node.stdin as file:
                for damage, sheet, frame in frames(sheets, wide, count):
                    written.append((damage, sheet))
                    file.write(struct.pack("<II", *frame.size) + frame.tobytes())

        writer = threading.Thread(target=write)
        writer.start()
        assert node.stdout
        for number, line in enumerate(node.stdout):
            yield *written[number], loads(line)
        writer.join()
    if node.returncode or len(written) != count * len(SHOTS):
        raise RuntimeError(f"Node ended with {node.returncode} after {len(written)} frames")


def _table(
    kind: str,
    count: int,
    size: int,
    read: dict[str, Counter[str]],
    taken: dict[str, list[float]],
    misread: Counter[str],
) -> Table:
    wide, _ = SIZES[kind]
    title = f"Prints: {kind} ({wide} mm) read from one frame, {count} of each damage"
    table = Table(title, f"python3 dev.py bench prints --size {size}")
    table.row("", *READERS.values())
    for damage, found in read.items():
        table.row(damage, *(f"{found[reader] / count:.2f}" for reader in READERS))
    every = {reader: sum(found[reader] for found in read.values()) / count / len(read) for reader in READERS}
    table.row("all", *(f"{every[reader]:.3f}" for reader in READERS))
    table.row("misread", *(misread[reader] for reader in READERS))
    table.row("ms a frame, p50", *(f"{statistics.median(taken[reader]):.0f}" for reader in READERS))
    p95 = {reader: statistics.quantiles(taken[reader], n=20, method="inclusive")[18] for reader in READERS}
    table.row("p95", *(f"{p95[reader]:.0f}" for reader in READERS))
    table.ratio(f"{kind}: read by the phone's", every["phone"], least=LEAST)
    table.ratio(f"{kind}: misread by the phone's", misread["phone"], most=0)
    for peer in ("qr", "jsqr"):
        table.ratio(f"{kind}: the phone's / {READERS[peer]}", every["phone"] / max(every[peer], 0.001), least=1.0)
    return table
