"""Phones that send at one moment: ``python phoning.py URL HOME`` with pickled bodies and the time on standard input.

It loads the product once, then forks a process for each body, an application of its own in each; prints how each was
answered, as JSON.
"""

import json
import multiprocessing
import pickle
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

from api_kit import Door


def send(url: str, home: Path, body: dict, now: datetime, start, results) -> None:
    """Wait for the others, then send; report the status, or whatever went wrong."""
    try:
        door = Door(url, home, now)
        client = door.app.test_client()
        start.wait(60)
        results.put(str(client.post("/api/phones/v1/log", json=body).status_code))
        door.close()
    except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
        results.put(repr(error))


def main(url: str, home: Path) -> None:
    """Run the race."""
    bodies, now = pickle.load(sys.stdin.buffer)
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(len(bodies)), context.Queue()
    phones = [context.Process(target=send, args=(url, home, body, now, start, results)) for body in bodies]
    for phone in phones:
        phone.start()
    outcome = Counter(results.get(timeout=120) for _ in phones)
    for phone in phones:
        phone.join(60)
    print(json.dumps(outcome))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
