"""The text of an error is one line that can be printed, whatever a file has in it."""

import pytest

from dmoe_models import DmoeError, FileError, MethodError


@pytest.mark.parametrize(
    ("quoted", "shown"),
    [
        ("plain é漢", "plain é漢"),
        ("two\nlines\r\n", r"two\nlines\r\n"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u2028\u202e", r"\u2028\u202e"),
        ("half \ud800", r"half \ud800"),
        ("x" * 5000, "x" * 60 + "..."),
    ],
)
def test_what_is_quoted_breaks_no_line(quoted, shown):
    for kind in (DmoeError, FileError, MethodError):
        text = str(kind(f"name {quoted} is wrong"))
        assert text == f"name {shown} is wrong"
        assert text.isprintable() and text.encode("utf-8")
