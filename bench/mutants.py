"""Structured changes of tokens, judged by Python and by the phone's verifier: none is genuine, both agree.

A batch at a time, so that memory stays what it is for one; the peer of each is the raw primitive on one signature.
"""

import resource
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.tables import Table
from precursor.signing.keys import holds, public
from precursor.signing.verdicts import Verdict
from tests import signing_kit as kit

BATCH: Final = 20_000


def run(count: int) -> list[Table]:
    """Judge so many mutants with both; a table of the counts and of the time beside raw Ed25519."""
    judge, ours, theirs, raw = kit.verifier(), 0.0, 0.0, 0.0
    verdicts: dict[str, int] = {}
    accepted = differing = done = 0
    key, signature = public(kit.ISSUER.x), kit.ISSUER.sign(b"peer")
    with tempfile.TemporaryDirectory() as folder:
        while done < count:
            texts = [kit.as_text(data) for data in kit.mutants(min(BATCH, count - done), seed=done + 1)]
            began = time.perf_counter()
            found = [judge.judge(text, kit.NOW) for text in texts]
            ours += time.perf_counter() - began
            began = time.perf_counter()
            for _ in texts:
                holds(key, signature, b"peer")
            raw += time.perf_counter() - began
            began = time.perf_counter()
            answers = kit.second([text.encode() for text in texts], Path(folder), script="browser.mjs")
            theirs += time.perf_counter() - began
            for one, other in zip(found, answers, strict=True):
                verdicts[one.verdict.value] = verdicts.get(one.verdict.value, 0) + 1
                accepted += Verdict.GENUINE in (one.verdict, other["verdict"])
                differing += (one.verdict.value, one.token) != (other["verdict"], other["token"])
            done += len(texts)
    table = Table(
        "Mutants judged by Python and by the phone's verifier", f"python3 dev.py bench mutants --size {count}"
    )
    table.row("mutants", f"{done:,}")
    table.row("accepted by either", f"{accepted:,}")
    table.row("judged differently", f"{differing:,}")
    for verdict, number in sorted(verdicts.items()):
        table.row(verdict, f"{number:,}")
    table.row("Python, µs each", f"{ours / done * 1e6:.0f}")
    table.row("phone's verifier under Node, µs each with start-up", f"{theirs / done * 1e6:.0f}")
    table.row("raw Ed25519 verify, µs each", f"{raw / done * 1e6:.0f}")
    table.row("peak memory of this process, MB", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")
    if accepted or differing:
        raise SystemExit(f"{accepted} accepted, {differing} judged differently")
    return [table]
