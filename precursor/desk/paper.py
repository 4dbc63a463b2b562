"""What is printed: certificates of documents, sheets of labels. PDF/A with our own font."""

import functools
import json
import os
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


@functools.cache
def _fonts() -> typst.Fonts:
    """Only our own font, read once: a sheet looks alike on every machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_HERE / "fonts")])


def _made(template: str, data: Any, pictures: Mapping[str, bytes | str]) -> bytes:
    """A template of ours with its data and pictures as PDF/A-3b."""
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
