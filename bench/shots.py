"""What a phone's camera sees of a sheet: a pinhole camera, light, blur, noise; all from a seed, with Pillow alone.

A frame has 1280 × 720 pixels, as the application asks its camera for. The view is 65 degrees wide, which is what main
cameras of phones have (24 to 28 mm as photographers count): a code of 54 mm that is 420 pixels wide is 13 cm away.
"""

import math
import random
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageChops, ImageFilter

from bench.city import MM, Printed

WIDTH: Final = 1280
HEIGHT: Final = 720
#: Focal length in pixels.
FOCAL: Final = WIDTH / 2 / math.tan(math.radians(65 / 2))
#: Ink, paper and table as the camera sees them, of 255.
INK, PAPER, TABLE = 35, 225, 96
#: A certificate's code with its margin, in millimetres.
CODE: Final = 54
_FINER: Final = 2  # times finer is the picture drawn before its pixels are counted together
_UNIFORM: Final = 73.9 / 2  # standard deviation of the mean of four uniform bytes

Row = tuple[float, float, float]
Matrix = tuple[Row, Row, Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the camera stands to the sheet: millimetres, degrees, pixels of the frame."""

    distance: float
    tilt: float = 0.0  # away from straight above
    towards: float = 0.0  # the direction of the tilt in the sheet
    roll: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)  # of the code from the middle of the frame


@dataclass(frozen=True, slots=True)
class Fold:
    """A crease straight across the sheet: so many millimetres below the code's centre, the lower part bent up."""

    below: float
    degrees: float


def distance(pixels: float) -> float:
    """How far away a sheet is, in millimetres, when a certificate's code on it is so many pixels wide."""
    return FOCAL * CODE / pixels


def seen(sheet: Printed, view: View, fold: Fold | None = None) -> Image.Image:
    """The sheet in the frame: in focus, without noise."""
    smaller = max(1, int(MM / (_FINER * FOCAL / view.distance)))
    picture = sheet.picture.reduce(smaller) if smaller > 1 else sheet.picture
    picture = picture.point([INK + (PAPER - INK) * v / 255 for v in range(256)])
    scale = MM / smaller
    centre = (sheet.centre[0] / smaller, sheet.centre[1] / smaller)
    frame = _drawn(picture, _plane(view), scale, centre, TABLE)
    if fold is not None:
        lower = Image.new("L", picture.size, 0)
        top = min(picture.height, max(0, round(centre[1] + fold.below * scale)))
        lower.paste(255, (0, top, *picture.size))
        bent = _plane(view, fold)
        shade = picture.point([v * (1 - fold.degrees / 150) for v in range(256)])  # it turns away from the light
        frame.paste(_drawn(shade, bent, scale, centre, TABLE), mask=_drawn(lower, bent, scale, centre, 0))
    return frame.reduce(_FINER)


def _plane(view: View, fold: Fold | None = None) -> Matrix:
    """From millimetres of the sheet, from the code's centre, to pixels of the finer frame."""
    tilt, towards, roll = (math.radians(d) for d in (view.tilt, view.towards, view.roll))
    turned = _times(_around_z(roll + towards), _times(_around_x(tilt), _around_z(-towards)))
    right, down, up = ([row[n] for row in turned] for n in range(3))
    away = [0.0, 0.0, view.distance]
    if fold is not None:
        angle = math.radians(fold.degrees)
        bent = [math.cos(angle) * d - math.sin(angle) * u for d, u in zip(down, up, strict=True)]
        away = [a + fold.below * (d - b) for a, d, b in zip(away, down, bent, strict=True)]
        down = bent
    focal = FOCAL * _FINER
    middle = ((WIDTH / 2 + view.shift[0]) * _FINER, (HEIGHT / 2 + view.shift[1]) * _FINER)
    camera: Matrix = ((focal, 0, middle[0]), (0, focal, middle[1]), (0, 0, 1))
    return _times(camera, tuple(zip(right, down, away, strict=True)))  # type: ignore[arg-type]


def _drawn(
    picture: Image.Image, plane: Matrix, scale: float, centre: tuple[float, float], outside: int
) -> Image.Image:
    """Pixel by pixel of the finer frame, what of the picture lies there."""
    mm: Matrix = ((1 / scale, 0, -centre[0] / scale), (0, 1 / scale, -centre[1] / scale), (0, 0, 1))
    back = _inverse(_times(plane, mm))
    factors = [value / back[2][2] for row in back for value in row][:8]
    size = (WIDTH * _FINER, HEIGHT * _FINER)
    way, how = Image.Transform.PERSPECTIVE, Image.Resampling.BILINEAR
    return picture.transform(size, way, factors, how, fillcolor=outside)


def _times(one: Matrix, other: Matrix) -> Matrix:
    return tuple(tuple(sum(one[i][k] * other[k][j] for k in range(3)) for j in range(3)) for i in range(3))  # type: ignore[return-value]


def _around_x(angle: float) -> Matrix:
    c, s = math.cos(angle), math.sin(angle)
    return ((1, 0, 0), (0, c, -s), (0, s, c))


def _around_z(angle: float) -> Matrix:
    c, s = math.cos(angle), math.sin(angle)
    return ((c, -s, 0), (s, c, 0), (0, 0, 1))


def _inverse(m: Matrix) -> Matrix:
    """The adjugate: as good as the inverse, since a plane's matrix may be scaled."""
    (a, b, c), (d, e, f), (g, h, i) = m
    return (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )


def blurred(frame: Image.Image, sigma: float) -> Image.Image:
    """Out of focus by so many pixels (standard deviation)."""
    return frame.filter(ImageFilter.GaussianBlur(sigma))


def smeared(frame: Image.Image, pixels: int, degrees: float) -> Image.Image:
    """Moved by so many pixels while the picture was taken, in one direction."""
    total: Image.Image | None = None
    for n in range(pixels):
        along = n - (pixels - 1) / 2
        x, y = along * math.cos(math.radians(degrees)), along * math.sin(math.radians(degrees))
        how = Image.Resampling.BILINEAR
        moved = frame.transform(frame.size, Image.Transform.AFFINE, (1, 0, -x, 0, 1, -y), how, fillcolor=TABLE)
        total = moved if total is None else Image.blend(total, moved, 1 / (n + 1))
    return total or frame


def noisy(frame: Image.Image, sigma: float, chance: random.Random) -> Image.Image:
    """With a sensor's noise, near to normal, of so many steps of 255 (standard deviation)."""

    def uniform() -> Image.Image:
        return Image.frombytes("L", frame.size, chance.randbytes(frame.width * frame.height))

    pairs = (ImageChops.add(uniform(), uniform(), 2) for _ in range(2))
    steps = [min(255, max(0, round((v - 127) * sigma / _UNIFORM) + 128)) for v in range(256)]
    return ImageChops.add(frame, ImageChops.add(*pairs, 2).point(steps), 1, -128)


def held(chance: random.Random) -> View:
    """A hand holds the phone over a code as one does: near, almost straight, almost in the middle."""
    return View(
        distance=distance(chance.uniform(360, 480)),
        tilt=chance.uniform(0, 8),
        towards=chance.uniform(0, 360),
        roll=chance.uniform(-5, 5),
        shift=(chance.uniform(-60, 60), chance.uniform(-30, 30)),
    )
