"""The law, as tables and pure functions.

Nothing here touches the web, the database or the clock: plain values in, plain values out, so a rule can be
read, tested and audited alone. ``law`` holds the sources, the other modules one subject each.
"""
