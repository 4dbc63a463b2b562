"""Forms ask for what their kind needs, show what it comes to, and say at the field what stands against it."""

import re

import empty_city
import pytest
import sqlalchemy as sa
from api_kit import Door
from conftest import WORKED, load

from precursor.core import db, migrate, quantity
from precursor.core.members import schema_of
from precursor.desk import asking
from precursor.enterprises.models import Party, Site
from precursor.movements.models import Movement
from precursor.movements.schemas import InForm, OutForm
from precursor.movements.service import stands
from precursor.rules.law import law_for
from precursor.rules.matrix import rows_of
from precursor.rules.movements import TYPES, MovementType
from precursor.rules.permits import PURCHASE, TRADE, TRANSPORT
from precursor.rules.substances import class_of
from precursor.substances.models import Substance

FAMILIES = {"purchase-documents": PURCHASE, "transport-documents": TRANSPORT, "trade-licences": TRADE}


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    home = tmp_path_factory.mktemp("forms")
    url = f"sqlite:///{home / 'city.db'}"
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    made = Door(url, home)
    load(made.engine, WORKED)
    yield made
    made.close()


@pytest.fixture(scope="module")
def keeper(door):
    client = door.account("typist", "ent_keeper", enterprise="E06")
    client._begin()
    return client.browser


@pytest.fixture(scope="module")
def approver(door):
    client = door.account("weigher", "ps_approver", area="C0")
    client._begin()
    return client.browser


def fields_of(page):
    """Name: whether it is marked as optional."""
    form = re.search(r'<form class="card form desk".*?</form>', page, re.S)[0]
    found = {}
    for part in re.split(r'(?=<(?:div|fieldset) class="field)', form)[1:]:
        if name := re.search(r'name="([^"]+)"', part):
            found[name[1]] = "可不填" in part.partition("</label>")[0]
    return found


def send(browser, path, **typed):
    token = re.search(
        r'name="csrf_token" value="([^"]+)"', browser.get(f"{path}?type=use_out&kind=purchase_filing").text
    )
    return browser.post(path, data={"csrf_token": token[1], "_key": "k"} | typed)


def test_every_member_of_a_movement_is_borne_by_some_type():
    members = {*schema_of(InForm).fields, *schema_of(OutForm).fields}
    of_all = {"id", "date", "site", "substance", "quantity", "unit", "happened", "cosignature", "type"}
    assert members - of_all == asking._OF_TYPES
    assert set(asking._MOVEMENTS) == set(MovementType)


@pytest.mark.parametrize("kind", MovementType)
def test_a_movement_asks_for_what_its_type_bears(keeper, kind):
    page = keeper.get(f"/movements/{'in' if kind.is_in else 'out'}?type={kind}").text
    at_once, more = (set(part.split()) for part in asking._MOVEMENTS[kind])
    of_others = asking._OF_TYPES - at_once - more
    shown = fields_of(page)
    assert at_once <= shown.keys()
    assert not of_others & shown.keys()
    assert shown["quantity"] is False


def test_without_a_kind_one_is_chosen_first(keeper):
    page = keeper.get("/movements/out?site=S-E06").text
    ways = re.findall(r'href="\?([^"]+)"', page)
    assert {kind.value for kind in MovementType if not kind.is_in} == {
        re.search("type=([a-z_]+)", way)[1] for way in ways
    }
    assert all("site=S-E06" in way for way in ways)  # what the address says already is kept


def test_a_document_marks_what_the_matrix_wants_of_its_kind_and_class(door):
    approver = door.account("issuer", "ps_approver", area="C0")
    approver._begin()
    with db.reading(door.engine) as session:
        known = {
            s.outside_id: class_of(s.category, s.kind, s.schedule) for s in session.scalars(sa.select(Substance))
        }
    rows = list(rows_of(law_for(None, door.clock().date())))
    tried = 0
    for path, kinds in FAMILIES.items():
        for kind in kinds:
            for substance, cls in known.items():
                row = next((row for row in rows if row.kind is kind and cls in row.classes), None)
                answer = approver.browser.get(f"/{path}/new?kind={kind}&substance={substance}")
                if row is None or answer.status_code != 200:
                    continue
                shown = {name.rpartition(".")[2]: is_optional for name, is_optional in fields_of(answer.text).items()}
                assert {name for name in row.fields if shown[name] is not False} == set(), (kind, substance)
                tried += 1
    assert tried > 10


