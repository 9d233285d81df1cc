"""Records from plain JSON: what `plain` wrote comes back, anything else is refused in one line."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from dmoe_models import FileError
from dmoe_models.files.plain_json import Amount, Bound, Count, Date, Finite, decode, plain


@dataclass(frozen=True)
class Part:
    name: str
    seconds: Amount | None = None


@dataclass(frozen=True)
class Whole:
    label: str
    number: int
    energy_j: float = math.nan
    static_j: Finite = 0.0
    bound_j: Bound = -math.inf
    nodes: Count | None = None
    proved: bool = False
    date: Date = ""
    options: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    history: tuple[Part, ...] = ()
    best: Part | None = None


FULL = Whole(
    "a",
    -3,
    energy_j=-0.0,
    bound_j=math.inf,
    nodes=2,
    proved=True,
    date="2026-01-31",
    options={"seed": 0, "mode": None},
    parts={"x": Part("x", 1.5)},
    history=(Part("y"), Part("z", 0.0)),
    best=Part("x"),
)


@pytest.mark.parametrize("value", [FULL, Whole("b", 1, energy_j=-math.inf)])
def test_what_plain_wrote_comes_back(value):
    text = json.dumps(plain(asdict(value)), allow_nan=False)
    assert repr(decode(Whole, json.loads(text))) == repr(value)


def test_what_has_a_default_may_be_missing_and_null_is_nan():
    assert repr(decode(Whole, {"label": "a", "number": 1})) == repr(Whole("a", 1))
    assert math.isnan(decode(Whole, {"label": "a", "number": 1, "energy_j": None}).energy_j)
    energy = decode(Whole, {"label": "a", "number": 1, "energy_j": 2}).energy_j
    assert energy == 2.0 and type(energy) is float


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": 1}, "unknown key run.colour"),
        ({"label": 3}, "run.label = 3 "),
        ({"number": 1.0}, "run.number = 1.0 "),
        ({"number": True}, "run.number = True "),
        ({"energy_j": "high"}, "run.energy_j = 'high' "),
        ({"energy_j": True}, "run.energy_j = True "),
        ({"energy_j": 10**400}, "run.energy_j = an integer of about 400 digits"),
        ({"energy_j": math.nan}, "run.energy_j = nan "),
        ({"static_j": None}, "run.static_j = None "),
        ({"static_j": "Infinity"}, "run.static_j = inf "),
        ({"bound_j": None}, "run.bound_j = None "),
        ({"nodes": -1}, "run.nodes = -1 "),
        ({"proved": 1}, "run.proved = 1 "),
        ({"date": "yesterday"}, "run.date = 'yesterday' "),
        ({"options": []}, "run.options = [] "),
        ({"parts": {"x": 3}}, "run.parts.x = 3 "),
        ({"parts": {"x": {}}}, "run.parts.x.name "),
        ({"history": {}}, "run.history = {} "),
        ({"history": [{"name": "y", "seconds": -1}]}, "run.history[0].seconds = -1.0 "),
        ({"best": {"name": None}}, "run.best.name = None "),
    ],
)
def test_what_does_not_fit_is_named(change, words):
    with pytest.raises(FileError) as caught:
        decode(Whole, {"label": "a", "number": 1} | change, "run")
    assert words in f"{caught.value} " and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, [], "text"])
def test_only_an_object_is_a_record(content):
    with pytest.raises(FileError):
        decode(Whole, content)


def test_a_missing_key_is_named():
    with pytest.raises(FileError, match=r"label is missing"):
        decode(Whole, {"number": 1})
