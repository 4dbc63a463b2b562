"""The national table of areas: levels, years, what lies in what; and areas on the register."""

import commands
import pytest
import sqlalchemy as sa
from conftest import ACTOR, NOW
from hypothesis import given
from hypothesis import strategies as st
from stdnum import numdb

from precursor.areas import codes, service
from precursor.areas.models import Area
from precursor.core import db
from precursor.core.errors import Faulty

#: Codes of the national table, living and retired.
KNOWN = ["330000", "330700", "330702", "330110", "110103", "110101", "500101", "371000", "371100", "640100"]


@pytest.mark.parametrize(
    ("code", "name", "level", "parent", "since", "until"),
    [
        ("330000", "浙江省", "province", None, None, None),
        ("330700", "金华市", "city", "330000", 1985, None),
        ("330702", "婺城区", "county", "330700", 1985, None),
        ("110103", "崇文区", "county", "110100", None, 2010),
        ("500101", "万州区", "county", "500100", 1998, None),
    ],
)
def test_what_a_code_is(code, name, level, parent, since, until):
    found = codes.find(code)
    assert (found.name, found.level, found.parent, found.since, found.until) == (name, level, parent, since, until)


def test_a_retired_code_was_good_in_its_time():
    gone = codes.find("110103")
    assert (gone.in_force(2010), gone.in_force(2011)) == (True, False)
    young = codes.find("500101")
    assert (young.in_force(1997), young.in_force(1998)) == (False, True)


@pytest.mark.parametrize("text", ["", "33070", "3307021", "033070", "33070２", "330702\n", "999999", "abcdef"])
def test_what_is_no_code(text):
    assert codes.find(text) is None


@pytest.mark.parametrize(
    ("outer", "inner", "holds"),
    [
        ("330000", "330702", True),
        ("330700", "330702", True),
        ("330702", "330702", True),
        ("330702", "330700", False),
        ("330100", "331000", False),  # as texts without their zeros one begins with the other
        ("371000", "371100", False),
        ("330702", "330702003", True),
        ("330702", "330702003001", True),
        ("330703", "330702003001", False),
        ("330702003", "330702", False),
    ],
)
def test_what_lies_in_what(outer, inner, holds):
    assert codes.contains(outer, inner) is holds


@given(st.sampled_from(KNOWN), st.sampled_from(KNOWN))
def test_containing_is_an_order(one, other):
    assert codes.contains(one, one)
    if codes.contains(one, other) and codes.contains(other, one):
        assert one == other
    above = codes.parent_of(one)
    while above:
        assert codes.contains(above, one)
        assert not codes.contains(one, above)
        above = codes.parent_of(above)


def test_the_table_of_the_library_is_the_whole_one():
    assert numdb.get("cn/loc").info("330702")[-1][1]["county"].endswith("婺城区")


def test_a_file_of_deeper_areas():
    text = "code,name,since,until\n330702003,某街道,1999,\n330702003001,某社区,,2015\n"
    street, community = codes.read_file(text)
    assert (street.level, street.parent, street.since) == ("township", "330702", 1999)
    assert (community.level, community.parent, community.until) == ("village", "330702003", 2015)
    with pytest.raises(Faulty) as caught:
        codes.read_file("code,name,since,until\n33070,甲,,\n330702003,,99,\n")
    assert [f.pointer for f in caught.value.faults] == ["/2/code", "/3/name", "/3/since"]
    with pytest.raises(Faulty):
        codes.read_file("code,name\n330702003,甲\n")


def test_areas_come_with_those_above_them_and_once(engine):
    with db.transaction(engine) as session:
        service.adopt(session, codes.chain("330702"), ACTOR, NOW)
        service.adopt(session, codes.chain("330703"), ACTOR, NOW)
        service.adopt(session, codes.read_file("code,name,since,until\n330702003,某街道,,\n"), ACTOR, NOW)
        found = dict(session.execute(sa.select(Area.code, Area.parent_id)).all())
        number = dict(session.execute(sa.select(Area.code, Area.id)).all())
    assert set(found) == {"330000", "330700", "330702", "330703", "330702003"}
    assert found["330702003"] == number["330702"]
    assert found["330702"] == found["330703"] == number["330700"]
    assert found["330000"] is None
    with db.reading(engine) as session:
        assert service.within(session, number["330700"]) == {number[c] for c in found if c != "330000"}
        town = session.get(Area, number["330702003"])
        assert service.prefecture(town) == service.prefecture(session.get(Area, number["330703"])) == "3307"


def test_the_chain_of_a_code():
    assert [entry.code for entry in codes.chain("110101")] == ["110000", "110100", "110101"]
    with pytest.raises(ValueError, match="no 999999"):
        codes.chain("999999")


def test_the_command_takes_a_code_or_a_file(tmp_path):
    file = tmp_path / "towns.csv"
    file.write_text("code,name,since,until\n330702003,某街道,,\n", "utf-8")

    def run(*args):
        return commands.run(*args, PRECURSOR_HOME=str(tmp_path / "home"))

    assert run("init")[0] == 0
    assert run("area", "add", "330702")[1].splitlines() == ["330000 浙江省", "330700 金华市", "330702 婺城区"]
    assert run("area", "add", str(file))[1] == "330702003 某街道\n"
    code, out, err = run("area", "add", "999999")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
