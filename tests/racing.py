"""A race of its own process group: ``python racing.py URL N`` with a pickled ``Enter`` on standard input.

It loads the product once, then forks N racers that begin together; prints how each ended, one JSON object.
"""

import json
import multiprocessing
import pickle
import sys
from collections import Counter
from datetime import datetime

import precursor.tables  # noqa: F401
from precursor import audit
from precursor.core import db
from precursor.core.errors import Refused, RuleViolated
from precursor.movements import acts
from precursor.movements.intents import Enter


def race(url: str, command: Enter, now: datetime, start, results) -> None:
    """Wait for the others, then sell once; report the sale or the rule that refused it."""
    engine = db.connect(url)
    with engine.connect():  # connected before the start, so that all begin together
        pass
    start.wait(60)
    try:
        with db.transaction(engine) as session:
            acts.enter(session, command, None, audit.Actor("racer", "P-RACE", "sysadmin"), now)
        results.put("sold")
    except RuleViolated as error:
        results.put(error.violations[0].rule)
    except Refused as error:
        results.put(error.code)
    except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
        results.put(repr(error))
    finally:
        engine.dispose()


def main(url: str, count: int) -> None:
    """Run the race."""
    command, now = pickle.load(sys.stdin.buffer)
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(count), context.Queue()
    racers = [context.Process(target=race, args=(url, command, now, start, results)) for _ in range(count)]
    for racer in racers:
        racer.start()
    outcome = Counter(results.get(timeout=120) for _ in racers)
    for racer in racers:
        racer.join(60)
    print(json.dumps(outcome))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
