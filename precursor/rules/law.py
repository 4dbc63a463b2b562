"""Legal sources that the rules cite, and what a broken rule looks like."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """The same sentence in Chinese and in English."""

    zh: str
    en: str

    def format(self, **values: object) -> "Words":
        """Fill in the values."""
        return Words(self.zh.format(**values), self.en.format(**values))


@dataclass(frozen=True, slots=True)
class Source:
    """One place in one instrument, and how sure we are of it.

    ``status``: V read in the text, R recalled, U recalled and not certain, OURS no source: our own proposal.
    """

    instrument: str
    version: str
    article: str
    status: str = "V"

    def __str__(self) -> str:
        mark = "" if self.status == "V" else "(自定,待确认)" if self.status == "OURS" else "(未核对)"
        return f"《{self.instrument}》({self.version}){self.article}{mark}"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that an act breaks: its stable id, the words a person reads, the law behind them."""

    rule: str
    words: Words
    source: Source

    @property
    def message(self) -> str:
        """The words in Chinese, then in English: for logs, commands and programs."""
        return f"{self.words.zh} / {self.words.en}"


_REG: Final = ("易制毒化学品管理条例", "2018-09-18")
_M87: Final = ("易制毒化学品购销和运输管理办法", "公安部令第87号")

REG_5: Final = Source(*_REG, "第五条")
REG_14: Final = Source(*_REG, "第十四条、第十七条")
REG_16: Final = Source(*_REG, "第十六条")
REG_18: Final = Source(*_REG, "第十八条")
REG_19: Final = Source(*_REG, "第十九条")
REG_24: Final = Source(*_REG, "第二十四条")
REG_34: Final = Source(*_REG, "第三十四条")
REG_36: Final = Source(*_REG, "第三十六条")
REG_40: Final = Source(*_REG, "第四十条")
M87_9: Final = Source(*_M87, "第九条", "R")
M87_31: Final = Source(*_M87, "第三十一条")
