"""A race of its own process group: ``python racing.py URL N`` with a pickled ``Enter`` on standard input.

It loads the product once, then forks N racers that begin together; prints how each ended, one JSON object.
"""

import json
import multiprocessing
import pickle
import sys
from collections import Counter
from collections.abc import Callable, Sequence
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


def together(racer: Callable[..., None], each: Sequence[tuple]) -> Counter:
    """Fork a racer for each tuple of arguments, to which a barrier and a queue are added; what came out, counted."""
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(len(each)), context.Queue()
    racers = [context.Process(target=racer, args=(*arguments, start, results)) for arguments in each]
    for process in racers:
        process.start()
    outcome = Counter(results.get(timeout=120) for _ in racers)
    for process in racers:
        process.join(60)
    return outcome


if __name__ == "__main__":
    command, now = pickle.load(sys.stdin.buffer)
    print(json.dumps(together(race, [(sys.argv[1], command, now)] * int(sys.argv[2]))))
