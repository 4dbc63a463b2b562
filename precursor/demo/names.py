"""Made-up names for a made-up prefecture. Whoever reads them should find no such place, firm or person."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from stdnum.cn import uscc

#: What lies above the city: it issues what the law leaves to a province.
PROVINCE: Final = ("CL", "沧澜省")
CITY: Final = ("QY", "清屿市")
COUNTIES: Final = {
    "QY-WC": "望潮区",
    "QY-QT": "青棠区",
    "QY-LG": "澜港区",
    "QY-SY": "沙屿县",
    "QY-BS": "白石崖县",
    "QY-YX": "云栖溪县",
    "QY-SP": "松泠汀县",
    "QY-SW": "石帆湾市",
    "QY-NT": "南汀洲县",
}
#: A county of another prefecture, where some firms keep an off-site store.
ABROAD: Final = ("EXT-LA", "邻岸区")
#: The county where most goes wrong.
WORST: Final = "QY-SW"
#: The port district, where four in ten enterprises are.
PORT: Final = "QY-LG"
#: The firms of the story (see ``city``), by kind: each is the first of its kind in that county.
CAST: Final = {
    "producer": "石帆湾鹿鸣溶剂有限公司",
    "trader": "石帆湾泊云化工贸易有限公司",
    "user": "石帆湾岚屏电镀有限公司",
    "importer_exporter": "石帆湾听澜进出口有限公司",
}
#: Of forty enterprises, how many lie in each county: the port district has the most, enough for an association.
_WEIGHTS: Final = (3, 3, 16, 2, 3, 3, 3, 4, 3)
_FIRST: Final = (
    "远禾",
    "蓝岬",
    "白汀",
    "松泠",
    "云栖",
    "石帆",
    "青棠",
    "望舒",
    "鹿鸣",
    "沧浪",
    "听澜",
    "星野",
    "禾沐",
    "观澜",
    "砚屏",
    "泠川",
    "泊云",
    "知秋",
    "岚屏",
    "竹泠",
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


def counties() -> Iterator[str]:
    """The county of one enterprise after the other, so that any many of them lie as the weights say."""
    owed = dict.fromkeys(COUNTIES, 0)
    while True:
        for county, weight in zip(COUNTIES, _WEIGHTS, strict=True):
            owed[county] += weight
        next_one = max(owed, key=lambda county: owed[county])
        owed[next_one] -= sum(_WEIGHTS)
        yield next_one


@dataclass(slots=True)
class Namer:
    """Names for firms, none twice."""

    rng: random.Random
    seen: set[str] = field(default_factory=lambda: set(CAST.values()))

    def firm(self, kind: str, county: str) -> str:
        """A name for a firm of a kind in a county."""
        short = COUNTIES[county].rstrip("区县市")
        while True:
            first = self.rng.choice(_FIRST) + self.rng.choice(("", "新", "恒", "和", "启"))
            trade = self.rng.choice(_SECOND[kind])
            name = f"{short}{first}{trade}" + ("" if kind in ("hospital", "pharmacy") else "有限公司")
            if name not in self.seen:
                self.seen.add(name)
                return name


def credit_code(number: int) -> str:
    """A code of the right form, of an area that does not exist."""
    front = f"91990000MA{number:07d}"
    return front + str(uscc.calc_check_digit(front))


def person(rng: random.Random) -> str:
    """A masked name."""
    return rng.choice(_PERSONS) + "*"
