"""A valid bundle of so many movements, as a city would send it (``precursor-scenario/1``)."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from precursor.rules.targets import load_pack

COUNTIES: Final = 10
SUBSTANCES: Final = 20
_FIRST: Final = date(2025, 1, 1)

Record = dict[str, Any]


def bundle(movements: int, seed: int = 2025) -> bytes:
    """Sales between enterprises on documents, with their receipts and reports; production and use."""
    random = Random(seed)
    enterprises = max(20, movements // 100)
    lists: dict[str, list[Record]] = {
        "jurisdictions": [{"id": "C0", "name": "测试市", "level": "city", "parent": None}]
        + [{"id": f"D{n}", "name": f"第{n}区", "level": "county", "parent": "C0"} for n in range(COUNTIES)],
        "substances": [
            {"id": f"S{n}", "name_zh": f"物质{n}", "category": 1 + n % 3, "kind": "non_drug", "unit": "kg"}
            for n in range(SUBSTANCES)
        ],
        "enterprises": [_enterprise(n) for n in range(enterprises)],
        "external_parties": [],
        "sites": [_site(n) for n in range(enterprises)],
        "delegations": [],
        "permits": [],
        "stock_opening": [
            {"site": f"P{n}", "substance": f"S{(n // 2) % SUBSTANCES}", "qty": 10_000_000} for n in range(enterprises)
        ],
        "movements": [],
        "shipments": [],
        "attempts": [],
        "inspections": [_inspection(n) for n in range(enterprises)],
        "road_checks": [],
        "incidents": [],
        "annual_reports_2024": [{"enterprise": f"E{n}", "submitted_on": "2025-03-01"} for n in range(enterprises)],
        "quarterly_reports": [],
        "key_sites": [],
        "equipment_events": [],
        "stocktakes": [],
    }
    made = lists["movements"]
    permits = 0
    while len(made) < movements:
        pair = random.randrange(enterprises // 2)  # 2n sells to 2n + 1 what both deal in
        permits += 1
        lists["permits"].append(_permit(permits, pair))
        for _ in range(10):
            made += _trade(len(made), pair, permits, random)
    del made[movements:]
    if made[-1].get("counterpart"):  # a receipt was cut off
        made[-1] = _use(len(made) - 1, 0, random)
    return json.dumps(
        {
            "schema": "precursor-scenario/1",
            "timezone": "Asia/Shanghai",
            "period": {"start": "2025-01-01", "end": "2025-12-31"},
            "as_of": "2026-01-31",
            "rules": load_pack().values,
        }
        | lists,
        ensure_ascii=False,
    ).encode()


def _enterprise(n: int) -> Record:
    return {
        "id": f"E{n}",
        "name": f"企业{n}",
        "kind": "user" if n % 2 else "producer",
        "registered_county": f"D{n % COUNTIES}",
        "registered_on": "2015-06-01",
        "grades": [["2024-01-01", "ABC"[n % 3]]],
        "information_officer": True,
    }


def _site(n: int) -> Record:
    return {
        "id": f"P{n}",
        "enterprise": f"E{n}",
        "county": f"D{n % COUNTIES}",
        "open_on": "2015-06-01",
        "closed_on": None,
        "registered": True,
    }


def _inspection(n: int) -> Record:
    day = "2025-03-05"
    return {"id": f"V{n}", "enterprise": f"E{n}", "date": day, "recorded_on": day, "mode": "onsite", "inspectors": 2}


def _permit(number: int, pair: int) -> Record:
    return {
        "id": f"L{number}",
        "kind": "purchase_filing",
        "holder": f"E{2 * pair + 1}",
        "substance": f"S{pair % SUBSTANCES}",
        "qty": 100_000,
        "valid_from": "2025-01-01",
        "valid_to": "2025-12-31",
        "uses": "multi",
        "responsible_county": f"D{(2 * pair + 1) % COUNTIES}",
        "seller": None,
        "route": None,
        "revoked_on": None,
        "verified_on": "2026-01-10",
        "verification_result": "match",
    }


def _trade(number: int, pair: int, permit: int, random: Random) -> Iterator[Record]:
    """A sale and its receipt; now and then something is used."""
    day = str(_FIRST + timedelta(random.randrange(365)))
    sold = {
        "id": f"M{number}",
        "date": day,
        "recorded_on": day,
        "site": f"P{2 * pair}",
        "type": "sale_out",
        "substance": f"S{pair % SUBSTANCES}",
        "qty": f"{random.randrange(1, 9_000)}.5",
        "counterpart": f"M{number + 1}",
        "permit": f"L{permit}",
        "sales_reported_on": day,
    }
    yield sold
    yield {
        "id": f"M{number + 1}",
        "date": day,
        "recorded_on": day,
        "site": f"P{2 * pair + 1}",
        "type": "purchase_in",
        "substance": sold["substance"],
        "qty": sold["qty"],
        "counterpart": f"M{number}",
        "permit": f"L{permit}",
    }
    if random.random() < 0.3:
        yield _use(number + 2, pair, random)


def _use(number: int, pair: int, random: Random) -> Record:
    day = str(_FIRST + timedelta(random.randrange(365)))
    return {
        "id": f"M{number}",
        "date": day,
        "recorded_on": day,
        "site": f"P{2 * pair}",
        "type": "use_out",
        "substance": f"S{pair % SUBSTANCES}",
        "qty": f"{random.randrange(1, 100)}",
        "usage_record": f"U{number}",
    }
