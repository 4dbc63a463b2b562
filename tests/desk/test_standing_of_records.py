"""What a page says first: whether a movement is written off, which visits are late, how long a report took."""

import re
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import empty_city
import pytest
import sqlalchemy as sa
from api_kit import Door
from conftest import WORKED, load, worked_bundle
from empty_city import ACTOR, DAY, KG, NOW
from python_calamine import load_workbook
from sqlalchemy.orm import aliased

from precursor import ledger
from precursor.core import db, migrate
from precursor.core.access import GRANTS, Action
from precursor.core.clock import Period
from precursor.enterprises.models import Party, Site
from precursor.movements import acts as movement_acts
from precursor.movements.intents import Enter
from precursor.movements.models import Movement
from precursor.reconciliation import service
from precursor.reconciliation.figures import BY_KEY
from precursor.reconciliation.records import ACTS
from precursor.rules.gaps import GAPS
from precursor.rules.movements import MovementType
from precursor.substances.models import Substance

YEAR, AS_OF = "2025", date(2026, 1, 31)


@contextmanager
def worked_city(home, bundle=WORKED):
    """The worked city behind a door of its own."""
    url = f"sqlite:///{home / 'city.db'}"
    owner = db.connect(url, owner=True)
    migrate.migrate(owner)
    owner.dispose()
    made = Door(url, home)
    load(made.engine, bundle)
    yield made
    made.close()


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    with worked_city(tmp_path_factory.mktemp("standing")) as made:
        yield made


def browser(door, name, role, **where):
    client = door.account(name, role, **where)
    client._begin()
    return client.browser


@pytest.fixture(scope="module")
def lead(door):
    return browser(door, "lead", "ps_lead", area="C0")


@pytest.fixture(scope="module")
def inspector(door):
    return browser(door, "walker", "ps_inspector", area="C0")


@pytest.fixture(scope="module")
def reader(door):
    """The same as a program."""
    return door.account("reader-4", "ps_lead", area="C0")


def test_a_movement_says_whether_it_is_written_off_as_the_figure_counts_it(door, lead):
    with db.reading(door.engine) as session:
        _, view = service.open_view(session, Period.parse(YEAR), AS_OF)
        units = dict(service.unit_ids(session, view, BY_KEY["K4"]))
        codes = {gap.subject: gap.code for gap in service.gaps_of(session, view, BY_KEY["K4"])}
        faults = service.faults_of(session, view, [*units, "NOBODY"])
    assert {unit: code is None for unit, code in faults.items()} == units
    assert {unit: code for unit, code in faults.items() if code} == codes
    assert codes
    for unit, is_done in units.items():
        page = lead.get(f"/movements/{unit}").text
        said = re.search(r'<p class="headline.*?</p>', page)[0]
        if is_done:
            assert "已核销" in said, unit
        else:
            assert GAPS[codes[unit]].title.zh in said, unit
            gap = re.search(r'href="(/gaps/[^"]+)"', said)[1].replace("&amp;", "&")
            assert lead.get(gap).status_code == 200


def test_who_may_not_list_gaps_is_not_told_how_a_movement_stands(door):
    keeper = door.account("keeper", "ent_keeper", enterprise="E06")
    keeper._begin()
    for movement in keeper.get("movements").json[:5]:
        page = keeper.browser.get(f"/movements/{movement['id']}").text
        assert movement["id"] in page
        assert "核销。" not in page
        assert "未核销" not in page


def test_a_ledger_adds_up_and_says_what_is_written_off(door, lead):
    sold = door.account("reader", "ps_lead", area="C0").get("movements/M12").json
    book = f"site={sold['site']}&substance={sold['substance']}&from=2025-01-01&to=2025-12-31"
    page = lead.get(f"/ledger?{book}").text
    assert "期初结存" in page
    sheet = load_workbook(BytesIO(lead.get(f"/ledger.xlsx?{book}").data)).get_sheet_by_index(0).to_python()
    head, *lines = sheet
    came, went, balance = (head.index(name) for name in ("入库 in", "出库 out", "结存 balance"))
    total = lines.pop()
    counted = [line for line in lines[1:] if line[balance] != ""]
    assert total[came] == pytest.approx(sum(line[came] or 0 for line in counted))
    assert total[went] == pytest.approx(sum(line[went] or 0 for line in counted))
    assert lines[0][balance] + total[came] - total[went] == pytest.approx(total[balance])
    written = {line[0]: line[-1] for line in lines[1:]}
    assert written["M12"] == "双方数量不符"


def test_the_plan_counts_what_its_list_has(lead):
    page = lead.get("/plan?period=2025&as_of=2026-01-31").text
    missed = int(re.search(r"<b>([0-9]+) 次检查逾期", page)[1])
    lines = load_workbook(
        BytesIO(lead.get("/plan.xlsx?period=2025&as_of=2026-01-31&state=all").data)
    ).get_sheet_by_index(0)
    states = [line[-2] for line in lines.to_python()[1:]]
    assert states.count("逾期未查") == missed > 0
    sums = re.findall(r'<span class="push muted">([0-9]+) / ([0-9]+)</span>', page)
    asked = [int(total) for _, total in sums][: len(set(re.findall(r"grade=([ABC])#list", page)))]
    assert sum(asked) == len(states)  # every slot stands under one grade


def test_a_plan_shows_what_is_not_done_unless_it_is_asked_for_more(lead):
    def states(more):
        lines = load_workbook(BytesIO(lead.get(f"/plan.xlsx?period=2025&as_of=2026-01-31{more}").data))
        return [line[-2] for line in lines.get_sheet_by_index(0).to_python()[1:]]

    every = states("&state=all")
    assert states("") == [state for state in every if state != "已检查"]
    assert states("&state=filled") == ["已检查"] * every.count("已检查") != []
    assert states("&state=") == every


