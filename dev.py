#!/usr/bin/env python3
"""Everything from a fresh clone, with nothing but Python 3.11 or newer (and its venv module):

python3 dev.py demo     make .venv, build the pages' assets, migrate, load the demonstration city, serve it
python3 dev.py test     make .venv with the test tools and run the whole test suite
python3 dev.py check    lint, types, import direction, fast tests: what a commit must pass
python3 dev.py bench    the benchmarks: ratios against named peers, measured in one run
python3 dev.py run X    run X inside that environment
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCKS = {"demo": "requirements.txt", "test": "requirements-dev.txt"}
#: What the package is built from; a change builds it again.
SOURCES = (
    "pyproject.toml",
    "hatch_build.py",
    "frontend/*.json",
    "frontend/src/**/*",
    "precursor/translations/**/*.po",
)
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("deptry", "."),
    ("pytest", "-n", "auto", "-m", "not browser and not slow"),
)


def main(what: str, *rest: str) -> None:
    """Do what the command line asks for."""
    if what == "demo":
        prepare("demo")
        become(BIN / "precursor", "demo", *rest)
    elif what == "test":
        prepare("test")
        become(PYTHON, "-m", "pytest", "-n", "auto", *rest)
    elif what == "check":
        prepare("test")
        for command in CHECKS:
            print(f"[dev] {' '.join(command)}", flush=True)
            run(PYTHON, "-m", *command) if command[0] in ("pytest", "mypy") else run(BIN / command[0], *command[1:])
    elif what == "bench":
        prepare("test")
        become(PYTHON, "-m", "bench", *rest)
    elif what == "run" and rest:
        prepare("test")
        become(*rest, PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}", **index())
    else:
        sys.exit(__doc__)


def prepare(kind: str) -> None:
    """Make the environment, unless it is as it should be."""
    lock, stamp = LOCKS[kind], VENV / f".ready-{kind}"
    if stamp.exists() and stamp.read_text() == fingerprint(lock):
        return
    began = time.monotonic()
    print(f"[dev] preparing .venv from {lock} ...", flush=True)
    if not PYTHON.exists():
        make_venv()
    pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input"]
    uv = [BIN / "uv", "pip", "install", "-q", "--python", PYTHON]
    locked, project = ["--require-hashes", "-r", lock], ["--no-deps", "--no-build-isolation", "-e", "."]
    # uv installs three times faster; pip does the same work where uv has no build or cannot reach the index
    if silent(*pip, "--require-hashes", "-r", "requirements-uv.txt") or silent(*uv, *locked):
        print("[dev] uv could not do it; using pip", flush=True)
        run(*pip, *locked)
    run(*pip, *project)
    stamp.write_text(fingerprint(lock))
    print(f"[dev] ready in {time.monotonic() - began:.0f} s", flush=True)


def fingerprint(lock: str) -> str:
    """A digest of everything that the environment is made from."""
    made = hashlib.sha256(sys.version.encode())
    for path in sorted(p for pattern in (lock, *SOURCES) for p in ROOT.glob(pattern) if p.is_file()):
        made.update(path.read_bytes())
    return made.hexdigest()


def make_venv() -> None:
    """With this Python's venv module, else with uv."""
    if subprocess.run([base_python(), "-m", "venv", str(VENV)], capture_output=True).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    if not uv:
        sys.exit(
            "this Python cannot make virtual environments: install its venv module "
            "(Debian, Ubuntu: apt-get install python3-venv) or put uv on the PATH"
        )
    run(uv, "venv", "-q", "--seed", "--python", base_python(), VENV)


def base_python() -> str:
    """This Python if it is new enough, else a newer one on the PATH."""
    if sys.version_info >= (3, 11):
        return sys.executable
    for minor in range(14, 10, -1):
        if found := shutil.which(f"python3.{minor}"):
            return found
    sys.exit("Python 3.11 or newer is needed")


def index() -> dict[str, str]:
    """uv does not read pip's configuration: hand the package index over."""
    if "UV_DEFAULT_INDEX" in os.environ:
        return {}
    url = (
        os.environ.get("PIP_INDEX_URL")
        or subprocess.run(
            [str(PYTHON), "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
        ).stdout.strip()
    )
    return {"UV_DEFAULT_INDEX": url} if url else {}


def run(*command: object) -> None:
    """Run a command; its failure is ours."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT)
    if done.returncode:
        sys.exit(done.returncode)


def silent(*command: object) -> int:
    """Run a command without a word; returns its exit code."""
    environment = {**os.environ, **index()}
    return subprocess.run([str(p) for p in command], cwd=ROOT, capture_output=True, env=environment).returncode


def become(*command: object, **environment: str) -> None:
    """Turn into that command: whoever ends this process then ends the command, not only its parent."""
    os.chdir(ROOT)
    argv, env = [str(part) for part in command], {**os.environ, **environment}
    if os.name == "nt":
        sys.exit(subprocess.run(argv, env=env).returncode)
    os.execvpe(argv[0], argv, env)


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled modules halve the time of everything below
    try:
        main(*(sys.argv[1:] or ["help"]))
    except KeyboardInterrupt:
        sys.exit(130)
