"""The family of one's own that FORMAT.md shows works as it stands there."""

from __future__ import annotations

import re
import shlex

import pytest
from file_examples import FORMAT

from instances import list_families, load_set
from instances.families import draw

from shell import call

SECTION = re.search(r"^## A family of one's own\n(.*?)^## ", FORMAT, re.DOTALL | re.MULTILINE)[1]
BLOCKS = dict(re.findall(r"^```(\w*)\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE))
CODE, COMMANDS = BLOCKS["python"], BLOCKS[""]
SET = """\
title = "Two rooms"
purpose = "To try the format."
drawn = "Seed 1."
not_covered = "Nearly everything."

[[draws]]
family = "mine.py:two_rooms"
seeds = [1]
parameters = { K = 4 }
"""


def test_the_family_of_the_page(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(CODE)
    for line in COMMANDS.splitlines():
        assert call(capsys, *shlex.split(line)[1:]).status == 0, line
    assert (tmp_path / "round.json").exists() and len(list((tmp_path / "rounds").iterdir())) == 3
    row = list_families("mine.py:two_rooms").set_index("parameter").loc["wall_db"]
    assert (row["default"], row["unit"]) == (10.0, "dB") and row["meaning"].startswith("What the")
    (tmp_path / "mine.toml").write_text(SET)
    (drawn,) = load_set("mine.toml", allow_code=True)
    plain = draw("rayleigh", 1, K=4)
    assert drawn.gain[0, 3] == pytest.approx(0.1 * plain.gain[0, 3])
    assert drawn.gain[0, 1] == pytest.approx(plain.gain[0, 1])
