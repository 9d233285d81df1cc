"""Every command on every kind of screen: the same files, and the same exit status.

The whole matrix is a campaign; otherwise every command meets some of the screens, and every screen
some of the commands.
"""

from __future__ import annotations

import io
import re
import sys

import pytest

from dmoe_models.cli.screen import Screen

from command_runner import SCREENS
from command_samples import SLOW, arguments, found
from volumes import CAMPAIGN

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full and terminals")

COMMANDS = list(found())
UNUSUAL = [screen for screen in SCREENS if screen != "ordinary"]


def chosen(number: int, path: tuple[str, ...]) -> list[str]:
    """Return the screens that a command is tried on."""
    if CAMPAIGN:
        return UNUSUAL
    if path in SLOW:
        return []
    return [UNUSUAL[(3 * number + step) % len(UNUSUAL)] for step in (0, 7)]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_a_small_run(path):
    assert arguments(path)[: len(path)] == [*path]


@pytest.mark.parametrize(("number", "path"), list(enumerate(COMMANDS)), ids=str)
def test_a_screen_changes_neither_files_nor_status(number, path, run):
    words = arguments(path)
    screens = chosen(number, path)
    if not screens:
        pytest.skip("takes seconds: in a campaign only")
    ordinary = run(words)
    assert ordinary.status in (0, 1) and b"Traceback" not in ordinary.err, ordinary
    for screen in screens:
        done = run(words, screen)
        about = f"{' '.join(words)} on {screen}: {done}"
        assert b"Traceback" not in done.out + done.err, about
        assert b"ignored" not in done.err, about
        assert set(done.files) == set(ordinary.files), about
        lost = (screen == "full" and ordinary.out) or (
            screen == "no room for errors" and ordinary.err
        )
        assert done.status == (ordinary.status or int(bool(lost))), about
        if screen == "full" and ordinary.out:
            assert done.err.endswith(b"error: standard output: No space left on device\n"), about
        if screen in ("uncoloured", "dumb"):
            assert not re.search(rb"\x1b\[[0-9;]*m", done.out), about
        if "encoding" in SCREENS[screen]:
            done.out.decode(SCREENS[screen]["encoding"])


def test_a_report_does_not_need_a_reader(run):
    done = run(arguments(("validate",)), "pipe nobody reads")
    assert done.status == 0 and done.files["report/report.html"] > 10_000, done


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "Zürich α\n"),
        ("cp1252", "Z?rich ?\n"),
        ("latin-1", "Z?rich ?\n"),
        ("ascii", "Z?rich ?\n"),
        ("ascii:xmlcharrefreplace", "Z&#252;rich &#945;\n"),
        ("cp869", "Z?rich ?\n"),
        ("koi8_r", "Z?rich ?\n"),
    ],
)
def test_a_line_that_a_code_page_lacks_is_ascii(encoding, shown):
    assert shown_under(encoding, "Zürich α") == shown.encode()


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_line_that_a_code_page_has_is_written_in_it(encoding):
    assert shown_under(encoding, "Zürich") == "Zürich\n".encode(encoding)


def test_a_name_that_is_no_utf_8_is_shown():
    assert shown_under("utf-8", "caf\udce9.json α") == "caf?.json α\n".encode()


def shown_under(encoding: str, text: str) -> bytes:
    """Return what a terminal of that encoding gets when a command prints the text."""
    name, _, errors = encoding.partition(":")
    shown = io.BytesIO()
    screen = Screen(io.TextIOWrapper(shown, encoding=name, errors=errors or "strict"), "screen")
    print(text, file=screen, flush=True)
    return shown.getvalue()