def test_a_late_visit_can_be_made_up_from_the_plan(inspector):
    page = inspector.get("/plan?period=2025&as_of=2026-01-31&state=missed").text
    ways = re.findall(r'href="(/inspections/new\?enterprise=[^"]+)">(?:补查)', page)
    assert len(ways) > page.count("逾期未查</span></td>") > 0  # beside the month, and in the list
    assert all(inspector.get(way.replace("&amp;", "&")).status_code == 200 for way in set(ways))


def test_a_ledger_opens_on_what_moved_last(door):
    keeper = browser(door, "keeper-3", "ent_keeper", enterprise="E06")
    newest = re.search(r'href="/movements/([^"?/]+)"', keeper.get("/movements").text)[1]
    page = keeper.get("/ledger").text
    assert newest in page
    assert 'value="S-E06" selected' in page


def test_a_document_says_which_draws_are_not_written_off(reader, lead):
    found = 0
    for document in reader.get("purchase-documents?limit=200").json:
        page = lead.get(f"/purchase-documents/{document['id']}").text
        rows = re.search(r'aria-labelledby="left-h".*?</table>', page, re.S)
        wrong = re.findall(r'<a href="(/gaps/[^"]+)"><span class="tag bad"', rows[0]) if rows else []
        warned = re.findall(r'<p class="headline">.*?href="(/gaps/(?!PERMIT)[^"]+)"', page)
        assert warned == wrong[:2], document["id"]
        found += len(wrong)
    assert found


def test_a_shipment_says_which_leg_is_missing_as_the_figure_counts_it(door):
    commerce = browser(door, "trader", "commerce", area="C0")
    with db.reading(door.engine) as session:
        _, view = service.open_view(session, Period.parse(YEAR), AS_OF)
        gaps = {(gap.subject, gap.code) for gap in service.gaps_of(session, view, BY_KEY["K3"])}
        units = dict(service.unit_ids(session, view, BY_KEY["K3"]))
    assert set(units.values()) == {True, False}
    for number, is_done in units.items():
        said = re.search(r'<p class="headline.*?</p>', commerce.get(f"/shipments/{number}").text, re.S)[0]
        assert ("均已完成" in said) == is_done
        for code, words in (("IE_FOREIGN_LEG_MISSING", "境外核查"), ("IE_DOMESTIC_LEG_MISSING", "境内核查")):
            assert ((number, code) in gaps) == (not is_done and words in said)


def test_a_delegation_and_a_stocktake_say_where_they_stand(door, reader, lead):
    for each in reader.get("delegations?limit=200").json:
        answers = reader.get(f"delegations/{each['id']}").json["answers"]
        said = re.search(r'<p class="headline.*?</p>', lead.get(f"/delegations/{each['id']}").text, re.S)[0]
        if not answers:
            assert "尚未答复" in said
        elif max(answers, key=lambda answer: answer["on"])["answer"] == "revoked":
            assert "已撤销" in said
        else:
            assert ("起有效" in said) == (each["valid_to"] >= str(AS_OF))
    counts = door.account("counts", "ent_admin", enterprise="E06").get("stocktakes?limit=200").json
    boss = browser(door, "boss", "ent_admin", enterprise="E06")
    assert counts
    for each in counts:
        page = boss.get(f"/stocktakes/{each['id']}").text
        assert ("账实相符" in page) == (re.search(r"差额.*?<dd>([^<]+)", page, re.S)[1].split()[0] == "0")


