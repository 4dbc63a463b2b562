"""The law as data: every number has its row, every rule one place and one line, the page is what the tables say."""

import csv
import importlib.util
import json
import re
import subprocess
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

import commands
import pytest

from precursor.rules import law, matrix
from precursor.rules.law import PACKS, RULES, Law, law_for
from precursor.rules.matrix import Department, Level
from precursor.rules.permits import PermitKind
from precursor.rules.places import places, written
from precursor.rules.substances import SubstanceClass

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def _rows() -> dict[str, list[dict[str, str]]]:
    found = defaultdict(list)
    with (HERE / "data/regulations.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["id"]].append(row)
    with (HERE / "data/seed_requirements.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["id"]].append(
                {"status": "V", "rule": row["quote"], "value": row["number"], "machine_check": ""}
            )
    return found


ROWS = _rows()
#: Sure enough: a row says V, or V with something recalled beside it.
SAYS = {"V": ("V",), "R": ("R",), "U": ("U",)}
WORDS = {"1": "one", "2": "two", "3": "three", "5": "five", "6": "six", "12": "clean year"}


def numbers(value) -> list[str]:
    """The numbers of a value of a pack, as text; CAS numbers are names, not numbers."""
    if isinstance(value, dict):
        return [n for key, item in value.items() if key not in ("cas", "substances") for n in numbers(item)]
    if isinstance(value, list):
        return [n for item in value for n in numbers(item)]
    if isinstance(value, bool) or value is None:
        return []
    return [str(value)] if isinstance(value, int) else re.findall(r"[0-9]+(?:-[0-9]+)?", value)


def has(row: dict[str, str], number: str) -> bool:
    """Whether a row of the table holds a number, in digits or words; nought is the same day."""
    text = (
        " ".join(row.get(name, "") for name in ("category", "rule", "value", "machine_check"))
        .replace(",", "")
        .lower()
    )
    if number == "0":
        return "same day" in text
    return bool(re.search(rf"(?<![0-9]){re.escape(number)}(?![0-9])", text)) or WORDS.get(number, "\0") in text


def from_rows(ids: str, status: str, value) -> str | None:
    """What is wrong with a number's source; None when nothing is."""
    rows = [row for id_ in ids.split() for row in ROWS.get(id_, [])]
    if ids in ROWS:
        rows = ROWS[ids]
    if not rows:
        return f"no row {ids}"
    sure = [row for row in rows if row["status"].split(" ")[0].startswith(status)]
    if not sure:
        return f"{ids} says {[row['status'] for row in rows]}, not {status}"
    lacking = [n for n in numbers(value) if not any(has(row, n) for row in sure)]
    return f"{ids} ({status}) does not say {lacking}" if lacking else None


@pytest.mark.parametrize("id_", list(RULES))
def test_every_rule_has_its_row(id_):
    rule = RULES[id_]
    assert from_rows(rule.row, rule.source.status, dict(rule.value)) is None


@pytest.mark.parametrize("row", [row for pack in PACKS.values() for row in pack.documents], ids=lambda r: r["kind"])
def test_every_number_of_the_matrix_has_its_row(row):
    for column in ("decision", "validity", "extended"):
        if column in row:
            status = row.get("status", {}).get(column, "V")
            assert from_rows(row["rows"][column], status, row[column]) is None, column
    for column in ("issuer", "level"):
        assert row["rows"][column] in ROWS


def test_every_parameter_has_its_row_or_says_that_it_is_ours():
    for pack in PACKS.values():
        for name, entry in pack.parameters.items():
            if pack.id == "settings":
                assert entry["status"] == "OURS", name
            elif "rule" in entry:
                assert "value" not in entry, name  # the rule has its row
            else:
                assert from_rows(entry["row"], entry["status"], entry["value"]) is None, name
    assert {entry["status"] for entry in PACKS["settings"].parameters.values()} == {"OURS"}
    assert not PACKS["settings"].rules


@pytest.mark.parametrize("id_", list(RULES))
def test_every_rule_stands_in_one_place(id_):
    assert len(places(id_)) == 1
    path, line = written(id_).split(":")
    assert (ROOT / path).read_text("utf-8").splitlines()[int(line) - 1] == f"[rules.{id_}]"


def _page_maker():
    spec = importlib.util.spec_from_file_location("rules_page", ROOT / "tools/rules_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_tables_say():
    written_page = (ROOT / "docs/rules.md").read_text("utf-8")
    assert written_page == _page_maker().page()
    for id_, rule in RULES.items():
        (line,) = [line for line in written_page.splitlines() if line.startswith(f"| {id_} |")]
        assert ("unconfirmed" in line) is (rule.source.status in "RU")


def test_the_command_says_what_is_not_confirmed():
    code, out, _ = commands.run("rule", "PERMIT_USED_UP")
    assert code == 0
    assert "未核对 / unconfirmed" in out
    assert "precursor/rules/permits.py:" in out
    assert "unconfirmed" not in commands.run("rule", "CASH_BANNED")[1]
    wrong = subprocess.run(
        [sys.executable, "-c", "from precursor.cli import main; main()", "rule", "NOPE"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert len(wrong.stderr.splitlines()) == 1
    assert {row["rule"] for row in json.loads(commands.run("rules", "--format", "json")[1])} == set(RULES)


LEVELS = {"province": Level.PROVINCE, "prefecture": Level.PREFECTURE, "county": Level.COUNTY}
ISSUERS = {
    "emergency mgmt": Department.EMERGENCY_MANAGEMENT,
    "public security": Department.PUBLIC_SECURITY,
    "drug admin": Department.DRUG_ADMINISTRATION,
    "commerce": Department.COMMERCE,
    "health": Department.HEALTH,
}
CLASSES = {
    "1 non-drug": {"1"},
    "1 drug": {"1-drug"},
    "1": {"1", "1-drug"},
    "2": {"2"},
    "3": {"3"},
    "2,3": {"2", "3"},
    "1-3": {"1", "1-drug", "2", "3"},
    "1 non-drug / 2,3": {"1", "2", "3"},
    "麻,精一": {"narcotic", "psychotropic_1"},
    "麻,精": {"narcotic", "psychotropic_1", "psychotropic_2"},
    "麻,精一 (+1 drug preparations)": {"narcotic", "psychotropic_1", "1-drug"},
}


def _matrix() -> list[dict[str, str]]:
    with (HERE / "data/permit_matrix.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("wanted", _matrix(), ids=lambda r: f"{r['kind']}-{r['category']}")
def test_every_row_of_the_matrix_is_there(wanted):
    classes = CLASSES[wanted["category"]]
    everywhere = Law(tuple(PACKS.values()))
    ours = [r for r in matrix.rows_of(everywhere) if r.kind == wanted["kind"] and {*map(str, r.classes)} <= classes]
    assert {str(c) for row in ours for c in row.classes} == classes
    assert len(ours) == (2 if wanted["kind"] == "transfer_filing" else 1)
    levels = wanted["level"].split("(")[0].split("/")
    for row in ours:
        assert row.issuer is next(v for k, v in ISSUERS.items() if wanted["who_issues"].startswith(k))
        assert any(row.level is LEVELS[level.strip().replace("national or delegated ", "")] for level in levels)
        clock = re.match(r"([0-9]+) d", wanted["clock"])
        if clock and wanted["kind"] != "transfer_filing":
            assert row.decision == {"working_days": int(clock[1])}
        if wanted["clock"].startswith("same day"):
            assert row.decision == {"working_days": 0}


def test_no_row_of_ours_is_without_one_of_the_table():
    kinds = {row["kind"] for row in _matrix()}
    assert kinds == set(PermitKind)
    assert len(kinds) == 14
    assert len(_matrix()) == 17


@pytest.mark.parametrize(
    ("code", "day", "version"),
    [
        (None, date(2025, 1, 1), "national@2018-09-18"),
        ("330702", date(2025, 1, 1), "national@2018-09-18+zhejiang@2011"),
        ("370100", date(2025, 1, 1), "national@2018-09-18+shandong@2017-12-01"),
        ("370100", date(2017, 11, 30), ""),
        ("370100", date(2018, 9, 17), "shandong@2017-12-01"),
        ("500101", date(2025, 1, 1), "national@2018-09-18+chongqing@2012-11-29"),
        ("310101", date(2025, 1, 1), "national@2018-09-18+shanghai@undated"),
        ("310101", date(2018, 9, 17), "shanghai@undated"),
    ],
)
def test_which_law_holds_where_and_when(code, day, version):
    assert law_for(code, day).version == version


def test_a_province_has_what_the_nation_has_not():
    for code, kind in (("330702", True), ("110101", False), (None, False)):
        the_law = law_for(code, date(2025, 1, 1))
        assert bool(matrix.row_of(PermitKind.TRANSFER_FILING, SubstanceClass.CAT3, the_law)) is kind


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('id = "x"', "version"),
        ('id = "x"\nversion = "1"\nareas = []\n[rules.A]\nzh = "a"', "en"),
        (
            'id = "x"\nversion = "1"\nareas = []\n[instruments.I]\nzh = "i"\nen = "i"\nversion = ""\n'
            '[rules.A]\nzh = "a"\nen = "a"\ninstrument = "I"\narticle = ""\nstatus = "sure"\nrow = "r"',
            "status",
        ),
        ("id = ", "broken.toml"),
    ],
)
def test_a_pack_that_does_not_hold_together_is_named(tmp_path, text, complaint):
    file = tmp_path / "broken.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=complaint) as caught:
        law._read(file)
    assert "broken.toml" in str(caught.value)


def test_departments_know_what_they_were_called():
    assert matrix.formerly(Department.EMERGENCY_MANAGEMENT) == ("安全生产监督管理部门",)
    assert matrix.formerly(Department.PUBLIC_SECURITY) == ()
    assert {d.value for d in Department} == set(PACKS["national"].departments)
