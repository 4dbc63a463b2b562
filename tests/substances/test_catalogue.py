"""The catalogues: how many, which class, what a CAS number or a name means, and what is not confirmed."""

from collections import Counter

import pytest
from conftest import ACTOR, NOW
from hypothesis import given
from hypothesis import strategies as st

from precursor.core import db
from precursor.core.errors import Faulty
from precursor.rules.substances import SubstanceClass as C
from precursor.rules.substances import class_of
from precursor.substances import service
from precursor.substances.catalogue import ENTRIES, Certainty, check_cas, match
from precursor.substances.models import Substance


def test_how_many_there_are():
    count = Counter(entry.cls for entry in ENTRIES.values())
    assert (count[C.NARCOTIC], count[C.PSYCHOTROPIC_1], count[C.PSYCHOTROPIC_2]) == (32, 18, 78)
    items = {entry.item[:4] for entry in ENTRIES.values() if entry.cls.category}
    assert Counter(item[0] for item in items) == {"1": 19, "2": 20, "3": 8}  # 47 legal items
    assert sum(entry.made_and_used for entry in ENTRIES.values() if not entry.cls.category) == 74


def test_salts_count_for_the_first_two_categories():
    for entry in ENTRIES.values():
        if entry.cls.category:
            assert entry.salts_controlled is (entry.cls.category < 3)


@pytest.mark.parametrize("item", list(ENTRIES))
def test_every_number_has_its_check_digit_and_means_its_entry(item):
    entry = ENTRIES[item]
    if entry.cas:
        assert check_cas(entry.cas) == entry.cas
        assert match(entry.cas, None).entries[0].cas == entry.cas
        assert match(entry.cas, entry.name_zh).certainty is Certainty.CAS


def test_by_number_first_then_by_exact_name_else_a_person():
    assert match("7664-93-9", "硫酸").entries[0].item == "3-05"
    assert match(None, "硫酸").certainty is Certainty.NAME
    assert match(None, " Sulfuric  ACID ").entries[0].item == "3-05"
    assert match(None, "浓硫酸").certainty is Certainty.PERSON
    assert match("64-17-5", None).certainty is Certainty.PERSON  # a good number that is on no list
    assert match("64-17-5", "硫酸").certainty is Certainty.PERSON
    assert match(None, None).certainty is Certainty.PERSON


def test_number_and_name_must_mean_the_same():
    with pytest.raises(Faulty) as caught:
        match("7664-93-9", "盐酸")
    assert caught.value.faults[0].pointer == "/name"


@pytest.mark.parametrize("text", ["7664-93-8", "7664-93-9\n", "7664939", "７664-93-9", "", "x"])
def test_what_is_no_number(text):
    with pytest.raises(Faulty):
        check_cas(text)


def test_the_name_trap():
    """The legal name of item 2-09 reads like acetoacetanilide, which is another substance: the number decides."""
    assert match("4433-77-6", None).entries[0].item == "2-09"
    assert match("102-01-2", None).certainty is Certainty.PERSON
    assert match("102-01-2", "α-乙酰乙酰苯胺").certainty is Certainty.PERSON
    assert "NAME TRAP" in ENTRIES["2-09"].doubt


def test_the_number_that_the_state_printed_wrongly_is_known():
    right, wrong = match("76-42-6", None), match("76-42-5", None)
    assert right.entries == wrong.entries
    assert right.entries[0].other_cas == ("76-42-5",)


def test_on_the_register_an_entry_keeps_its_doubt_and_its_class(engine):
    with db.transaction(engine) as session:
        commands = [
            service.from_catalogue(ENTRIES[item], outside_id=item, unit=unit, dosage_form=form)
            for item, unit, form in (("1-12a", "支", "注射液"), ("2-09", "kg", None), ("N-018", "支", "注射液"))
        ]
        numbers = service.add(session, commands, ACTOR, NOW)
        rows = [session.get(Substance, number) for number in numbers]
        classes = [class_of(r.category, r.kind, r.schedule) for r in rows]
    assert classes == [C.CAT1_DRUG, C.CAT2, C.NARCOTIC]
    assert [r.category for r in rows] == [1, 2, 0]
    assert "NAME TRAP" in rows[1].doubt
    assert rows[2].doubt == service.UNCONFIRMED
    assert rows[2].name_zh == "吗啡(注射液)"


@given(st.integers(1, 3), st.sampled_from(["drug", "non_drug"]))
def test_the_class_of_a_precursor(category, kind):
    found = class_of(category, kind, None)
    assert found.category == category
    assert found.is_drug is (category == 1 and kind == "drug")
