"""Documents (许可证、备案证明): issue, draws (核减), closing, verification (核查)."""
