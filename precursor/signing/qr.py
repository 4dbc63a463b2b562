"""The QR code of a text: level M, four modules of quiet zone, the digits in numeric mode (docs/pc1.md C1)."""

import io
from typing import Final

import qrcode
import zxingcpp
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pure import PyPNGImage
from qrcode.image.svg import SvgPathImage
from qrcode.util import MODE_8BIT_BYTE, MODE_NUMBER, QRData

QUIET: Final = 4


def _code(text: str) -> qrcode.QRCode:
    """One short byte segment and one numeric segment: fewer modules than one segment for all."""
    prefix, mark, digits = text.rpartition("#")
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET, box_size=8)
    code.add_data(QRData((prefix + mark).encode("ascii"), mode=MODE_8BIT_BYTE))
    code.add_data(QRData(digits.encode("ascii"), mode=MODE_NUMBER))
    code.make(fit=True)
    return code


def png(text: str) -> bytes:
    """As a picture of one bit a pixel, 8 pixels a module."""
    file = io.BytesIO()
    _code(text).make_image(image_factory=PyPNGImage).save(file)
    return file.getvalue()


def svg(text: str) -> bytes:
    """As a drawing of one path, to be printed at any size."""
    file = io.BytesIO()
    _code(text).make_image(image_factory=SvgPathImage).save(file)
    return file.getvalue()


def svg_in_bulk(text: str) -> str:
    """As a drawing, many times faster: for printing hundreds at once."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return str(code.to_svg(add_quiet_zones=True))
