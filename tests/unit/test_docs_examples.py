"""The examples of the documentation work: marked Python runs, command lines parse, the rest is at least sound."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from blueops_qb.cli import main
from tests.doc_pages import DOCS, MARK, ROOT, blocks

PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
#: Words in capitals and dots that stand for something of the reader's own.
NUMBERS = {"NUMBER": "5", "N": "5", "RECORD": "invoice:1041", "REVISION": "head"}


def name(paper: Path) -> str:
    return str(paper.relative_to(ROOT))


RUNNABLE = [paper for paper in PAPERS if MARK in paper.read_text(encoding="utf-8")]


def test_the_readme_and_the_how_tos_hold_examples_to_run() -> None:
    assert {"README.md", "docs/how-to/load-in-core.md", "docs/how-to/write-a-provider.md"} <= set(
        map(name, RUNNABLE)
    )


@pytest.mark.parametrize("paper", RUNNABLE, ids=name)
def test_marked_examples_run_in_their_order(paper: Path, tmp_path: Path) -> None:
    code = "\n".join(text for marked, _, text in blocks(paper) if marked)
    assert paper.read_text(encoding="utf-8").count(MARK) == sum(marked for marked, _, _ in blocks(paper))
    file = tmp_path / "example.py"
    file.write_text(code, encoding="utf-8")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("BLUEOPS_", "PYTEST_"))}
    ran = subprocess.run(
        [sys.executable, "-W", "error", str(file)],
        cwd=tmp_path,
        env={**kept, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, f"an example of {name(paper)} failed:\n{ran.stderr}"
    # The host of an example keeps what a hook raises and goes on, as a real one does.
    assert " failed in " not in ran.stdout, ran.stdout


@pytest.mark.parametrize("paper", PAPERS, ids=name)
def test_python_and_toml_of_every_example_is_sound(paper: Path) -> None:
    for _, language, text in blocks(paper):
        if language == "python":
            ast.parse(text)
        elif language == "toml":
            tomllib.loads(text)


# --- commands ---


def shell_lines(paper: Path) -> Iterator[str]:
    """The commands of console blocks, continued lines joined."""
    for _, language, text in blocks(paper):
        if language == "console":
            joined = re.sub(r"\\\n *", "", text)
            yield from (line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ "))


def parse(words: list[str]) -> None:
    """Parse a command line to its last option, without running it; raises click's UsageError."""
    command: click.Command = main
    context = click.Context(main, info_name="blueops-qb")
    while isinstance(command, click.Group):
        found, child, words = command.resolve_command(context, words)
        assert found is not None
        assert child is not None
        command, context = child, click.Context(child, info_name=found, parent=context)
    command.make_context(context.info_name, [NUMBERS.get(word, word) for word in words])


def commands_of(paper: Path) -> Iterator[list[str]]:
    for line in shell_lines(paper):
        words = shlex.split(line, comments=True)
        if words and Path(words[0]).name == "blueops-qb":
            yield words[1:]


@pytest.mark.parametrize("paper", PAPERS, ids=name)
def test_every_command_line_can_be_parsed(paper: Path) -> None:
    for words in commands_of(paper):
        try:
            parse(words)
        except click.UsageError as problem:
            pytest.fail(f"{name(paper)}: blueops-qb {shlex.join(words)}: {problem.format_message()}")


def test_a_wrong_command_line_would_be_found() -> None:
    for wrong in (["recrods"], ["records", "--stat"], ["bench", "push", "http://127.0.0.1:1", "many"]):
        with pytest.raises(click.UsageError):
            parse(wrong)


@pytest.mark.parametrize("paper", PAPERS, ids=name)
def test_every_chore_exists(paper: Path) -> None:
    (targets,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    text = paper.read_text(encoding="utf-8")
    named = re.findall(r"(?:^\$ |`)(?:make|python3 dev\.py) ([a-z]+)", text, re.MULTILINE)
    assert [chore for chore in named if chore not in targets.split()] == []


PATH = re.compile(r"`((?:blueops_qb|tests|docs|hooks|migrations|requirements)/[\w./-]+)`")


@pytest.mark.parametrize("paper", PAPERS, ids=name)
def test_every_file_that_is_named_exists(paper: Path) -> None:
    named = PATH.findall(paper.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []
