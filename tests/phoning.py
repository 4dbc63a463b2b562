"""Phones that send at one moment: ``python phoning.py URL HOME`` with pickled bodies and the time on standard input.

It loads the product once, then forks a process for each body, an application of its own in each; prints how each was
answered, as JSON.
"""

import json
import pickle
import sys
from datetime import datetime
from pathlib import Path

import racing
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


if __name__ == "__main__":
    url, home = sys.argv[1], Path(sys.argv[2])
    bodies, now = pickle.load(sys.stdin.buffer)
    print(json.dumps(racing.together(send, [(url, home, body, now) for body in bodies])))