def test_a_month_of_the_plan_leads_to_its_visits_and_to_what_falls_due(lead):
    page = lead.get("/plan?period=2025&as_of=2026-01-31&month=2025-12").text
    due = re.search(r'class="missed" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert "due=2025-12-31" in due
    assert "逾期未查" in lead.get(due).text
    days = []
    for month in range(1, 13):
        shown = lead.get(f"/plan?period=2025&as_of=2026-01-31&month=2025-{month:02d}").text
        days += re.findall(r'class="done" href="/inspections\?date=([0-9-]+)"', shown)
    assert days
    for day in set(days):
        assert day in lead.get(f"/inspections?date={day}").text


@pytest.mark.parametrize("month", ["2025-13", "x", "0001-01", "9999-12", "1900-01", "9900-12"])
def test_any_month_is_answered(lead, month):
    answer = lead.get(f"/plan?month={month}")
    assert answer.status_code in (200, 422)
    assert answer.status_code == 422 or month in ("1900-01", "9900-12")


def test_a_list_is_narrowed_by_a_day_and_by_nothing_that_is_none(lead):
    first = re.search(r"([0-9]{4}-[0-9]{2}-[0-9]{2})", lead.get("/inspections").text)[1]
    assert first in lead.get(f"/inspections?date={first}").text
    wrong = lead.get("/inspections?date=yesterday")
    assert wrong.status_code == 422
    assert "2026-03-01" in wrong.text or "YYYY-MM-DD" in wrong.text or "日期" in wrong.text


def test_a_loss_says_how_long_its_report_took(door):
    keeper = door.account("loser", "ent_officer", enterprise="E06")
    told = {
        "site": "S-E06",
        "substance": "AC2O",
        "quantity": "1",
        "unit": "kg",
        "kind": "theft",
        "discovered_at": "2026-01-29T08:00:00+08:00",
        "reported_at": "2026-01-30T09:30:00+08:00",
    }
    id_ = keeper.done("incidents", told)["id"]
    page = keeper.browser.get(f"/incidents/{id_}").text
    assert "发现后 25 小时 30 分报告，逾时限" in page


def test_the_figures_can_be_kept_as_a_workbook(lead):
    answer = lead.get("/targets.xlsx?period=2025&as_of=2026-01-31")
    head, *lines = load_workbook(BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert head[0].startswith("指标")
    k1 = [line for line in lines if line[0] == "K1"]
    assert k1[0][3] == sum(line[3] for line in k1[1:])


def test_a_form_offers_the_kinds_of_its_family_and_few_words_side_by_side(door):
    approver = browser(door, "issuer", "ps_approver", area="C0")
    page = approver.get("/purchase-documents/new?kind=purchase_permit").text
    kinds = re.search(r'<select[^>]*name="kind".*?</select>', page)[0]
    assert 'value="purchase_permit"' in kinds
    assert "transport" not in kinds
    assert "particulars.hs_code" not in page
    assert page.count('type="radio" name="uses"') == 2
    wrong = door.account("issuer-2", "ps_approver", area="C0").post("purchase-documents", {"kind": "seal_card"})
    assert wrong.status_code == 422
    assert any(fault["pointer"] == "/kind" for fault in wrong.json["errors"])


def test_officers_are_ticked_or_typed_and_nothing_is_lost(tmp_path):
    # A city of its own: where a county has many officers their codes are typed, not ticked.
    with empty_city.opened(tmp_path) as (door, _city):
        inspector = browser(door, "walker", "ps_inspector", area="C0")
        door.account("walker-2", "ps_inspector", area="C0")
        page = inspector.get("/inspections/new").text
        assert page.count('type="checkbox" name="officers"') >= 2
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        typed = {"csrf_token": token, "_key": "k1", "enterprise": "", "officers": ["A-1", "B-2", "C-3"]}
        again = inspector.post("/inspections/new", data=typed)
        assert again.status_code == 422
        for code in typed["officers"]:
            assert code in again.text


def test_a_visit_by_one_officer_does_not_count_and_unknown_officers_are_pointed_out(door):
    alone = door.account("alone", "ps_inspector", area="C0")
    visit = {"enterprise": "E01", "date": "2026-01-30", "mode": "onsite", "result": "nothing_found"}
    named = alone.done("inspections", visit | {"officers": ["P-alone", "ZZ-99"]})
    page = alone.browser.get(f"/inspections/{named['id']}").text
    assert "计入应检" in page
    assert "ZZ-99，请核实" in page
    made = alone.done("inspections", visit | {"officers": ["P-alone"]})
    page = alone.browser.get(f"/inspections/{made['id']}").text
    assert "不计入应检：检查人员少于 2 名" in page
    assert made["id"] not in re.search(r'<p class="headline.*?</p>', alone.browser.get("/enterprises/E01").text)[0]


def test_a_visit_by_one_officer_is_asked_about_once(tmp_path):
    with empty_city.opened(tmp_path) as (door, _city):
        alone = browser(door, "walker", "ps_inspector", area="C0")

        def sent(page, **answers):
            hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
            return alone.post("/inspections/new", data=hidden | visit | answers)

        visit = {"enterprise": "E01", "date": str(DAY), "mode": "onsite", "officers": ["A-1"]}
        first = sent(alone.get("/inspections/new").text)
        assert first.status_code == 409
        assert "少于 2 名，这次检查不计入应检" in first.text
        assert 'href="#officers"' in first.text
        wrong = sent(first.text, enterprise="NOBODY")  # it stays confirmed while something else is corrected
        assert wrong.status_code == 422
        other = sent(wrong.text, officers=["P-walker", "p-WALKER"])  # and is asked anew about somebody else
        assert other.status_code == 409
        assert sent(other.text, officers=["P-walker", "p-WALKER"]).status_code == 303
        assert sent(alone.get("/inspections/new").text, officers=["P-walker", "B-2"]).status_code == 303
        assert sent(alone.get("/inspections/new").text, mode="remote", officers=["P-walker"]).status_code == 303
        kept = door.account("counts-visits", "ps_lead", area="C0").get(f"inspections?date={DAY}").json
        assert [each["inspectors"] for each in kept] == [1, 2, 1]


def test_a_ledger_of_a_store_that_is_not_ones_own_is_none(door):
    keeper = browser(door, "keeper-2", "ent_keeper", enterprise="E06")
    assert keeper.get("/ledger?site=S-E06&substance=AC2O").status_code == 200
    for site in ("S-E01", "NOPE"):
        assert keeper.get(f"/ledger?site={site}&substance=AC2O").status_code == 404


def test_a_trace_upstream_misses_what_was_sent_and_never_came_and_what_came_in_excess(tmp_path):
    with empty_city.opened(tmp_path) as (door, city):
        permit = city.permit(outside_id="GB-1")
        sale, _ = city.sell(permit, quantity=10 * KG)
        reader = browser(door, "tracer", "ps_lead", area="C0")
        page = reader.get("/trace?of=S-E05/H2SO4&direction=up").text
        assert "没有去向" in page
        assert "收发都对得上" not in page
        with db.transaction(door.engine) as session:
            city.receive(session, sale, 25 * KG)
        page = reader.get("/trace?of=S-E05/H2SO4&direction=up").text
        assert "15 kg 多收" in page
        assert "期初库存" in page  # where what the seller had came from
        begin = reader.get("/trace").text
        ways = re.findall(r'href="(/trace\?of=[^"]+)"', begin)
        assert any("S-E05%2FH2SO4" in way for way in ways)
        assert all(reader.get(way.replace("&amp;", "&")).status_code == 200 for way in ways)
        made = Enter(
            site=city.site["S-E01"],
            type=MovementType.PRODUCTION_IN,
            substance=city.substance["H2SO4"],
            quantity=100 * KG,
            day=DAY,
            batch="B-1",
        )
        with db.transaction(door.engine) as session:
            movement_acts.enter(session, made, None, ACTOR, NOW)
        page = reader.get("/trace?of=S-E05/H2SO4&direction=up").text
        assert "生产入库 100 kg" in page
        assert "收发都对得上" not in page


def test_each_draw_of_a_document_leads_to_its_movement_and_says_whether_it_is_written_off(reader, lead):
    shown = [p["id"] for p in reader.get("purchase-documents?limit=200").json if p["drawn"] not in (None, "0")]
    assert shown
    for id_ in shown:
        draws = reader.get(f"purchase-documents/{id_}").json["draws"]
        page = lead.get(f"/purchase-documents/{id_}").text
        rows = re.search(r'aria-labelledby="left-h".*?</table>', page, re.S)[0]
        links = re.findall(r'href="(/movements/[^"]+)"', rows)
        assert len(links) == len(draws), id_
        assert rows.count('class="tag ') == len(draws)
        assert all(lead.get(link).status_code == 200 for link in links)


def test_a_ledger_that_begins_on_the_day_of_the_opening_has_it(door, lead):
    with db.reading(door.engine) as session:
        opened = ledger.openings().order_by(None).subquery()
        rows = session.execute(
            sa.select(Site.outside_id, Substance.outside_id, opened.c.day)
            .join(opened, opened.c.site_id == Site.id)
            .join(Substance, Substance.id == opened.c.substance_id)
            .where(opened.c.amount > 0)
        ).all()

    def book(site, substance, start):
        page = lead.get(f"/ledger?site={site}&substance={substance}&from={start}&to=2026-01-31").text
        return re.findall(r"<b>([−0-9.,]+)</b></div>", page)

    assert rows
    for site, substance, day in rows:
        on_it, after = book(site, substance, day), book(site, substance, day + timedelta(1))
        assert on_it[-1] == after[-1], (site, substance)  # the balance, wherever one begins
        assert not any(number.startswith("−") for number in on_it)


def test_no_store_that_held_something_at_the_opening_is_said_to_have_no_origin(door, lead):
    with db.reading(door.engine) as session:
        opened = ledger.openings().order_by(None).subquery()
        held = session.execute(
            sa.select(Site.outside_id, Substance.outside_id)
            .join(opened, opened.c.site_id == Site.id)
            .join(Substance, Substance.id == opened.c.substance_id)
            .where(opened.c.amount > 0)
        ).all()
    assert held
    for site, substance in held:
        page = lead.get(f"/trace?of={site}/{substance}&direction=up").text
        assert "期初库存" in page, (site, substance)
        assert "没有查到源头" not in page


def test_the_plan_counts_the_gaps_of_the_time_that_it_shows(lead):
    when = "period=2025&as_of=2026-01-31"
    assert lead.get(f"/targets?{when}").status_code == 200  # somebody has had them counted
    page = lead.get(f"/plan?{when}").text
    shown = re.findall(r'href="(/gaps\?enterprise=[^"]+)">(\d+)<', page)
    assert shown
    for way, many in set(shown):
        listed = lead.get(way.replace("&amp;", "&")).text
        assert int(re.search(r"共 (\d+) 条缺口", listed)[1]) == int(many), way


def test_a_document_tells_what_happened_to_it_and_first_of_all_what_it_waits_for(door):
    approver, clerk = (door.account(f"steps-{role}", role, area="C0") for role in ("ps_approver", "ps_clerk"))
    clerk._begin()
    shown = approver.get("purchase-documents?limit=200").json
    waits = {p["id"]: "未核查" in clerk.browser.get(f"/purchase-documents/{p['id']}").text for p in shown}
    good = next(p["id"] for p in shown if not p["revoked_on"] and not waits[p["id"]])
    for state in ("suspended", "reinstated"):
        approver.done(f"purchase-documents/{good}/suspensions", {"state": state, "reason": f"核实用途 {state}"})
    page = clerk.browser.get(f"/purchase-documents/{good}").text
    steps = re.search(r'<ol class="steps">.*?</ol>', page, re.S)[0]
    assert "核实用途 suspended" in steps
    holder = approver.get(f"purchase-documents/{good}").json["holder"]
    owner = door.account("steps-owner", "ent_officer", enterprise=holder)
    owner._begin()
    told = owner.browser.get(f"/purchase-documents/{good}").text
    assert "暂停使用" in told  # that it happened, and not what the office wrote of it
    assert "核实用途" not in told
    assert steps.index("恢复使用") < steps.index("暂停使用") < steps.index("登记在案")  # the newest first
    assert f'class="btn primary" href="/purchase-documents/{good}/certificate.pdf' in page
    due = next(id_ for id_, waited in waits.items() if waited)
    page = clerk.browser.get(f"/purchase-documents/{due}").text
    assert page.count("btn primary") == 1
    assert f'class="btn primary" href="/purchase-documents/{due}/verifications"' in page
    clerk.done(f"purchase-documents/{due}/verifications", {"result": "mismatch"})
    page = clerk.browser.get(f"/purchase-documents/{due}").text
    assert re.search(r'<li class="bad">.*?核查', re.search(r'<ol class="steps">.*?</ol>', page, re.S)[0], re.S)


def acts(browser):
    """Of every gap that a reader may list, the act that is offered: code and address."""
    found, address = [], "/gaps?period=2025&as_of=2026-01-31"
    for number in range(1, 9):
        page = browser.get(f"{address}&page={number}").text
        for link in re.findall(r'<td class="ttl"><a href="([^"]+)"', page):
            shown = browser.get(link.replace("&amp;", "&")).text
            code = link.split("/")[2]
            found += [(code, way.replace("&amp;", "&")) for way in re.findall(r'btn primary" href="([^"]+)"', shown)]
    return sorted(set(found))


@pytest.mark.parametrize(
    ("role", "where", "codes"),
    [
        ("ps_clerk", {"area": "C0"}, {"PERMIT_UNVERIFIED"}),
        ("ps_inspector", {"area": "C0"}, {"INSPECTION_MISSED", "ROAD_CHECK_MISSED"}),
        ("em_auditor", {"area": "C0"}, set()),
        ("ent_officer", {"enterprise": "E01"}, set()),
    ],
)
def test_a_gap_offers_its_act_to_whoever_may_do_it_and_the_form_opens(door, role, where, codes):
    reader = browser(door, f"actor-{role}", role, **where)
    offered = acts(reader)
    assert codes <= {code for code, _ in offered}
    for code, way in offered:
        answer = reader.get(way, follow_redirects=True)
        assert answer.status_code == 200, (code, way)
        assert '<form class="card form desk"' in answer.text, (code, way)


def test_every_act_of_a_gap_can_be_done_by_somebody_who_reads_gaps():
    readers = GRANTS[Action.ALERT_READ]
    assert all(set(readers) & set(GRANTS[action]) for action, *_ in ACTS.values())


def test_who_has_not_recorded_is_told_so_and_not_that_the_other_has_no_record(tmp_path):
    with empty_city.opened(tmp_path) as (door, city):
        city.sell(city.permit(outside_id="GB-1"), quantity=10 * KG)
        heads = {}
        for firm in ("E01", "E05"):
            officer = browser(door, f"officer-{firm}".lower(), "ent_officer", enterprise=firm)
            address = re.search(r'href="(/gaps/WRITEOFF_NO_COUNTERPART/[^"]+)"', officer.get("/gaps").text)[1]
            page = officer.get(address.replace("&amp;", "&")).text
            heads[firm] = re.search(r"<h1>(.*?)</h1>", page, re.S)[1]
        assert "硫酸 10 kg 对方没有记录" in heads["E01"]
        assert "本单位没有登记" in heads["E05"]
        assert "对方没有记录" not in heads["E05"]


def test_the_file_of_an_enterprise_lists_its_gaps(tmp_path):
    with empty_city.opened(tmp_path) as (door, city):
        city.sell(city.permit(outside_id="GB-1"), quantity=10 * KG)
        watcher = browser(door, "watcher", "ps_lead", area="C0")
        assert 'id="gaps-h"' not in watcher.get("/enterprises/E05").text  # nobody has had them counted
        assert watcher.get("/targets").status_code == 200
        concerned = re.findall(r'href="(/gaps/[^"]+)"', watcher.get("/gaps?enterprise=E05").text)
        assert any("WRITEOFF_NO_COUNTERPART" in way for way in concerned)
        page = watcher.get("/enterprises/E05").text
        shown = re.findall(r'href="(/gaps/[^"]+)"', re.search(r'id="gaps-h".*?</section>', page, re.S)[0])
        assert set(shown) == set(concerned)
        assert all(watcher.get(way.replace("&amp;", "&")).status_code == 200 for way in shown)
        boss = browser(door, "boss-5", "ent_officer", enterprise="E05")
        assert 'id="gaps-h"' not in boss.get("/enterprises/E05").text


def test_a_missed_visit_says_within_which_days_it_was_asked_for(door):
    watcher = browser(door, "watcher-2", "em_auditor", area="C0")
    listed = watcher.get("/gaps?code=INSPECTION_MISSED&period=2025&lines=500").text
    ways = re.findall(r'href="(/gaps/INSPECTION_MISSED/[^"]+)"', listed)
    assert ways
    for way in ways:
        page = watcher.get(way.replace("&amp;", "&")).text
        assert re.search(r"应检期</dt><dd>20\d\d-\d\d-\d\d ～ 20\d\d-\d\d-\d\d", page)
        assert "地方方案" in page


def test_a_ledger_shows_a_reversal_in_red_after_what_it_reverses_and_the_balance_of_each_line(tmp_path):
    with empty_city.opened(tmp_path) as (door, _):
        made = {"site": "S-E01", "type": "production_in", "substance": "H2SO4", "unit": "kg", "date": str(DAY)}
        made["happened"] = {"reason": "补录"}
        keeper = door.account("keeper.e01", "ent_keeper", enterprise="E01")
        boss = door.account("boss.e01", "ent_admin", enterprise="E01")
        keeper.done("movements/in", made | {"id": "IN1", "quantity": "40", "batch": "B1"})
        keeper.done("movements/in", made | {"id": "IN2", "quantity": "7", "batch": "B2"})
        keeper.done("movements/IN2/reversal-requests", {"reason": "批号写错"})
        reader = browser(door, "book", "ps_lead", area="C0")
        address = f"/ledger?site=S-E01&substance=H2SO4&from={DAY}&to={DAY}"

        def rows(page):
            body = re.search(r"<tbody>(.*?)</tbody>", page, re.S)[1]
            return [re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", row)) for row in re.findall("<tr.*?</tr>", body, re.S)]

        _, first, second = rows(reader.get(address).text)
        assert "B1" in first
        assert "冲销待批" in second
        boss.done("reversals/IN2/approval", {})
        page = reader.get(address).text
        assert page.count('class="red"') == page.count('class="void"') == 1
        balances = [Decimal(found.replace(",", "")) for found in re.findall(r'data-l="结存"><b>([0-9,.]+)', page)]
        start = balances[0]
        assert balances == [start, start + 40, start + 47, start + 40]
        *_, reversed_, red = rows(page)
        assert "已冲销" in reversed_
        assert "红字冲销" in red
        assert "批号写错" in red
        assert "−7" in red
        narrowed = reader.get(f"{address}&type=production_in").text
        assert len(rows(narrowed)) == 4
        assert reader.get("/ledger?site=金澜&substance=H2SO4").status_code == 200  # its name will do
        lost = reader.get("/ledger?site=哪里也没有&substance=H2SO4")
        assert lost.status_code == 404
        assert "没有场所 哪里也没有" in lost.text
        assert reader.get("/ledger.xlsx?site=哪里也没有&substance=H2SO4").status_code == 404


def test_the_holder_of_a_document_sees_his_own_receipts_beside_its_draws(tmp_path):
    with empty_city.opened(tmp_path) as (door, city):
        sale, _ = city.sell(city.permit(outside_id="GB-1"), quantity=10 * KG)
        holder = browser(door, "holder", "ent_officer", enterprise="E05")

        def draws():
            page = holder.get("/purchase-documents/GB-1").text
            row = re.search(r'aria-labelledby="left-h".*?<tbody>(.*?)</tbody>', page, re.S)[1]
            return page, row, re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", row))

        page, row, said = draws()
        assert 'href="/movements/' not in row  # the sale is its seller's to open
        with db.transaction(door.engine) as session:
            city.receive(session, sale, 7 * KG)
        page, row, said = draws()
        assert holder.get(re.search(r'href="(/movements/[^"]+)"', row)[1]).status_code == 200
        assert " 7 " in said
        assert "−3" in said
        assert "双方数量不符" in said
        assert "未核销：双方数量不符" in page
        stranger = browser(door, "stranger", "ent_officer", enterprise="E04")
        assert stranger.get("/purchase-documents/GB-1").status_code == 404


@pytest.mark.parametrize(("came", "said"), [(7, "少收"), (12, "多收"), (None, "少收")])
def test_a_gap_compares_both_sides_and_tells_what_happened(tmp_path, came, said):
    with empty_city.opened(tmp_path) as (door, city):
        sale, _ = city.sell(city.permit(outside_id="GB-1"), quantity=10 * KG)
        if came:
            with db.transaction(door.engine) as session:
                city.receive(session, sale, came * KG)
        reader = browser(door, "reader-9", "ps_lead", area="C0")
        way = re.search(r'href="(/gaps/WRITEOFF_[^"]+)"', reader.get("/gaps").text)[1].replace("&amp;", "&")
        page = reader.get(way).text
        compared = re.search(r'class="card-b eq">(.*?)</section>', page, re.S)[1]
        numbers = [Decimal(number) for number in re.findall(r"<b>([0-9.]+)</b>", compared)]
        assert numbers == [max(10, came or 0), min(10, came or 0), abs(10 - (came or 0))]
        assert said in compared
        story = re.search(r'aria-labelledby="story-h".*?</section>', page, re.S)[0]
        assert story.count("<li") == (5 if came else 3)  # each side happened, and was recorded later
        assert 'class="bad"' in story
        assert reader.get(re.search(r'href="(/trace\?[^"]+)"', page)[1].replace("&amp;", "&")).status_code == 200


def test_a_partner_outside_who_is_called_like_an_enterprise_is_no_party_to_a_gap(tmp_path):
    with empty_city.opened(tmp_path) as (door, _):
        keeper = door.account("keeper.e01", "ent_keeper", enterprise="E01")
        keeper.done("partners", {"id": "X-5", "name": "同号单位"})
        sale = {"id": "OUT1", "date": str(DAY), "type": "sale_out", "site": "S-E01", "substance": "H2SO4"}
        sale |= {"quantity": "5", "unit": "kg", "external": "X-5", "happened": {"reason": "事实"}}
        keeper.done("movements/out", sale)
        with db.transaction(door.engine) as session:  # as a register that came as a bundle may have it
            session.execute(sa.update(Party).where(Party.outside_id == "X-5").values(outside_id="E05"))
        assert "OUT1" in browser(door, "own", "ent_officer", enterprise="E01").get("/gaps").text
        other = browser(door, "other", "ent_officer", enterprise="E05")
        assert "OUT1" not in other.get("/gaps").text
        assert "OUT1" not in other.get("/").text


def test_a_document_whose_verification_is_over_time_says_so_first(reader, lead):
    listed = lead.get("/gaps?code=PERMIT_UNVERIFIED&period=2025&lines=500").text
    overdue = set(re.findall(r'href="/gaps/PERMIT_UNVERIFIED/([^"?]+)', listed))
    assert overdue
    for number in overdue:
        answer = lead.get(f"/permits/{number}", follow_redirects=True)
        said = re.search(
            r'<p class="headline">.*?未核查，期限 (\d{4}-\d\d-\d\d)，已逾期 \d+ 日.*?href="([^"]+)"',
            answer.text,
            re.S,
        )
        assert said, number
        assert lead.get(said[2].replace("&amp;", "&")).status_code == 200
    for row in reader.get("purchase-documents?limit=200").json:
        if reader.get(f"purchase-documents/{row['id']}").json["verified_on"]:
            assert "未核查，期限" not in lead.get(f"/purchase-documents/{row['id']}").text


def test_a_ledger_of_another_kind_of_substance_is_none(door):
    auditor = browser(door, "kinds", "em_auditor", area="C0")
    regulator = browser(door, "kinds-2", "drug_reg", area="C0")
    for path in ("/ledger", "/ledger.xlsx"):
        of_drug = f"{path}?site=S-E08&substance=EPHINJ&from=2024-01-01&to=2026-01-31"
        assert auditor.get(of_drug).status_code == 404
        assert regulator.get(of_drug).status_code == 200


def test_a_trace_alarms_nobody_about_origins_that_lie_outside_his_area(tmp_path):
    with empty_city.opened(tmp_path) as (door, city):
        permit = city.permit(outside_id="GB-1", holder=city.party["E12"], area=city.area["N"])
        sale, _ = city.sell(permit, quantity=20 * KG, other_site=city.site["S-E12"])
        with db.transaction(door.engine) as session:
            city.receive(session, sale, 20 * KG, site="S-E12")
        whole = browser(door, "whole", "ps_lead", area="C0").get("/trace?of=S-E12/H2SO4").text
        assert "期初库存" in whole
        part = browser(door, "part", "ps_inspector", area="N").get("/trace?of=S-E12/H2SO4").text
        assert "没有查到源头" not in part
        assert "源头不在本辖区" in part
        assert "50,000" not in part


def test_gaps_in_a_file_that_are_no_longer_counted_say_since_when(tmp_path):
    with empty_city.opened(tmp_path) as (door, city):
        sale, _ = city.sell(city.permit(outside_id="GB-1"), quantity=10 * KG)
        watcher = browser(door, "watcher", "ps_lead", area="C0")
        watcher.get("/targets")
        assert "统计于" not in watcher.get("/enterprises/E05").text
        with db.transaction(door.engine) as session:
            city.receive(session, sale, 10 * KG)
        part = re.search(r'id="gaps-h".*?</section>', watcher.get("/enterprises/E05").text, re.S)
        assert "统计于" in part[0]


def test_who_may_not_read_gaps_is_told_what_a_movement_lacks_and_that_a_reversal_waits(tmp_path):
    with empty_city.opened(tmp_path) as (door, _):
        entry = {"site": "S-E01", "substance": "H2SO4", "unit": "kg", "quantity": "5", "date": str(DAY)}
        entry["happened"] = {"reason": "补录"}
        keeper = door.account("keeper.e01", "ent_keeper", enterprise="E01")
        keeper.done("movements/out", entry | {"id": "U1", "type": "use_out"})
        keeper.done("movements/out", entry | {"id": "U2", "type": "use_out", "usage_record": "LL-1"})
        own = browser(door, "keeper.two", "ent_keeper", enterprise="E01")
        page = own.get("/movements/U1").text
        assert "没有填使用记录，缺凭据" in page
        assert "缺凭据" not in own.get("/movements/U2").text
        assert "/movements/U1/reversal-requests" in page
        keeper.done("movements/U1/reversal-requests", {"reason": "补记录"})
        page = own.get("/movements/U1").text
        assert "待另一人批准" in page
        assert "/movements/U1/reversal-requests" not in page


def test_lists_say_what_waits_or_went_wrong(door):
    lead = door.account("lists", "ps_lead", area="C0")
    lead._begin()

    def one(path, record):
        return lead.get(f"{path}/{record['id']}").json

    def is_closed(leg):
        return (leg["state"] == "verified" and leg["on"]) or (leg["state"] == "not_required" and leg["reason"])

    def hours(loss):
        found, told = (datetime.fromisoformat(loss[name]) for name in ("discovered_at", "reported_at"))
        return (told - found) / timedelta(hours=1)

    wrong = {
        "delegations": ("未答复", lambda each: not one("delegations", each)["answers"]),
        "shipments": ("缺", lambda each: len({g["leg"] for g in one("shipments", each)["legs"] if is_closed(g)}) < 2),
        "incidents": ("迟报", lambda each: hours(each) > 24),
    }
    for path, (said, is_wrong) in wrong.items():
        records = lead.get(f"{path}?limit=200").json
        body = re.search(r"<tbody>(.*?)</tbody>", lead.browser.get(f"/{path}?lines=500").text, re.S)[1]
        bad = [tag for tag in re.findall(r'<span class="tag bad">.*?</span>', body, re.S) if said in tag]
        assert len(bad) == len([each for each in records if is_wrong(each)]), path
        assert lead.browser.get(f"/{path}.xlsx").status_code == 200
    assert any(is_wrong(each) for path, (_, is_wrong) in wrong.items() for each in lead.get(f"{path}?limit=200").json)


def test_the_stock_page_says_of_each_store_how_its_last_count_agreed(door, lead):
    """As the API says of the store's last stocktake, and no other stores fit the filter."""
    reader = door.account("counter-of-stores", "ps_lead", area="C0")
    last = {}
    for each in reader.get("stocktakes?limit=200").json:
        last[each["site"], each["substance"]] = max(
            last.get((each["site"], each["substance"]), each), each, key=lambda one: (one["date"], one["id"])
        )
    wanted = {key: reader.get(f"stocktakes/{one['id']}").json["difference"] for key, one in last.items()}
    differing = {key for key, difference in wanted.items() if Decimal(difference)}
    assert differing
    assert len(differing) < len(wanted)

    def stores(asked):
        rows = load_workbook(BytesIO(lead.get(f"/stock.xlsx?{asked}").data)).get_sheet_by_index(0).to_python()
        assert rows[0][-2:] == ["上次盘点 Last counted", "盘点减账面 Counted less book"]
        return {(row[0], row[1]): row for row in rows[1:]}

    every = stores("")
    for key, row in every.items():
        assert (row[4] == "") == (key not in wanted), key
        if key in wanted:
            assert (row[4], row[5]) == (last[key]["date"], float(wanted[key])), key
    assert stores("count=differs").keys() == differing & every.keys()
    assert stores("count=agrees").keys() == (wanted.keys() - differing) & every.keys()
    assert stores("count=never").keys() == {key for key, row in every.items() if key not in wanted and row[2]}
    page = lead.get("/stock").text
    assert f"上次盘点与账面不符 {len(differing & every.keys())} 处" in page
    site, substance = sorted(differing & every.keys())[0]
    narrowed = lead.get(f"/stock?substance={substance}&count=differs&q={site}").text
    assert f"/ledger?site={site}&amp;substance={substance}" in narrowed
    assert wanted[site, substance].lstrip("-") in narrowed
    assert "没有符合条件的场所" in lead.get("/stock?q=NOWHERE").text


def test_the_stock_page_adds_up_each_substance_and_narrows_to_a_county(door, lead):
    reader = door.account("adder-of-stores", "ps_lead", area="C0")
    stock = reader.get("stock?on=2026-01-31").json
    of = sorted({place.partition("/")[2] for place in stock})
    page = lead.get("/stock").text
    for substance in of:
        amounts = [Decimal(one["quantity"]) for place, one in stock.items() if place.endswith(f"/{substance}")]
        shown = re.search(rf'substance={substance}">[^<]+</a><b class="num">([\d,.]+) ', page)
        assert (Decimal(shown[1].replace(",", "")) if shown else 0) == sum(amounts), substance
    lies = {one["id"]: one["county"] for one in reader.get("sites?limit=200").json}
    holding = {place.partition("/")[0] for place in stock}
    assert len({lies[site] for site in holding}) > 1
    for county in {lies[site] for site in holding}:
        listed = set(re.findall(r'href="/sites/([^"]+)"', lead.get(f"/stock?county={county}").text))
        assert listed == {site for site in holding if lies[site] == county}


def test_a_reversal_says_of_what_it_is_with_whom_and_whether_it_is_done(tmp_path):
    with empty_city.opened(tmp_path) as (door, city):
        permit = city.permit(outside_id="GB-1")
        sale, _ = city.sell(permit, quantity=10 * KG)
        with db.transaction(door.engine) as session:
            number = session.scalar(sa.select(Movement.outside_id).where(Movement.id == sale.id))
            seller, buyer = (session.get_one(Party, city.party[name]).name for name in ("E01", "E05"))
        clerk = door.account("clerk", "ent_keeper", enterprise="E01")
        clerk.done(f"movements/{number}/reversal-requests", {"reason": "写错了"})
        boss = browser(door, "boss", "ent_admin", enterprise="E01")
        page = boss.get(f"/reversals/{number}").text
        lede = re.search(r'<p class="lede">(.*?)</p>', page)[1]
        assert seller in lede
        assert f"对方 {buyer}" in lede
        assert "待另一人批准" in page
        assert f'class="btn primary" href="/reversals/{number}/approval"' in page
        token = re.search(r'name="csrf_token" value="([^"]+)"', boss.get(f"/reversals/{number}/approval").text)[1]
        assert boss.post(f"/reversals/{number}/approval", data={"csrf_token": token, "_key": "k"}).status_code == 303
        page = boss.get(f"/reversals/{number}").text
        assert "<b>已冲销。</b>" in page
        assert f'href="/movements/{number}"' in page


def test_a_list_counts_what_is_open_and_leads_to_it_alone(tmp_path):
    """The rows behind "show these" are those whose own cell says so, in the whole list."""
    bundle = worked_bundle()
    bundle["delegations"][-1]["accepted_on"] = None
    late = bundle["incidents"][0]
    bundle["incidents"].append(late | {"id": "L2", "reported_at": late["discovered_at"]})
    with worked_city(tmp_path, bundle) as door:
        lead = browser(door, "lead", "ps_lead", area="C0")
        boss = door.account("boss", "ent_admin", enterprise="E06")
        boss.done(f"stocktakes/{boss.get('stocktakes').json[0]['id']}/approval", {"explanation": "已查明"})
        boss._begin()
        commerce = browser(door, "trader", "commerce", area="C0")
        for reader, path, word in (
            (lead, "delegations", "未答复"),
            (commerce, "shipments", ">缺"),
            (lead, "incidents", "迟报，"),
            (boss.browser, "stocktakes", ">否<"),
        ):
            page = reader.get(f"/{path}").text
            rows = re.findall(r'<tr><td class="ttl.*?</tr>', page, re.DOTALL)
            wanted = {re.search(r'href="([^"]+)"', row)[1] for row in rows if word in row}
            assert 0 < len(wanted) < len(rows), path
            said = re.search(r'<p class="headline"><svg.*?<b>(.*?)</b> <a href="([^"]+)"', page, re.DOTALL)
            assert re.search(r"\d+", said[1])[0] == str(len(wanted)), path
            shown = re.findall(r'<tr><td class="ttl"[^>]*><a href="([^"]+)"', reader.get(said[2]).text)
            assert len(shown) == len(wanted), path
            assert set(shown) == wanted, path


def test_a_reversal_of_what_came_from_outside_names_the_seller_and_not_the_holder(tmp_path):
    with worked_city(tmp_path) as door:
        with db.reading(door.engine) as session:
            seller, owner = aliased(Party), aliased(Party)
            number, whose, buyer, outside = session.execute(
                sa.select(Movement.outside_id, owner.outside_id, owner.name, seller.name)
                .join(seller, seller.id == Movement.external_id)
                .join(owner, owner.id == Movement.enterprise_id)
                .where(Movement.type == "purchase_in", Movement.permit_id.is_not(None))
                .order_by(Movement.id)
            ).first()
        door.account("asks", "ent_keeper", enterprise=whose).done(
            f"movements/{number}/reversal-requests", {"reason": "写错了"}
        )
        page = browser(door, "approves", "ent_admin", enterprise=whose).get(f"/reversals/{number}").text
        lede = re.search(r'<p class="lede">(.*?)</p>', page)[1]
        assert lede == f"{buyer}，对方 {outside}"
