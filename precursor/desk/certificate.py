"""The printed certificate of a document: PDF/A with our own font, the code where no seal lies on it."""

import functools
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Final

import typst

_HERE: Final = Path(__file__).parents[1]
_TEMPLATE: Final = _HERE / "web" / "templates" / "desk" / "certificate.typ"


@functools.cache
def _fonts() -> typst.Fonts:
    """Only our own font, read once: a certificate looks alike on every machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_HERE / "fonts")])


def pdf(shown: dict[str, Any], code: bytes | None) -> bytes:
    """The certificate as PDF/A-3b. ``code``: the QR code as SVG; None for a kind that has none."""
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "certificate.typ"
        template.write_bytes(_TEMPLATE.read_bytes())
        if code is not None:
            (Path(folder) / "code.svg").write_bytes(code)
        inputs = {"data": json.dumps(shown | {"code": code is not None}, ensure_ascii=False)}
        made = typst.compile(
            os.fspath(template), root=folder, sys_inputs=inputs, font_paths=_fonts(), pdf_standards="a-3b"
        )
    return bytes(made)
