"""Flows as a Sankey by custody stage, as SVG made on the server: geometry in attributes, looks in ``app.css``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from precursor.web.marks import coordinate

_WIDTH: Final = 960
_RIGHT: Final = 190  # room for the names of the last stage
_NODE: Final = 10
_GAP: Final = 40  # between two places of a stage: two lines of text
_TOP: Final = 52
_TALL: Final = 260  # of the heaviest stage, without gaps
_THINNEST: Final = 2.0
_CAPPED: Final = 56.0
_BESIDE: Final = frozenset({"end", "rest"})
_LOST: Final = 6.0  # a gap is never thinner, however small: ui.md §5


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quantity lies: ``stage`` counts from the left, ``note`` stands below its name; ``look``: lost, rest."""

    name: str
    stage: int
    note: str = ""
    look: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A quantity that went from one place to another a stage further on.

    ``look``: sent, left (to an outside party) or lost; end and rest: besides what is looked at, drawn no wider
    than ``_CAPPED``, however much it is.
    """

    source: str
    target: str
    amount: float
    title: str
    link: str
    look: str = "sent"


def _cut(text: str, room: float) -> str:
    """As much of a text as fits: Chinese letters are 13 wide, others 7."""
    used = 0.0
    for place, letter in enumerate(text):
        used += 13 if ord(letter) > 0x2E80 else 7
        if used > room:
            return text[: max(place - 1, 1)] + "…"
    return text


def _width(band: Band, scale: float) -> float:
    width = max(band.amount * scale, _LOST if band.look == "lost" else _THINNEST)
    return min(width, _CAPPED) if band.look in _BESIDE else width


def sankey(places: Mapping[str, Place], bands: Sequence[Band], stages: Sequence[str], label: str) -> Markup:
    """The picture. ``places`` in the order in which each stage shows them, ``stages`` the heads of the columns.

    A band is as wide as its quantity, 2 px at least and 6 where it is lost; a place is as tall as its bands.
    """
    looked_at = [b for b in bands if b.look not in _BESIDE] or bands
    load = {n: sum(b.amount for b in looked_at if places[b.source].stage == n) for n in range(len(stages))}
    scale = _TALL / (max(load.values(), default=0) or 1.0)
    thick = [_width(band, scale) for band in bands]
    tall = {
        key: max(
            sum(w for b, w in zip(bands, thick, strict=True) if b.source == key),
            sum(w for b, w in zip(bands, thick, strict=True) if b.target == key),
        )
        for key in places
    }
    step = (_WIDTH - _RIGHT) / max(len(stages) - 1, 1)
    room = step - 24 if len(stages) > 1 else _WIDTH
    top: dict[str, float] = {}
    below = dict.fromkeys(range(len(stages)), float(_TOP))
    for key, place in places.items():
        top[key] = below[place.stage]
        below[place.stage] += tall[key] + _GAP
    out, into = dict(top), dict(top)
    parts = [
        Markup('<text class="stage" x="{}" y="12">{}</text>').format(coordinate(n * step), name)
        for n, name in enumerate(stages)
    ]
    for band, width in zip(bands, thick, strict=True):
        x1, x2 = places[band.source].stage * step + _NODE, places[band.target].stage * step
        y1, y2 = out[band.source] + width / 2, into[band.target] + width / 2
        out[band.source] += width
        into[band.target] += width
        middle = coordinate((x1 + x2) / 2)
        left, from_, right, to = (coordinate(value) for value in (x1, y1, x2, y2))
        line = f"M{left} {from_}C{middle} {from_} {middle} {to} {right} {to}"
        parts.append(
            Markup('<a href="{}"><path class="band {}" d="{}" stroke-width="{}"><title>{}</title></path></a>').format(
                band.link,
                "rest" if width < band.amount * scale else band.look,  # narrower than it is
                line,
                coordinate(width),
                band.title,
            )
        )
    for key, place in places.items():
        x, y = place.stage * step, top[key]
        end = _RIGHT if place.stage == len(stages) - 1 else room
        parts.append(
            Markup(
                '<rect class="node{0}" x="{1}" y="{2}" width="{3}" height="{4}"/>'
                '<text class="place{0}" x="{1}" y="{5}">{6}<title>{7}</title></text>'
                '<text class="amount" x="{1}" y="{8}">{9}</text>'
            ).format(
                f" {place.look}" if place.look else "",
                coordinate(x),
                coordinate(y),
                _NODE,
                coordinate(tall[key]),
                coordinate(y - 18),
                _cut(place.name, end),
                place.name,
                coordinate(y - 5),
                place.note,
            )
        )
    height = max(top[key] + tall[key] for key in places) + 12
    return Markup(
        '<svg class="ch flow" viewBox="0 0 {} {}" width="100%" role="group" aria-label="{}">{}</svg>'
    ).format(_WIDTH, coordinate(height), label, Markup("").join(parts))
