"""The doctor finds what is broken, says what to do, and touches nothing."""

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from conftest import WORKED

from precursor import doctor
from precursor.cli import cli
from precursor.core import db
from precursor.doctor import State
from precursor.settings import Settings
from precursor.signing.keys import FileSigner


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An installation of its own, with the worked city."""
    found = tmp_path / "home"
    monkeypatch.setenv("PRECURSOR_HOME", str(found))
    for variable in ("PRECURSOR_DATABASE_URL", "PRECURSOR_MIGRATE_URL", "PRECURSOR_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    for command in (["init"], ["bundle", "import", str(WORKED)]):
        result = CliRunner().invoke(cli, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    return found


def states(**changed):
    settings = replace(Settings.from_environment(), **changed)
    return {found.what: found for found in doctor.examine(settings, settings.clock())}


def owner_of(home):
    return db.connect(f"sqlite:///{home / 'precursor.db'}", owner=True)


def broken(home, *statements):
    """Change what no application may change: the guards are taken away first."""
    engine = owner_of(home)
    with engine.begin() as connection:
        for (name,) in connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def test_all_is_well(home):
    found = states()
    assert {one.state for one in found.values()} == {State.OK, State.NOTE}
    assert {one.what for one in found.values() if one.state is State.NOTE} == {"address", "root key", "accounts"}
    assert all(one.remedy for one in found.values() if one.state is not State.OK)
    result = CliRunner().invoke(cli, ["doctor", "--format", "json"])
    assert result.exit_code == 0
    assert {one["what"]: one["state"] for one in json.loads(result.output)} == {w: f.state for w, f in found.items()}


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE stock SET amount = amount + 1 WHERE account_id = (SELECT min(account_id) FROM stock)", "ledger"),
        ("UPDATE audit_entry SET entry = '{}' WHERE id = (SELECT max(id) FROM audit_entry)", "audit log"),
        ("UPDATE alembic_version SET version_num = '0001'", "schema"),
    ],
)
def test_what_was_changed_behind_its_back(home, statement, what):
    broken(home, statement)
    assert states()[what].state is State.WRONG


def test_guards_that_are_gone(home):
    broken(home)
    assert states()["guards"].state is State.WRONG
    assert CliRunner().invoke(cli, ["doctor"]).exit_code == 1


def test_secrets_that_others_may_read(home):
    (home / "secrets.json").chmod(0o644)
    found = states()["home"]
    assert found.state is State.WRONG
    assert "secrets.json" in found.seen


def test_a_root_key_kept_elsewhere_and_an_address_of_its_own(home):
    (home / "root.key").rename(home.parent / "root.key")
    found = states(base_url="https://trace.example.gov.cn")
    assert (found["root key"].state, found["address"].state) == (State.OK, State.OK)
    (home / "root.pub").unlink()
    assert states()["root key"].state is State.WRONG


def test_nothing_there(tmp_path):
    found = states(home=tmp_path / "none", database_url=f"sqlite:///{tmp_path / 'none' / 'x.db'}")
    assert (found["home"].state, found["database"].state) == (State.WRONG, State.WRONG)
    assert not (tmp_path / "none").exists()


def test_no_second_root_is_ever_made(home):
    """A restored backup without root.pub must not end the trust of every device in silence."""
    pinned = (home / "root.pub").read_text()
    (home / "root.key").rename(home.parent / "safe.key")
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    assert not (home / "root.key").exists()  # it lies elsewhere
    (home / "keys").mkdir(mode=0o700, exist_ok=True)
    (home / "keys" / "0123456789abcdef.key").write_bytes((home.parent / "safe.key").read_bytes())
    (home / "root.pub").unlink()
    refused = CliRunner().invoke(cli, ["init"])
    assert refused.exit_code != 0
    assert "root.pub" in str(refused.exception)
    assert not (home / "root.key").exists()
    (home / "root.pub").write_text(pinned)
    FileSigner.new().write(home / "root.key")
    assert states()["root key"].state is State.WRONG
