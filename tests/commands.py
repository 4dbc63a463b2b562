"""The commands, each in a process of its own that is forked from the tests': what they import is there already."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path


def run(*args: object, text: str | bytes | None = None, **environment: str) -> tuple[int, str, str]:
    """Exit code, standard output and error of ``precursor ARGS``, with ``text`` on standard input."""
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder, name) for name in ("in", "out", "err")]
        streams[0].write_bytes(text.encode() if isinstance(text, str) else text or b"")
        child = os.fork()
        if child == 0:
            _become(streams, ["precursor", *map(str, args)], environment)
        _, status = os.waitpid(child, 0)
        out, err = (path.read_text("utf-8") for path in streams[1:])
        return os.waitstatus_to_exitcode(status), out, err


def _become(streams: list[Path], arguments: list[str], environment: Mapping[str, str]) -> None:
    code = 70  # of what is not ours: an exception that main lets pass
    try:
        for number, (path, mode) in enumerate(zip(streams, "rww", strict=True)):
            file = path.open(mode, encoding="utf-8")
            os.dup2(file.fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - they live as long as the process
            for number, mode in enumerate("rww")
        )
        os.environ.update(environment)
        sys.argv = arguments
        from precursor.cli import main

        main()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:  # noqa: BLE001 - the test is to see it
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
