"""The commands ``token``, ``keys`` and ``publish`` (pc1 C9, C10)."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import click
from sqlalchemy.orm import Session

from precursor.core import db
from precursor.core.clock import parse_instant
from precursor.core.errors import Faulty, Refused
from precursor.settings import Settings
from precursor.signing import envelope, trust, verify
from precursor.signing.text import from_text, host_of, prefix_of
from precursor.signing.trust import KeyState
from precursor.signing.verdicts import Refused as NotGenuine
from precursor.signing.verdicts import Verdict
from precursor.signing.verify import Judgement, Verifier
from precursor.terminal import OPERATOR, engine, format_option, reading, show_json, show_table, writing
from precursor.tokens import keys, reissue, saying, service
from precursor.tokens.reissue import Fate
from precursor.tokens.service import Office
from precursor.tokens.store import KeyStore

#: No token is longer; of a longer line this much is read, and the rest thrown away.
_LONGEST_LINE: Final = 4096
_HEX_KEY: Final = 64


def office_of(settings: Settings) -> Office:
    """Keys and address of an installation."""
    return Office(KeyStore.of(settings), settings.base_url)


@click.group()
def token() -> None:
    """Signed QR texts of documents."""


@token.command("issue")
@click.argument("document")
def token_issue(document: str) -> None:
    """The QR text of a document; the same text for the same document."""
    settings = Settings.from_environment()
    office = office_of(settings)
    with writing(settings) as session:
        made = service.issue(session, office, service.by_number(session, document), OPERATOR, settings.clock())
        text = office.text(made)
    click.echo(text)


@token.command("show")
@click.argument("text")
def token_show(text: str) -> None:
    """What a text claims, WITHOUT verifying it."""
    try:
        claims = verify.read_claims(envelope.read(from_text(text)[1]).payload)
    except NotGenuine as error:
        _complain(error.verdict, error.reason)
        sys.exit(1)
    show_json({"schema": "precursor-token/1", "verified": False, "claims": as_json(claims)})


@token.command("verify")
@click.argument("text")
@click.option("--trust", "trust_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--status", "status_files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--lists",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="a folder that precursor publish wrote, in place of --trust and --status",
)
@click.option("--root", help="the pinned root key: 64 hex digits, or a file (default: PRECURSOR_HOME/root.pub)")
@click.option("--at", help="the instant to judge at, RFC 3339 with offset (default: now)")
@format_option
def token_verify(
    text: str,
    trust_file: Path | None,
    status_files: tuple[Path, ...],
    folder: Path | None,
    root: str | None,
    at: str | None,
    form: str,
) -> None:
    """Judge TEXT, or with - each line of standard input. With the files it needs no database and no network."""
    settings = Settings.from_environment()
    if folder is not None:
        trust_file = trust_file or folder / "trust.cwt"
        status_files += tuple(sorted(folder.glob("status/*.cwt")))
    instant = int(_instant(at).timestamp()) if at is not None else int(settings.clock().timestamp())
    verifier = _verifier(settings, trust_file, status_files, root, instant)
    if text == "-":
        sys.exit(_verify_lines(sys.stdin.buffer, verifier, instant))
    found = _judge(verifier, text, instant)
    if found.verdict is not Verdict.GENUINE:
        if form == "json":
            show_json(report(found))
        _complain(found.verdict, found.reason or "")
        sys.exit(1)
    if form == "json":
        show_json(report(found))
        return
    claims = found.claims or {}
    lines = [found.verdict.value, *(warning.value for warning in found.warnings)]
    click.echo("\n".join([*lines, json.dumps(as_json(claims), ensure_ascii=True)]))


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError:
        raise click.BadParameter("an instant of RFC 3339 with offset is meant", param_hint="--at") from None


class _Untrusted:
    """In place of a verifier whose trust list is refused: every text gets that verdict."""

    def __init__(self, refused: NotGenuine) -> None:
        self._refused = refused

    def judge(self, _: str, __: int) -> Judgement:
        """The verdict on the trust list."""
        return Judgement(verdict=self._refused.verdict, reason=self._refused.reason)


def _judge(verifier: "Verifier | _Untrusted", text: str, at: int) -> Judgement:
    return verifier.judge(text, at)


def _verifier(
    settings: Settings, trust_file: Path | None, status_files: tuple[Path, ...], root: str | None, at: int
) -> "Verifier | _Untrusted":
    host = host_of(prefix_of(settings.base_url))
    try:
        pinned = bytes.fromhex(_root(settings, root))
    except ValueError:
        raise click.BadParameter("64 hex digits, or a file that holds them, are meant", param_hint="--root") from None
    files = [path.read_bytes() for path in status_files]
    try:
        if trust_file is not None:
            found = trust.read(trust_file.read_bytes(), pinned, at=at)
            return Verifier(found, verify.from_files(files), host)
        with writing(settings) as session:
            now = settings.clock()
            office = office_of(settings)
            data = service.trust_list(session, office, now).body
            files += _status_files(session, office, now)
        return Verifier(trust.read(data, pinned, at=at), verify.from_files(files), host)
    except NotGenuine as refused:
        return _Untrusted(refused)


def _status_files(session: Session, office: Office, now: datetime) -> Iterator[bytes]:
    for number in service.numbers(session):
        yield service.status_list(session, office, number, OPERATOR, now).body


def _root(settings: Settings, given: str | None) -> str:
    if given is None:
        return KeyStore.of(settings).root_public()
    if len(given) != _HEX_KEY and Path(given).is_file():
        given = Path(given).read_text("ascii", errors="replace").strip()
    if len(given) != _HEX_KEY:
        raise ValueError(given)
    return given


def _verify_lines(stdin: BinaryIO, verifier: "Verifier | _Untrusted", at: int) -> int:
    refused = False
    for line in _lines(stdin):
        found = _judge(verifier, line, at)
        refused = refused or found.verdict is not Verdict.GENUINE
        sys.stdout.write(json.dumps(report(found), ensure_ascii=True) + "\n")
        sys.stdout.flush()
    return int(refused)


def _lines(stdin: BinaryIO) -> Iterator[str]:
    """The texts, each ended by LF; one too long to be a token is cut to a text that is none either."""
    while line := stdin.readline(_LONGEST_LINE):
        whole = line
        while not whole.endswith(b"\n") and (more := stdin.readline(_LONGEST_LINE)):
            whole = more
        text = line if len(line) < _LONGEST_LINE else b"too long"
        yield text.removesuffix(b"\n").decode("utf-8", errors="replace")


def _complain(verdict: Verdict, reason: str) -> None:
    """One line, whatever the text held."""
    click.echo(f"{verdict.value}: {json.dumps(reason, ensure_ascii=True)[1:-1]}", err=True)


def as_json(value: Any) -> Any:
    """Claims as JSON: keys as decimal text, bytes as h'…'."""
    if isinstance(value, dict):
        return {str(key): as_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [as_json(member) for member in value]
    return f"h'{value.hex()}'" if isinstance(value, bytes) else value


def report(found: Judgement) -> dict[str, Any]:
    """The judgement as every door shows it."""
    return {
        "schema": "precursor-token/1",
        "verdict": found.verdict.value,
        "reason": found.reason,
        "warnings": [warning.value for warning in found.warnings],
        "token": found.token,
        "kid": found.kid,
        "alg": found.alg,
        "payload": found.payload.hex() if found.payload is not None else None,
        "claims": as_json(found.claims) if found.claims is not None else None,
        "as_of": found.as_of,
    }


@click.group("keys")
def keys_() -> None:
    """The keys that sign documents."""


@keys_.command("root")
def keys_root() -> None:
    """The root public key, which devices pin."""
    click.echo(KeyStore.of(Settings.from_environment()).root_public())


@keys_.command("list")
@format_option
def keys_list(form: str) -> None:
    """Every key of the trust list."""
    settings = Settings.from_environment()
    with reading(settings) as session:
        rows = [
            {
                "kid": key.kid,
                "scope": key.scope,
                "state": KeyState(key.state).name.lower(),
                "made_at": key.made_at.isoformat(),
                "signs_until": key.signs_until.isoformat(),
                "compromised_at": key.compromised_at.isoformat() if key.compromised_at else None,
            }
            for key in keys.listed(session, settings.clock())
        ]
    if form == "json":
        show_json(rows)
        return
    columns = ["kid", "scope", "state", "made_at", "signs_until", "compromised_at"]
    show_table(columns, [[row[name] for name in columns] for row in rows])


@keys_.command("make")
@click.option("--area", required=True, help="id of the authority's area")
@click.option("--label", help="take the key pair of this label, which is in the PKCS#11 token already")
def keys_make(area: str, label: str | None) -> None:
    """Make the key that signs next, ahead of time: publish it a week before it signs."""
    settings = Settings.from_environment()
    store, now = KeyStore.of(settings), settings.clock()
    with writing(settings) as session:
        made = keys.make_next(session, store, _scope(session, area), OPERATOR, now, label)
        line = f"{made.scope} {made.kid}"
    click.echo(line)


@keys_.command("rotate")
@click.option("--area", help="id of the authority's area (default: all that sign)")
def keys_rotate(area: str | None) -> None:
    """Let the next key sign from now on; the one before verifies until its last token has ended."""
    settings = Settings.from_environment()
    store, now = KeyStore.of(settings), settings.clock()
    with writing(settings) as session:
        scopes = [_scope(session, area)] if area else sorted({key.scope for key in keys.listed(session, now)})
        found = [keys.rotate(session, store, scope, OPERATOR, now) for scope in scopes]
        lines = [f"{key.scope} {key.kid}" for key in found]
        strange = [key.kid for key in found if not keys.is_published(session, key)]
    click.echo("\n".join(lines) if lines else "nothing signs yet")
    _warn_of_strange(strange)


def _warn_of_strange(kids: list[str]) -> None:
    """A key that signs before any trust list holds it."""
    if kids:
        click.echo(
            f"{', '.join(kids)}: on no trust list yet: phones say UNKNOWN_KEY until they get a new one: "
            "precursor publish DIR",
            err=True,
        )


def _scope(session: Session, area: str) -> str:
    return saying.scope_of(saying.area_called(session, area))


@keys_.command("revoke")
@click.argument("kids", nargs=-1, required=True, metavar="KID...")
def keys_revoke(kids: tuple[str, ...]) -> None:
    """Keys were compromised: refuse whatever they signed, and let others sign. All of one theft at once."""
    settings = Settings.from_environment()
    now = settings.clock()
    with writing(settings) as session:
        found = keys.revoke(session, KeyStore.of(settings), map(str.lower, kids), OPERATOR, now)
        lost = {key.kid: key.scope for key in found}
        signing = [key for key in keys.listed(session, now) if key.state == KeyState.ACTIVE]
        strange = [k.kid for k in signing if k.scope in lost.values() and not keys.is_published(session, k)]
    for kid in lost:
        click.echo(f"{kid}: compromised. Now: precursor publish DIR, then precursor keys reissue {kid}")
    _warn_of_strange(strange)


@keys_.command("signed")
@click.argument("kid")
@click.option("--texts", is_flag=True, help="only the codes that are not over, one a line, for token verify -")
@format_option
def keys_signed(kid: str, texts: bool, form: str) -> None:  # noqa: FBT001 - click passes flags by name
    """Every code that a key signed, and which of them must be issued again."""
    settings = Settings.from_environment()
    office = office_of(settings)
    with reading(settings) as session:
        found = reissue.signed(session, kid.lower(), settings.clock())
    if texts:
        for one in found:
            if one.fate is not Fate.OVER:
                click.echo(office.text_of(one.cose))
        return
    columns = ["kind", "number", "holder", "until", "state"]
    rows = [[one.kind, one.number, one.holder, one.until.isoformat(), one.fate.value] for one in found]
    if form == "json":
        texts_ = [office.text_of(one.cose) for one in found]
        show_json([dict(zip(columns, row, strict=True)) | {"text": t} for row, t in zip(rows, texts_, strict=True)])
        return
    show_table(columns, rows)


@keys_.command("reissue")
@click.argument("kids", nargs=-1, required=True, metavar="KID...")
@format_option
def keys_reissue(kids: tuple[str, ...], form: str) -> None:
    """Sign again whatever revoked keys had signed and is in force still. Safe to repeat, and to break off."""
    settings = Settings.from_environment()
    office = office_of(settings)
    with reading(settings) as session:
        found = []
        for kid in dict.fromkeys(map(str.lower, kids)):
            reissue.check_compromised(session, kid)
            found += [one for one in reissue.signed(session, kid, settings.clock()) if one.fate is Fate.TO_DO]
    rows, left = [], []
    made = engine(settings)
    try:
        for one in found:
            try:  # a transaction for each: others write meanwhile, and one that fails stops no other
                with db.transaction(made) as session:
                    number, cose = reissue.again(session, office, one, OPERATOR, settings.clock())
                text = office.text_of(cose)
                rows.append(
                    {"kind": one.kind, "number": one.number, "now": number, "holder": one.holder, "text": text}
                )
            except (Refused, Faulty) as error:
                why = "; ".join(f.message for f in error.faults) if isinstance(error, Faulty) else str(error)
                left.append(f"{one.kind} {one.number}: {why}")
    finally:
        made.dispose()
    if form == "json":
        show_json(rows)
    else:
        columns = ["kind", "number", "now", "holder"]
        show_table(columns, [[row[name] for name in columns] for row in rows])
        click.echo(f"{len(rows)} issued again. Now: precursor publish DIR, and new papers to whoever holds one")
    for line in left:
        click.echo(line, err=True)
    if left:
        sys.exit(1)


@click.command("publish")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
def publish(folder: Path) -> None:
    """Write trust list, status lists, balance lists and key set as files, to be carried by hand."""
    settings = Settings.from_environment()
    office, now = office_of(settings), settings.clock()
    with writing(settings) as session:
        files: dict[str, bytes] = {}
        for number in service.numbers(session):
            files[f"status/{number}.cwt"] = service.status_list(session, office, number, OPERATOR, now).body
            files[f"balance/{number}.cwt"] = service.balance_list(session, office, number, OPERATOR, now).body
        # signing a list may have made a key: the trust list is read last
        files["trust.cwt"] = service.trust_list(session, office, now).body
        lacking = [key.kid for key in keys.listed(session, now) if not keys.is_published(session, key)]
        files["jwks.json"] = json.dumps(service.jwks(session, now), indent=1).encode() + b"\n"
    try:
        for name, data in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as error:
        raise Refused(f"不能写入 {folder} / cannot write to {folder}: {error.strerror}") from None
    click.echo("\n".join(files))
    if lacking:
        click.echo(f"the root key is not here, and trust.cwt lacks {', '.join(lacking)}: bring it back", err=True)


COMMANDS: Final = (token, keys_, publish)
