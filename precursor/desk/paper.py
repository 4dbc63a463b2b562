"""What is printed: certificates of documents, sheets of labels. PDF/A with our own font."""

import functools
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pypdfium2
import typst
import zxingcpp

_HERE: Final = Path(__file__).parents[1]
_FORMATS: Final = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_TEMPLATES: Final = _HERE / "web" / "templates" / "desk"
#: What printers set for a type that the case lacks (下駄, U+3013).
GETA: Final = "〓"
_NOTE: Final = "〓：字库所缺之字，以登记系统为准。A character that the font lacks: the register has it."
#: How the compiler names what a font cannot show.
_LACKING: Final = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPE: Final = re.compile(r"\\u\{([0-9a-f]{1,6})\}")


@functools.cache
def _fonts() -> typst.Fonts:
    """Only our own font, read once: a sheet looks alike on every machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_HERE / "fonts")])


def _made(template: str, data: Any, pictures: Mapping[str, bytes | str]) -> bytes:
    """A template of ours with its data and pictures as PDF/A-3b; 〓 for each character that our font lacks.

    The format allows no empty box for one, and one rare name must not keep a whole file from being printed.
    """
    try:
        return _compiled(template, data, pictures)
    except typst.TypstError as error:
        lacking = "".join(json.loads(f'"{_ESCAPE.sub(_utf16, text)}"') for text in _LACKING.findall(error.diagnostic))
        if not lacking:
            raise
        return _compiled(template, _without(data, str.maketrans(dict.fromkeys(lacking, GETA))), pictures)


def _utf16(found: re.Match[str]) -> str:
    """A character as the compiler writes it, ``u{1f600}``, as JSON does."""
    return json.dumps(chr(int(found[1], 16)))[1:-1]


def _without(data: Any, table: Mapping[int, str]) -> Any:
    if isinstance(data, str):
        return data.translate(table)
    if isinstance(data, Mapping):
        marked = {name: _without(value, table) for name, value in data.items()}
        return marked | {"foot": f"{marked['foot']} {_NOTE}"} if "foot" in data and marked != data else marked
    return [_without(value, table) for value in data] if isinstance(data, list | tuple) else data


def _compiled(template: str, data: Any, pictures: Mapping[str, bytes | str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / template
        page.write_bytes((_TEMPLATES / template).read_bytes())
        for name, picture in pictures.items():
            (Path(folder) / name).write_bytes(picture if isinstance(picture, bytes) else picture.encode())
        (Path(folder) / "data.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        return bytes(typst.compile(os.fspath(page), root=folder, font_paths=_fonts(), pdf_standards="a-3b"))


def certificate(shown: dict[str, Any], code: bytes | None) -> bytes:
    """The certificate of one document. ``code``: the QR code as SVG; None for a kind that has none."""
    data = shown | {"code": "code.svg" if code is not None else None}
    return _made("certificate.typ", [data], {} if code is None else {"code.svg": code})


def certificates(many: list[tuple[dict[str, Any], str | None]]) -> bytes:
    """The certificates of many documents in one file, a page or more each."""
    data, pictures = [], {}
    for number, (shown, code) in enumerate(many):
        name = f"{number}.svg"
        data.append(shown | {"code": name if code is not None else None})
        if code is not None:
            pictures[name] = code
    return _made("certificate.typ", data, pictures)


def labels(shown: dict[str, Any], codes: list[str]) -> bytes:
    """A sheet of stickers, 3 by 8 on A4 (70 × 37 mm): each with its own code and number."""
    names = [f"{number}.svg" for number in range(len(codes))]
    return _made("labels.typ", shown | {"codes": names}, dict(zip(names, codes, strict=True)))


def codes_on(made: bytes) -> set[str]:
    """The texts of every QR code on the pages of a PDF, as a decoder of another hand reads them at 200 dpi."""
    found: set[str] = set()
    pdf = pypdfium2.PdfDocument(made)
    try:
        for page in pdf:
            picture = page.render(scale=200 / 72, grayscale=True)
            pixels = memoryview(picture.buffer).cast("B").cast("B", (picture.height, picture.stride))
            found |= {code.text for code in zxingcpp.read_barcodes(pixels, formats=_FORMATS)}
    finally:
        pdf.close()
    return found
