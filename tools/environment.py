"""Make `.venv` hold exactly what a lock file says, and the project itself, editable.

    python3 tools/environment.py requirements/runtime.txt [requirements/development.txt ...]

Runs under whatever Python a machine has, before anything is installed: standard library only, and syntax
old enough that an unsuitable Python can still say so. Calling it again when nothing changed takes a few
milliseconds; two calls at once wait for one another. It never installs a file whose hash the lock file
does not name.
"""

import hashlib
import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
NEWER_NAMES = ["python3.14", "python3.13", "python3.12", "python3.11"]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENVIRONMENT = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(ENVIRONMENT, "bin", "python")


def main(lock_files):
    use_suitable_python()
    demand_venv()
    os.makedirs(os.path.join(ROOT, ".cache"), exist_ok=True)
    with open(os.path.join(ROOT, ".cache", "environment.lock"), "w") as turn:
        wait_for_turn(turn)
        create_if_unusable()
        for lock_file in lock_files:
            install_if_changed(lock_file, with_project=lock_file is lock_files[0])


def use_suitable_python():
    """Continue under a Python that is new enough, or stop and say what is missing."""
    if sys.version_info[:2] >= OLDEST:
        return
    for name in NEWER_NAMES:
        found = shutil.which(name)
        if found and works(found):
            os.execv(found, [found, *sys.argv])
    stop(
        f"Vestibule needs Python {dotted(OLDEST)} or newer; {sys.executable} is {dotted(sys.version_info)}.",
        "Install a newer one, or name it: make PYTHON=/path/to/python3.12 ...",
    )


def works(python):
    """A version manager leaves names on the path for versions that it has, but does not offer here."""
    with open(os.devnull, "w") as nowhere:
        return subprocess.call([python, "-c", "import venv"], stdout=nowhere, stderr=nowhere) == 0


def demand_venv():
    """Debian and Ubuntu ship venv and ensurepip in a package of their own."""
    try:
        import ensurepip  # noqa: F401, PLC0415
        import venv  # noqa: F401, PLC0415
    except ImportError:
        stop(
            f"{sys.executable} comes without the modules venv and ensurepip.",
            "On Debian and Ubuntu: apt-get install python3-venv",
        )


def wait_for_turn(turn):
    try:
        import fcntl  # noqa: PLC0415
    except ImportError:
        return  # no POSIX locks here; calling twice at once is then the caller's risk
    fcntl.flock(turn, fcntl.LOCK_EX)


def create_if_unusable():
    """A moved or copied tree leaves scripts that point at the old place: the place is part of the check."""
    place = os.path.join(ENVIRONMENT, "made-in")
    made_by = f"{ENVIRONMENT}\n{dotted(sys.version_info)}\n"
    if read(place) == made_by and os.access(PYTHON, os.X_OK):
        return
    say(f"Making the environment .venv with Python {dotted(sys.version_info)} ...")
    run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT])
    write(place, made_by)


def install_if_changed(lock_file, with_project):
    stamp = os.path.join(ENVIRONMENT, "installed-" + os.path.basename(lock_file))
    wanted = digest(lock_file)
    if read(stamp) == wanted:
        return
    count = read(os.path.join(ROOT, lock_file)).count("==")
    say(f"Installing up to {count} packages of {lock_file} ...")
    # Python compiles what is used when it is used first; most of what is installed never is.
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-deps", "--no-compile"]
    run([*pip, "--require-hashes", "-r", os.path.join(ROOT, lock_file)])
    if with_project:
        run([*pip, "--no-build-isolation", "-e", ROOT])
    write(stamp, wanted)


def digest(lock_file):
    """What an installation depends on: the pins, and what pyproject.toml says about the package itself."""
    import tomllib  # noqa: PLC0415 - exists from Python 3.11 on, which is certain only now

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        project = tomllib.load(file)
    about = [project["project"], project["build-system"], project.get("tool", {}).get("hatch")]
    text = read(os.path.join(ROOT, lock_file)) + repr(about)
    return hashlib.sha256(text.encode()).hexdigest() + "\n"


def dotted(version):
    return ".".join(str(part) for part in version[:2])


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def run(command):
    status = subprocess.call(command)
    if status != 0:
        stop("This did not work: " + " ".join(command))


def say(text):
    print(text, flush=True)


def stop(*lines):
    sys.stderr.write("".join(f"environment: {line}\n" for line in lines))
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
