"""What holds for every command in the house: found by its folder, taught, and refused in one line.

A command that is added is tested here before its author writes a test of its own.
"""

from __future__ import annotations

import importlib
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from dmoe_models.cli import commands
from dmoe_models.cli.app import dmoe
from dmoe_models.cli.folder import CommandFolder
from dmoe_models.studies.study import study_names

from command_samples import write_files
from shell import assert_refused, call


def found(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every command and group below a group, such as ("library", "show")."""
    context = click.Context(group)
    for name in group.list_commands(context):
        yield (*path, name)
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from found(command, (*path, name))


def at(path: tuple[str, ...]) -> click.Command:
    command: click.Command = dmoe
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
        assert command is not None
    return command


PATHS = list(found(dmoe))
COMMANDS = [path for path in PATHS if not isinstance(at(path), click.Group)]


def has_json(path: tuple[str, ...]) -> bool:
    return any("--json" in parameter.opts for parameter in at(path).params)


def examples(path: tuple[str, ...]) -> list[str]:
    """Return the lines of a command's help, or of its group's, that show how to call it."""
    lines = f"{at(path).epilog or ''}\n{at(path[:-1]).epilog or ''}".splitlines()
    starts = (f"dmoe {' '.join(path)}", f"{path[-1]}.py")
    return [line.strip() for line in lines if line.strip().startswith(starts)]


def test_all_commands_are_found():
    assert {path[0] for path in PATHS} == {
        "families", "methods", "generate", "import", "info", "solve", "check", "certify", "convert",
        "export", "read-solution", "compare", "rounds", "validate", "library", "study",
    }  # fmt: skip
    assert {path[1] for path in PATHS if path[0] == "library" and path[1:]} == {
        "list", "show", "build", "verify", "update", "table", "search",
    }  # fmt: skip
    assert {path[1] for path in PATHS if path[0] == "study" and path[1:]} == {
        "status", "compare", "report", *study_names(),
    }  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help(path, capsys):
    done = call(capsys, *path, "--help")
    assert done.status == 0 and done.err == ""
    assert done.out.startswith(f"Usage: dmoe {' '.join(path)} ")
    assert at(path).help
    assert examples(path), "no example in its help"


@pytest.mark.parametrize("path", [(), ("library",), ("study",)], ids=["dmoe", "library", "study"])
def test_the_list_of_commands_is_the_first_lines_of_their_modules(path, capsys):
    group = at(path)
    assert isinstance(group, CommandFolder)
    page = call(capsys, *path, "--help").out
    listed = " ".join(page.partition("Commands:")[2].split())
    for name, info in group.modules().items():
        module = importlib.import_module(f"{group.package}.{info.name}")
        assert f"{name} {module.__doc__.partition(chr(10))[0]} " in f"{listed} "
        assert at((*path, name)).short_help is None  # the module has it


@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_an_unknown_option_is_one_line(path, capsys):
    assert_refused(call(capsys, *path, "--nonesuch"), "--nonesuch")


def reads_files(path: tuple[str, ...]) -> bool:
    return any(
        isinstance(parameter, click.Argument) and isinstance(parameter.type, click.Path)
        for parameter in at(path).params
    )


@pytest.mark.parametrize("path", [path for path in COMMANDS if reads_files(path)], ids=" ".join)
def test_a_missing_file_is_one_line(path, capsys, tmp_path):
    given: list[object] = []
    for parameter in at(path).params:
        if isinstance(parameter, click.Argument) and isinstance(parameter.type, click.Path):
            given.append(tmp_path / f"nowhere-{parameter.name}.json")
        elif isinstance(parameter, click.Option) and parameter.required:
            kinds = {click.INT: 3, click.STRING: "jesa"}
            given += [parameter.opts[0], kinds.get(parameter.type, tmp_path / "out.json")]
    if path == ("certify",):
        given += ["-o", tmp_path / "proof.json"]
    assert_refused(call(capsys, *path, *given), "nowhere-")
    assert list(tmp_path.iterdir()) == []


JSON_RUNS = {
    ("certify",): "dmoe certify round.json -o proof.json",
    ("compare",): "dmoe compare rows.json",
    ("generate",): "dmoe generate",
    ("import",): "dmoe import gates.npy gains.npy --nodes 3 --tokens 10 -o joined.json",
    ("library", "search"): (
        "dmoe library search greedy --base rayleigh -p K=2 -p T=2 -p M=2 --runs 1 --draws 1 "
        "--trials 0 -o bad.toml"
    ),
    ("library", "update"): "dmoe library update answers/ --set mine.toml --records best/",
    ("library", "verify"): "dmoe library verify smoke",
    ("rounds",): "dmoe rounds rayleigh -p K=3 -p T=4 --layers 1 --methods top-k",
    ("validate",): "dmoe validate round.json --methods jesa",
}
"""Shorter runs than the first example of the help."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files that the examples name, as far as they are run here."""
    folder = tmp_path_factory.mktemp("examples")
    write_files(folder)
    return folder


@pytest.mark.parametrize(
    "path",
    [path for path in COMMANDS if has_json(path) and path[0] != "study"],  # those have databases
    ids=" ".join,
)
def test_json_is_json(path, capsys, folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("DMOE_DATA", raising=False)
    line = JSON_RUNS.get(path) or examples(path)[0]
    done = call(capsys, *shlex.split(line)[1:], "--json")
    assert done.status in (0, 1), done
    json.loads(done.out)


# ----------------------------------------------------------------------------------- the folder


def test_a_file_that_is_dropped_in_is_a_command(capsys, tmp_path, monkeypatch):
    (tmp_path / "say_hello.py").write_text(
        '"""Greet somebody."""\n\nimport click\n\n\n@click.command()\n@click.argument("name")\n'
        "def say_hello(name):\n    click.echo(f'hello {name}')\n"
    )
    (tmp_path / "_shared.py").write_text('"""No command."""\n')
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    page = call(capsys, "--help").out
    assert "  say-hello      Greet somebody.\n" in page and "shared" not in page
    done = call(capsys, "say-hello", "world")
    assert (done.status, done.out, done.err) == (0, "hello world\n", "")
    assert call(capsys, "solve", "--help").status == 0


def loaded_after(code: str) -> set[str]:
    code += "\nimport sys; print('\\n', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_help_imports_no_command():
    loaded = loaded_after(
        "from dmoe_models.cli.app import dmoe\ndmoe.main(['--help'], standalone_mode=False)"
    )
    assert "dmoe_models.cli.commands" in loaded
    assert not [name for name in loaded if name.startswith("dmoe_models.cli.commands.")]
    assert not {"numpy", "pandas", "mpmath", "netCDF4", "rich"} & loaded


def test_no_command_needs_an_optional_package_to_be_imported():
    names = [
        f"{at(path[:-1]).package}.{at(path[:-1]).modules()[path[-1]].name}"
        for path in PATHS
        if path[-1] in at(path[:-1]).modules()
    ]
    loaded = loaded_after("\n".join(f"import {name}" for name in names))
    optional = ("torch", "ortools", "dask", "distributed", "matplotlib", "jinja2")
    assert not {*optional, "pyarrow.parquet"} & loaded