def test_what_is_typed_stays_in_sight_though_another_kind_bears_it(keeper):
    page = send(keeper, "/movements/out", type="use_out", payment="cash", usage_record="领料 7").text
    assert re.search(r'name="payment" value="cash"[^>]* checked', page)
    assert 'value="领料 7"' in page


def test_a_refused_form_is_read_in_the_other_language_as_it_was_filled_in(keeper):
    refused = send(keeper, "/movements/out", type="use_out", quantity="abc")
    assert refused.status_code == 422
    way = re.search(r'formaction="([^"]+)" name="_show"', refused.text)[1]
    token = re.search(r'name="csrf_token" value="([^"]+)"', refused.text)[1]
    typed = {"csrf_token": token, "_key": "k", "type": "use_out", "quantity": "abc", "_show": "1"}
    answer = keeper.post(way, data=typed)
    assert answer.status_code == 200
    assert '<html lang="en"' in answer.text
    assert 'value="abc"' in answer.text
    keeper.get("/?lang=zh")


@pytest.mark.parametrize(
    "quantity", ["9" * 4000, "1e400", "NaN", "-5", "٣", "0" * 2000 + "1", "1" + "0" * 300, "\x00"]
)
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30", "9" * 500])
def test_nothing_that_is_typed_breaks_what_is_weighed(approver, keeper, quantity, day):
    typed = {
        "site": "S-E06",
        "substance": "AC2O",
        "quantity": quantity,
        "unit": "kg",
        "_show": "1",
        "valid_from": day,
    }
    assert send(keeper, "/movements/out", type="use_out", **typed).status_code in (200, 400, 422)
    asked = {"kind": "purchase_filing", "holder": "E06", "substance": "AC2O", "quantity": quantity, "valid_from": day}
    assert approver.get("/purchase-documents/new", query_string=asked).status_code in (200, 400, 422)


def test_a_form_shown_anew_records_nothing(door, keeper):
    with db.reading(door.engine) as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(Movement))
    answer = send(
        keeper, "/movements/out", type="use_out", site="S-E06", substance="AC2O", quantity="999999", _show="1"
    )
    assert answer.status_code == 200
    assert "结存不足，至多" in answer.text
    assert re.search(r'<option value="kg" selected', answer.text)  # the unit that it is counted in
    assert "errsum" not in answer.text
    with db.reading(door.engine) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Movement)) == before


def test_more_than_there_is_is_refused_at_the_quantity_with_what_there_is(keeper):
    typed = {"type": "use_out", "site": "S-E06", "substance": "AC2O", "date": "2026-01-31", "unit": "kg"}
    answer = send(keeper, "/movements/out", **typed, quantity="999999", usage_record="领料 8")
    assert answer.status_code == 409
    most = re.search(r'href="#quantity">[^<]*至多 ([0-9.]+) kg', answer.text)[1]
    held = re.search(r"<dd>([0-9.,]+)</dd>", answer.text)[1].replace(",", "")
    assert float(most) <= float(held)
    assert 'aria-describedby="m-quantity"' in answer.text


def test_what_a_record_inside_lacks_leads_to_its_first_field(keeper):
    typed = {"type": "sale_out", "site": "S-E06", "substance": "AC2O", "date": "2026-01-30", "unit": "kg"}
    answer = send(keeper, "/movements/out", **typed, quantity="1", other_site="S-E01")
    assert re.search(r'href="#happened.reason">[^<]*请说明原因', answer.text)
    assert re.search(r"<details open><summary>事后补录", answer.text)


def test_a_broken_rule_leads_to_its_field(keeper):
    typed = {"type": "sale_out", "site": "S-E06", "substance": "AC2O", "date": "2026-01-31", "unit": "kg"}
    answer = send(keeper, "/movements/out", **typed, quantity="1", payment="cash", other_site="S-E01")
    assert answer.status_code == 409
    assert re.search(r'href="#payment">[^<]*现金', answer.text)
    assert re.search(r'href="#permit">没有证件', answer.text)


