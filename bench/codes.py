"""P7: codes of documents. Signing against raw Ed25519, pictures against the matrix builder alone, strict verification
from the text of a code against the raw primitive on the same signature. All in one process, in turn.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import qrcode
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from qrcode.constants import ERROR_CORRECT_M
from qrcode.util import MODE_8BIT_BYTE, MODE_NUMBER, QRData

from bench.tables import Table
from precursor.signing import cbor, envelope, lists, qr, text, trust, verify
from precursor.signing.keys import FileSigner, holds
from precursor.signing.lists import Status
from precursor.signing.trust import KeyState, ListedKey
from tests import signing_kit

ROUNDS: Final = 7
LEAST_VERIFY: Final = 0.60
_NOW: Final = 1_764_554_400
_DAY: Final = 86_400
_BASE: Final = "https://trace.example.gov.cn"
_SCOPE: Final = "cn-440306"


def _claims(number: int) -> dict[int, Any]:
    """A transport permit as it is mostly issued: two parties, a carrier, a plate, a route."""
    inside = {1: 1, 2: 3, 3: 2, 4: 1, 5: 1, 6: [[299423, 2500]], 12: [3, number % 4096]}
    inside |= {7: ["91440300MA5F2XK47Q", "示例化工有限公司"], 8: ["91440300MA5F2XK48N", "示例制药有限公司"]}
    inside |= {9: ["", "示例运输有限公司"], 10: ["粤B12345"], 11: [440306, 440307]}
    head = {1: _SCOPE, 2: f"440306-Y-2026-{number:06}"}
    return head | {4: _NOW + 30 * _DAY, 5: _NOW - _DAY, 6: _NOW - 3600, -70001: inside}


def run() -> list[Table]:
    """Sign, draw and verify; each beside the least that could do it."""
    return [_signing(), _pictures(), _verifying(), _worst()]


def _measure(
    peer: Callable[[], object],
    ours: Callable[[], object],
    count: int,
    rounds: int = ROUNDS,
    of: Callable[[list[float]], float] = statistics.median,
) -> tuple[float, float]:
    """The seconds of one call of each, the two taking turns; ``of`` says which of the rounds."""
    found: dict[Callable[[], object], list[float]] = {peer: [], ours: []}
    for _ in range(rounds):
        for function in (peer, ours):
            began = time.perf_counter()
            for _ in range(count):
                function()
            found[function].append((time.perf_counter() - began) / count)
    return of(found[peer]), of(found[ours])


def _table(title: str, peer: str, ours: str, pair: tuple[float, float], least: float | None = None) -> Table:
    table = Table(title, "python3 dev.py bench codes")
    table.row("", "µs each", "a second")
    for name, seconds in ((peer, pair[0]), (ours, pair[1])):
        table.row(name, f"{seconds * 1e6:.0f}", f"{1 / seconds:,.0f}")
    table.row("ratio (rate of ours / rate of the peer)", f"{pair[0] / pair[1]:.2f}", "")
    table.ratio(title, pair[0] / pair[1], least=least)
    return table


def _signing() -> Table:
    seed = bytes(range(32))
    signer, raw = FileSigner.of_seed(seed), Ed25519PrivateKey.from_private_bytes(seed)
    claims = _claims(1)
    payload = cbor.encode(claims)
    pair = _measure(
        lambda: raw.sign(payload),
        lambda: text.to_text(envelope.sign(signer, cbor.encode(claims)), _BASE + "/v"),
        2_000,
    )
    return _table("codes: sign", "Ed25519 over the payload", "claims to the text of a code", pair)


def _pictures() -> Table:
    signer = FileSigner.of_seed(bytes(range(32)))
    claims = _claims(1)

    def sign() -> str:
        return text.to_text(envelope.sign(signer, cbor.encode(claims)), _BASE + "/v")

    sample = sign()
    prefix, mark, digits = sample.rpartition("#")

    def matrix() -> object:
        code = qrcode.QRCode(error_correction=ERROR_CORRECT_M)
        code.add_data(QRData((prefix + mark).encode("ascii"), mode=MODE_8BIT_BYTE))
        code.add_data(QRData(digits.encode("ascii"), mode=MODE_NUMBER))
        code.make(fit=True)
        return code

    def fast_matrix() -> object:
        return zxingcpp.create_barcode(sample, zxingcpp.BarcodeFormat.QRCode, ec_level="M")

    table = Table("codes: sign and draw", "python3 dev.py bench codes")
    table.row("", "matrix alone ms", "signed picture ms", "ratio", "a second")
    for name, peer, draw, count in (
        ("qrcode, PNG for a page", matrix, qr.png, 3),
        ("zxing-cpp, SVG in bulk", fast_matrix, qr.svg_in_bulk, 100),
    ):
        alone, whole = _measure(peer, lambda draw=draw: draw(sign()), count)  # type: ignore[misc]
        ratio = alone / whole
        table.row(name, f"{alone * 1e3:.2f}", f"{whole * 1e3:.2f}", f"{ratio:.2f}", f"{1 / whole:,.0f}")
        table.ratio(f"codes: {name}", ratio)
    return table


def _verifying() -> Table:
    issuer, root = FileSigner.of_seed(bytes(range(32))), FileSigner.of_seed(bytes(range(32, 64)))
    address = _BASE + "/.well-known/precursor/status/{n}.cwt"
    span = {"not_before": _NOW - 30 * _DAY, "not_after": _NOW + 60 * _DAY}
    key = ListedKey(x=issuer.x, scope=_SCOPE, state=KeyState.ACTIVE, **span)
    listed = trust.make(
        root,
        issuer="cn-440300",
        issued=_NOW - 3600,
        expires=_NOW + 30 * _DAY,
        sequence=1,
        status=address,
        balance=_BASE + "/.well-known/precursor/balance/{n}.cwt",
        keys=(key,),
    )
    packed = lists.pack(dict.fromkeys(range(4096), Status.VALID), 4096)
    status = lists.make_status(
        issuer, issuer=_SCOPE, subject=lists.address(address, 3), issued=_NOW - 600, packed=packed
    )
    judge = verify.Verifier(trust.read(listed, root.x), verify.from_files([status]), "trace.example.gov.cn")
    data = envelope.sign(issuer, cbor.encode(_claims(1)))
    said, outside = text.to_text(data, _BASE + "/v"), envelope.read(data)
    found = judge.judge(said, _NOW)
    if found.verdict != "GENUINE" or found.warnings:
        raise RuntimeError(f"the sample is {found.verdict}: {found.reason} {found.warnings}")
    public = judge.trust.publics[outside.kid]
    pair = _measure(
        lambda: holds(public, outside.signature, outside.signed),
        lambda: judge.judge(said, _NOW),
        50,
        rounds=200,
        of=min,  # what else the machine does slows Python more than the primitive: the least disturbed round of each
    )
    return _table("codes: verify", "Ed25519 alone", "strict, from the text, with all lists", pair, LEAST_VERIFY)


def _worst() -> Table:
    """The slowest of the texts that were made to be slow, against the second that the format allows."""
    judge, slowest = signing_kit.verifier(), 0.0
    for said in signing_kit.nasty():
        began = time.perf_counter()
        judge.judge(said, signing_kit.NOW)
        slowest = max(slowest, time.perf_counter() - began)
    table = Table("codes: the slowest text", "python3 dev.py bench codes")
    table.row("", "ms", "of a second")
    table.row("bombs, nests, false lengths, huge numbers", f"{slowest * 1e3:.1f}", f"{slowest:.3f}")
    table.ratio("codes: the slowest text, of a second", slowest, most=1.0)
    return table
