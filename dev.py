#!/usr/bin/env python3
"""Sets up the development environment and runs the project's chores; needs nothing but Python 3.11 or newer.

    python3 dev.py setup            everything into .venv/, the command line tool included
    python3 dev.py demo [ARGS]      set up, then a day of a plumbing company against practice books
    python3 dev.py test [ARGS]      set up, then the tests (ARGS go to pytest)
    python3 dev.py check            set up, then lint, format, types, import rules, docs, order in the tree
    python3 dev.py bench [ARGS]     set up, then the benches (ARGS: one of them, for `blueops-qb bench`)
    python3 dev.py docs             set up, then the documentation into build/docs/
    python3 dev.py compile [ARGS]   pin the requirements again (--upgrade: to the newest versions)
    python3 dev.py clean            remove what these commands made

`.uv/` holds a private, pinned uv; `.venv/` holds exactly what requirements/*.txt pin, checked by hash, and
this project in editable form. Both are made when missing or outdated, so every command may come first.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
UV_HOME = ROOT / ".uv"
VENV = ROOT / ".venv"
BUILD = ROOT / "build"
TOOL = VENV / "bin" / "blueops-qb"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
REQUIREMENTS = ROOT / "requirements"
GROUPS = [REQUIREMENTS / name for name in ("run.txt", "dev.txt", "docs.txt")]

#: What pip is told on this machine -> what uv is to be told. Hashes decide what is installed, not its source.
UV_SETTINGS = {
    "index_url": "UV_DEFAULT_INDEX",
    "extra_index_url": "UV_INDEX",
    "find_links": "UV_FIND_LINKS",
    "no_index": "UV_NO_INDEX",
    "trusted_host": "UV_INSECURE_HOST",
    "timeout": "UV_HTTP_TIMEOUT",
    "proxy": "ALL_PROXY",
    "cert": "SSL_CERT_FILE",
}
#: Places beside the main index; left out when pinning, so that the pins hold on other machines too.
SIDE_SOURCES = ("extra_index_url", "find_links")

MADE = [".uv", ".venv", "build", "dist"]
MADE += [f".{tool}" for tool in ("benchmarks", "hypothesis", "mypy_cache", "pytest_cache", "ruff_cache")]


class Trouble(Exception):
    """Something the person at the keyboard has to mend; the text says what and how."""


# --- the environment ---


def setup(arguments: list[str]) -> int:
    """Everything into .venv/, the command line tool included."""
    refuse(arguments, "setup")
    with only_one_at_a_time():
        ensure_uv()
        stamp = fingerprint(*GROUPS, ROOT / "pyproject.toml", ROOT / "blueops_qb" / "__init__.py")
        if read(VENV / "stamp") != stamp or not TOOL.exists():
            make_venv()
            (VENV / "stamp").write_text(stamp)
    return 0


def ensure_uv() -> None:
    stamp = fingerprint(REQUIREMENTS / "uv.txt")
    if read(UV_HOME / "stamp") != stamp:
        make_uv()
        (UV_HOME / "stamp").write_text(stamp)


def make_uv() -> None:
    """A private virtual environment with the pinned uv, the one tool that pip itself fetches."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise Trouble(
            "this Python cannot make virtual environments (the module venv or ensurepip is missing).\n"
            f"On Debian or Ubuntu: apt-get install python3-venv (or python{version_text(OLDEST)}-venv)"
        )
    say(f"making {UV_HOME.name}/ with Python {sys.version.split()[0]}")
    shutil.rmtree(UV_HOME, ignore_errors=True)
    run([base_python(), "-m", "venv", str(UV_HOME)])
    pip = "-m pip --disable-pip-version-check --quiet install --no-deps --require-hashes --only-binary :all:"
    fetch([str(UV_HOME / "bin" / "python"), *pip.split(), "-r", str(REQUIREMENTS / "uv.txt")])