def test_a_receipt_that_is_not_what_was_sent_is_asked_about_once(door):
    with db.reading(door.engine) as session:
        sale, firm, site, substance = session.execute(
            sa.select(Movement, Party.outside_id, Site.outside_id, Substance)
            .join(Party, Party.id == Movement.other_enterprise_id)
            .join(Site, Site.enterprise_id == Party.id)
            .join(Substance, Substance.id == Movement.substance_id)
            .where(Movement.type == "sale_out", Party.is_external == sa.false(), stands(Movement))
            .order_by(Movement.id)
            .limit(1)
        ).first()
    client = door.account("receiver", "ent_keeper", enterprise=firm)
    client._begin()
    form = {
        "id": "RECEIPT-1",
        "date": str(sale.day),
        "site": site,
        "type": "purchase_in",
        "counterpart": sale.outside_id,
        "substance": substance.outside_id,
        "unit": substance.unit,
        "happened.reason": "补录",
    }
    less = quantity.show(sale.quantity - quantity.parse("1", substance.unit), substance.unit)
    asked = send(client.browser, "/movements/in", **form, quantity=less)
    assert (asked.status_code, "短少 1" in asked.text) == (409, True)
    (sure,) = re.findall(r'name="_sure" value="([^"]+)"', asked.text)
    other = send(client.browser, "/movements/in", **form, quantity="1", _sure=sure)
    assert (other.status_code, 'name="_sure"' in other.text) == (409, True)  # what was confirmed is not this
    saved = send(client.browser, "/movements/in", **form, quantity=less, _sure=sure)
    assert "请确认" not in saved.text  # it is not asked again, whatever else may be wrong with it
    same = send(
        client.browser, "/movements/in", **form, quantity=quantity.show(sale.quantity, substance.unit), _key="k2"
    )
    assert 'name="_sure"' not in same.text


def test_a_form_says_how_many_places_are_wrong(keeper):
    answer = send(keeper, "/movements/out", type="use_out", quantity="abc")
    summary = re.search(r'<div class="errsum".*?</div>', answer.text, re.DOTALL)[0]
    assert f"有 {summary.count('<li>')} 处请更正" in summary


def test_who_sells_is_offered_the_sites_of_the_buyer_and_of_nobody_else(tmp_path):
    with empty_city.opened(tmp_path) as (door, city):
        city.permit(outside_id="GB-1")  # E05 buys sulfuric acid from E01
        keepers = {}
        for firm in ("E01", "E05", "E04"):
            keepers[firm] = door.account(f"keeper.{firm}".lower(), "ent_keeper", enterprise=firm)
            keepers[firm]._begin()

        def offered(firm, kind, number="GB-1"):
            way = "in" if kind.endswith("_in") else "out"
            page = keepers[firm].browser.get(f"/movements/{way}?type={kind}&permit={number}").text
            found = re.search(r'<datalist id="of-there">(.*?)</datalist>', page, re.DOTALL)
            return set(re.findall(r'value="([^"]+)"', found[1])), page

        sites, page = offered("E01", "sale_out")
        assert sites == {"S-E05"}
        assert re.search(r'<option value="H2SO4" selected', page)
        assert re.search(r'name="other_site" value="S-E05"', page)
        assert offered("E01", "sale_out", "")[0] == {"S-E05"}
        assert all(site.startswith("S-E01") for site in offered("E05", "return_out")[0])
        assert offered("E05", "sale_out")[0] == offered("E04", "sale_out")[0] == set()
        emptied = {"type": "sale_out", "permit": "GB-1", "other_site": "", "_show": "1"}
        assert 'name="other_site" value=""' in send(keepers["E01"].browser, "/movements/out", **emptied).text
        approver = door.account("approver", "ps_approver", area="C0")
        approver.done("purchase-documents/GB-1/suspensions", {"state": "suspended", "reason": "核实用途"})
        assert offered("E01", "sale_out")[0] == set()


@pytest.mark.parametrize(
    ("kind", "member"), [(str(kind), rule.proof.member) for kind, rule in TYPES.items() if rule.proof.member]
)
def test_what_lacks_its_proof_is_pointed_out_before_it_is_saved(keeper, kind, member):
    way = "in" if kind.endswith("_in") else "out"
    typed = {"type": kind, "site": "S-E06", "substance": "AC2O", "quantity": "0.001", "unit": "kg", "_show": "1"}
    assert "不能核销，将列为缺口" in send(keeper, f"/movements/{way}", **typed).text
    assert "不能核销，将列为缺口" not in send(keeper, f"/movements/{way}", **typed, **{member: "X-1"}).text
