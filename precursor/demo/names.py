"""Made-up names for a made-up prefecture. Whoever reads them should find no such place, firm or person."""

import random
from collections.abc import Iterator
from typing import Final

from stdnum.cn import uscc

CITY: Final = ("QY", "清屿市")
COUNTIES: Final = {
    "QY-WC": "望潮区",
    "QY-QT": "青棠区",
    "QY-LG": "临港区",
    "QY-SY": "沙屿县",
    "QY-BS": "白石崖县",
    "QY-YX": "云栖溪县",
    "QY-SP": "松浦汀县",
    "QY-SW": "石帆湾市",
    "QY-NT": "南汀洲县",
}
#: A county of another prefecture, where some firms keep an off-site store.
ABROAD: Final = ("EXT-LA", "邻岸区")
_FIRST: Final = (
    "远禾",
    "蓝岬",
    "白汀",
    "松浦",
    "云栖",
    "石帆",
    "青棠",
    "望舒",
    "鹿鸣",
    "沧浪",
    "听澜",
    "星野",
    "禾木",
    "观澜",
    "砚山",
    "临川",
    "泊云",
    "知秋",
    "岚山",
    "竹溪",
)
_SECOND: Final = {
    "producer": ("化工", "精细化工", "酸业", "溶剂"),
    "trader": ("化工贸易", "化学品经营", "溶剂商行", "材料供应"),
    "user": ("电镀", "制药", "涂料", "胶粘", "印染", "水处理", "电子材料", "皮革"),
    "carrier": ("危货运输", "物流"),
    "importer_exporter": ("进出口", "国际贸易"),
    "hospital": ("人民医院", "中医院", "妇幼医院"),
    "pharma_wholesaler": ("医药批发", "医药"),
    "drug_producer": ("制药", "药业"),
    "pharmacy": ("大药房",),
}
_PERSONS: Final = ["闻", "言", "苏", "江", "顾", "陆", "沈", "温", "简", "黎", "秦", "白", "柳", "池", "商", "祝"]


def firms(rng: random.Random, kind: str, county: str) -> Iterator[str]:
    """Endless names of firms of a kind in a county, none twice."""
    seen: set[str] = set()
    short = COUNTIES[county].rstrip("区县市")
    while True:
        middle, trade = rng.choice(_FIRST) + rng.choice(("", "新", "恒", "和", "启")), rng.choice(_SECOND[kind])
        name = f"{short}{middle}{trade}" + ("" if kind in ("hospital", "pharmacy") else "有限公司")
        if name not in seen:
            seen.add(name)
            yield name


def credit_code(number: int) -> str:
    """A code of the right form, of an area that does not exist."""
    front = f"91990000MA{number:07d}"
    return front + str(uscc.calc_check_digit(front))


def person(rng: random.Random) -> str:
    """A masked name."""
    return rng.choice(_PERSONS) + "*"