def make_venv() -> None:
    """Exactly the pinned packages, then this project in editable form, built without fetching more."""
    say(f"making {VENV.name}/ from requirements/*.txt")
    (VENV / "stamp").unlink(missing_ok=True)
    settings = uv_settings()
    interpreter = f"{base_python()} {sys.version}"
    if not PYTHON.exists() or read(VENV / "interpreter") != interpreter:
        run([uv(), "venv", "--quiet", "--clear", "--python", base_python(), str(VENV)], settings)
        (VENV / "interpreter").write_text(interpreter)
    into = ["--quiet", "--python", str(PYTHON)]
    fetch([uv(), "pip", "sync", *into, "--require-hashes", *map(str, GROUPS)], settings)
    run(
        [uv(), "pip", "install", *into, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        settings,
    )
    if not TOOL.exists():
        raise Trouble(f"the installation left no {TOOL}; see [project.scripts] in pyproject.toml")


def uv() -> str:
    return str(UV_HOME / "bin" / "uv")


def uv_settings(*, side_sources: bool = True) -> dict[str, str]:
    """uv's environment: the machine's own settings first, then what pip is configured with, then ours."""
    pip = [str(UV_HOME / "bin" / "python"), "-m", "pip"]
    listed = subprocess.run([*pip, "config", "list"], stdout=subprocess.PIPE, text=True, check=False).stdout
    told: dict[str, str] = {}
    for kind in ("global", "install", ":env:"):  # the later wins
        for name, value in re.findall(rf"^{kind}[.]([\w-]+)=(.*)$", listed, re.MULTILINE):
            told[name.replace("-", "_")] = str(ast.literal_eval(value))
    settings = {
        "UV_SYSTEM_CERTS": "true",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    if "HOME" not in os.environ:
        settings["UV_CACHE_DIR"] = str(UV_HOME / "cache")
    for name, value in told.items():
        if name in UV_SETTINGS and (side_sources or name not in SIDE_SOURCES):
            words = [word for word in value.split() if word[:1] != "/" or os.access(word, os.R_OK)]
            settings[UV_SETTINGS[name]] = ("," if name == "find_links" else " ").join(words)
    return {name: value for name, value in settings.items() if value and name not in os.environ}


def fetch(command: list[str], settings: dict[str, str] | None = None) -> None:
    try:
        run(command, settings)
    except subprocess.CalledProcessError:
        raise Trouble(
            "the pinned packages could not be fetched; the lines above say which and why.\n"
            "Is the package index reachable? Behind a proxy set HTTPS_PROXY, for a mirror PIP_INDEX_URL,\n"
            "for a certificate authority of your own SSL_CERT_FILE and PIP_CERT. Then try again."
        ) from None


@contextmanager
def only_one_at_a_time() -> Iterator[None]:
    import fcntl  # not on Windows, where the message about that should come first

    with open(__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fingerprint(*files: Path) -> str:
    """What an environment was made from: these files, this folder, this Python."""
    digest = hashlib.sha256(f"{ROOT}\n{base_python()}\n{sys.version}\n".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def read(file: Path) -> str:
    return file.read_text() if file.is_file() else ""


def base_python() -> str:
    """The interpreter itself, also when a virtual environment's python runs this script."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


# --- the chores ---


def demo(arguments: list[str]) -> int:
    """A day of a plumbing company against practice books."""
    return become([str(TOOL), "demo", *arguments])


def test(arguments: list[str]) -> int:
    """The tests, on two workers; what is skipped is named at the end."""
    os.chdir(ROOT)
    # Hundreds of processes start: none shall compile again what another one has compiled.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return become([str(PYTHON), "-m", "pytest", "-n", "2", "-rs", *arguments])


def docs(arguments: list[str]) -> int:
    """The documentation into build/docs/, warnings as errors."""
    sphinx = ["-m", "sphinx", "-W", "--keep-going", "-n", "-q"]
    return status([PYTHON, *sphinx, *arguments, "docs", BUILD / "docs"])


def check(arguments: list[str]) -> int:
    """Everything about the tree that a machine can judge without running the product."""
    refuse(arguments, "check")
    bin = VENV / "bin"
    steps: dict[str, Callable[[], int]] = {
        "ruff check": lambda: status([bin / "ruff", "check", "--quiet"]),
        "ruff format": lambda: status([bin / "ruff", "format", "--check", "--quiet"]),
        "mypy --strict": lambda: status([bin / "mypy", "--no-error-summary"]),
        "import rules": lambda: status([bin / "lint-imports", "--no-cache"], quiet=True),
        "docs": lambda: docs([]),
        "tree": lambda: status([PYTHON, "-m", "pytest", "-q", "tests/unit/test_repository.py"], quiet=True),
    }
    failed = []
    for name, step in steps.items():
        started = time.monotonic()
        result = step()
        say(f"{'FAILED' if result else 'ok':6} {name} ({time.monotonic() - started:.1f} s)")
        failed += [name] if result else []
    say(f"check failed: {', '.join(failed)}" if failed else "check passed")
    return 1 if failed else 0


def bench(arguments: list[str]) -> int:
    """One bench by name (`bench kill`), or without arguments the hook's and the push to a practice server."""
    if arguments:
        return become([str(TOOL), "bench", *arguments])
    results = [status([TOOL, "bench", "hook"]), bench_push(invoices=500)]
    if (ROOT / "tests" / "bench").is_dir():
        results.append(status([PYTHON, "-m", "pytest", "-p", "no:randomly", "-p", "no:xdist", "tests/bench"]))
    return max(results)


def bench_push(*, invoices: int) -> int:
    """`bench push` against a practice server that lives as long as the bench does."""
    serve = [str(TOOL), "sandbox", "qbo", "--port", "0", "--realm", "9130000000000000", "--token", "bench"]
    server = subprocess.Popen(serve, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        first = server.stdout.readline() if server.stdout else ""
        if not first.startswith("READY "):
            raise Trouble(f"the practice server did not start; run it by hand: {shlex.join(serve)}")
        base_url = json.loads(first.partition(" ")[2])["base_url"]
        return status([TOOL, "bench", "push", base_url, str(invoices), "--token", "bench"])
    finally:
        server.terminate()
        server.wait(20)


def compile(arguments: list[str]) -> int:
    """Pin pyproject.toml's dependencies and groups again, with hashes, for every platform and Python."""
    with only_one_at_a_time():
        ensure_uv()
    settings = uv_settings(side_sources=False)
    common = ["--universal", "--generate-hashes", "--no-header", "--quiet"]
    common += ["--python-version", version_text(OLDEST), *arguments]
    constraints: list[str] = []
    for name, source in [
        ("run", ["pyproject.toml", "--all-extras"]),
        ("dev", ["--group", "pyproject.toml:dev"]),
        ("docs", ["--group", "pyproject.toml:docs"]),
        ("uv", ["--group", "pyproject.toml:uv"]),
    ]:
        target = f"requirements/{name}.txt"
        fetch([uv(), "pip", "compile", *common, *source, *constraints, "--output-file", target], settings)
        constraints += ["--constraint", target]
        say(f"pinned {target}")
    return 0


def clean(arguments: list[str]) -> int:
    """Remove what these commands made."""
    refuse(arguments, "clean")
    for name in MADE:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for cache in ROOT.rglob("__pycache__"):
        shutil.rmtree(cache, ignore_errors=True)
    return 0


# --- running things ---


def run(command: list[str], settings: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=ROOT, env={**os.environ, **(settings or {})}, check=True)


def status(command: list[str | Path], *, quiet: bool = False) -> int:
    """The command's exit code; `quiet` keeps the output of what went well to itself."""
    pipe = subprocess.PIPE if quiet else None
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=pipe, stderr=pipe, text=True)
    if quiet and done.returncode:
        print(done.stdout, done.stderr, flush=True)
    return done.returncode


def become(command: list[str]) -> int:
    """Hand this process over, so that signals and the exit code are the command's own."""
    sys.stdout.flush()
    os.execv(command[0], command)


def refuse(arguments: list[str], command: str) -> None:
    if arguments:
        raise Trouble(f"{command} takes no arguments, got: {' '.join(arguments)}")


def say(text: str) -> None:
    print(f"dev.py: {text}", file=sys.stderr, flush=True)


def version_text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def newer_python() -> str | None:
    """The path of a Python on this machine that is new enough, if PATH knows one."""
    question = f"import sys, ensurepip; sys.exit(sys.version_info < {OLDEST})"
    for name in ("python3.13", "python3.12", "python3.11", "python3", "python3.14"):
        found = shutil.which(name)
        if found and subprocess.run([found, "-c", question], stderr=subprocess.DEVNULL).returncode == 0:
            return found
    return None


NEEDS_SETUP = {"demo": demo, "test": test, "check": check, "bench": bench, "docs": docs}
ALONE = {"setup": setup, "compile": compile, "clean": clean}


def main(arguments: list[str]) -> int:
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if name not in {**NEEDS_SETUP, **ALONE}:
        print((__doc__ or "").strip())
        return 0 if name in ("help", "-h", "--help") else 2
    if sys.version_info < OLDEST:
        better = newer_python()
        if better is None:
            raise Trouble(
                f"Python {version_text(OLDEST)} or newer is needed; this is {sys.version.split()[0]} and\n"
                "PATH has none. Install one (Debian 12: apt-get install python3 python3-venv) and try again."
            )
        os.execv(better, [better, str(ROOT / "dev.py"), *arguments])
    if os.name != "posix":
        raise Trouble("the development commands need Linux or macOS; on Windows use WSL")
    if name in ALONE:
        return ALONE[name](rest)
    setup([])
    return NEEDS_SETUP[name](rest)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Trouble as trouble:
        say(f"error: {trouble}")
    except subprocess.CalledProcessError as failure:
        say(f"error: this ended with exit code {failure.returncode}: {shlex.join(map(str, failure.cmd))}")
    except KeyboardInterrupt:
        say("interrupted")
    sys.exit(1)
