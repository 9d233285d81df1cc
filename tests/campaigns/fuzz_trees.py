"""Mutations of documents that are trees, JSON and TOML: what comes out is still well-formed.

A tree is `Table`, `Row`, or the text of a scalar as it stands in a file, so that it can hold what
no Python value can: a key twice, 1e400, a number of thousands of digits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np


class Table(list):
    """Pairs (lists of two) of a key, as it is written, and a tree."""


class Row(list):
    """Trees."""


Tree: TypeAlias = Table | Row | str

SCALARS = (
    *("null", "true", "false", "0", "1", "-1", "-0.0", "2.0", "1.5", "1e308", "-1e308", "5e-324"),
    *("1e400", "-1e400", "1e-400", "NaN", "Infinity", "-Infinity", "9223372036854775808"),
    *("-9223372036854775809", "18446744073709551616", "1" + "0" * 400, "9" * 5000, "0.1e-320"),
    *('""', '"NaN"', '"Infinity"', '"-Infinity"', '"1"', '"true"', '"null"', '" "', '"P1"', '"P2"'),
    *('"\\ud800"', '"x\\udfffy"', '"\\u0000"', '"a\\nb"', '"\\u2028"', '"\\u202e"', '"\\u001b[2J"'),
    *('"é漢字𝕏"', '"../../x"', '"/dev/null"', '"%s{}{0}"', f'"{"x" * 10000}"', f'"{"f" * 64}"'),
)
"""Scalars that readers have to take or refuse."""

NAMES = ("a", "", "__class__", "name", "gain", "\\ud800", "x" * 500, "A\\nB", "größe", "version ")


def tree_of(value: Any) -> Tree:
    """Return the tree of plain JSON."""
    if isinstance(value, dict):
        return Table([json.dumps(key), tree_of(entry)] for key, entry in value.items())
    if isinstance(value, (list, tuple)):
        return Row(tree_of(entry) for entry in value)
    return json.dumps(value)


def as_json(tree: Tree) -> str:
    """Write a tree as JSON."""
    if isinstance(tree, Table):
        return "{" + ", ".join(f"{key}: {as_json(value)}" for key, value in tree) + "}"
    return "[" + ", ".join(map(as_json, tree)) + "]" if isinstance(tree, Row) else tree


_IN_TOML = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf", "null": "1979-05-27T07:32:00Z"}


def as_toml(tree: Tree) -> str:
    """Write a tree as TOML; null, which that has not, becomes a date."""
    pairs = tree if isinstance(tree, Table) else [['"draws"', tree]]
    return "".join(f"{key} = {_inline(value)}\n" for key, value in pairs)


def _inline(tree: Tree) -> str:
    if isinstance(tree, Table):
        return "{" + ", ".join(f"{key} = {_inline(value)}" for key, value in tree) + "}"
    if isinstance(tree, Row):
        return "[" + ", ".join(map(_inline, tree)) + "]"
    return _IN_TOML.get(tree, tree)


def _places(tree: Tree) -> Iterator[tuple[Any, int]]:
    """Yield every list that holds a tree, and where in it."""
    for number, entry in enumerate(tree if isinstance(tree, list) else ()):
        holder, place = (entry, 1) if isinstance(tree, Table) else (tree, number)
        yield holder, place
        yield from _places(holder[place])


def _copied(tree: Tree) -> Tree:
    if isinstance(tree, Table):
        return Table([key, _copied(value)] for key, value in tree)
    return Row(map(_copied, tree)) if isinstance(tree, Row) else tree


def _lists(tree: Tree) -> list[Any]:
    inner = [holder[place] for holder, place in _places(tree)]
    return [one for one in (tree, *inner) if isinstance(one, list) and one]


def _replace(tree: Tree, rng: np.random.Generator) -> None:
    holder, place = _any(list(_places(tree)), rng)
    holder[place] = _any(SCALARS, rng)


def _empty(tree: Tree, rng: np.random.Generator) -> None:
    holder, place = _any(list(_places(tree)), rng)
    holder[place] = _any((Row(), Table(), Row([Row()]), Row(["null"]), Table([['"a"', "1"]])), rng)


def _tweak(tree: Tree, rng: np.random.Generator) -> None:
    """Change a number a little, or very much."""
    places = [
        (h, p) for h, p in _places(tree) if isinstance(h[p], str) and h[p][:1] in "-0123456789"
    ]
    if not places:
        return _replace(tree, rng)
    holder, place = _any(places, rng)
    value = float(holder[place])
    whole = holder[place].lstrip("-").isdigit()
    options = [
        -value,
        value + 1,
        value - 1,
        value * 1e300,
        value / 3,
        value * (1 + 1e-12),
        value * 2,
    ]
    new = _any(options, rng)
    holder[place] = str(int(new)) if whole and abs(new) < 1e15 and rng.random() < 0.7 else repr(new)
    holder[place] = holder[place].replace("inf", "1e999").replace("nan", "NaN")
    return None


def _move(tree: Tree, rng: np.random.Generator) -> None:
    """Put a copy of a part elsewhere."""
    places = list(_places(tree))
    (holder, place), (source, at) = _any(places, rng), _any(places, rng)
    holder[place] = _copied(source[at])


def _drop(tree: Tree, rng: np.random.Generator) -> None:
    one = _any(_lists(tree), rng)
    del one[int(rng.integers(len(one)))]


def _repeat(tree: Tree, rng: np.random.Generator) -> None:
    """Repeat an entry: a key that is given twice, a list that is too long."""
    one = _any(_lists(tree), rng)
    entry = one[int(rng.integers(len(one)))]
    for _ in range(int(_any((1, 1, 1, 2, 300), rng))):
        one.append([entry[0], _copied(entry[1])] if isinstance(one, Table) else _copied(entry))


def _reorder(tree: Tree, rng: np.random.Generator) -> None:
    one = _any(_lists(tree), rng)
    rng.shuffle(order := list(range(len(one))))
    one[:] = [one[place] for place in order]


def _shorten(tree: Tree, rng: np.random.Generator) -> None:
    one = _any(_lists(tree), rng)
    del one[int(rng.integers(len(one))) :]


def _rename(tree: Tree, rng: np.random.Generator) -> None:
    tables = [one for one in _lists(tree) if isinstance(one, Table)]
    if not tables:
        return _replace(tree, rng)
    pair = _any(_any(tables, rng), rng)
    new = (pair[0][:-1] + 's"', pair[0].upper(), *(f'"{name}"' for name in NAMES))
    pair[0] = _any(new, rng)
    return None


def _add(tree: Tree, rng: np.random.Generator) -> None:
    one = _any(_lists(tree), rng)
    value = _any(SCALARS, rng)
    one.insert(0, [f'"{_any(NAMES, rng)}"', value] if isinstance(one, Table) else value)


def _wrap(tree: Tree, rng: np.random.Generator) -> None:
    """Put a part into lists or tables, up to thousands of them."""
    holder, place = _any(list(_places(tree)), rng)
    deep = int(_any((1, 1, 1, 2, 5, 60, 300, 3000, 100_000), rng))
    if deep > 5:  # as text: a tree of that depth cannot be walked
        opening, closing = _any((("[", "]"), ('{"a": ', "}")), rng)
        holder[place] = opening * deep + as_json(holder[place]) + closing * deep
        return
    for _ in range(deep):
        inner = holder[place]
        holder[place] = Row([inner]) if rng.random() < 0.5 else Table([['"a"', inner]])


def _unwrap(tree: Tree, rng: np.random.Generator) -> None:
    places = [(h, p) for h, p in _places(tree) if isinstance(h[p], list) and h[p]]
    if places:
        holder, place = _any(places, rng)
        inner = holder[place]
        holder[place] = inner[0][1] if isinstance(inner, Table) else inner[0]


OPERATIONS: tuple[Callable[[Tree, np.random.Generator], None], ...] = (
    *(_replace, _replace, _replace, _tweak, _tweak, _tweak, _move, _empty, _drop, _drop, _repeat),
    *(_reorder, _shorten, _rename, _rename, _add, _wrap, _unwrap),
)


def _any(options: Any, rng: np.random.Generator) -> Any:
    return options[int(rng.integers(len(options)))]


def mutated(value: Any, rng: np.random.Generator) -> Tree:
    """Return the tree of plain JSON after one to three mutations.

    Parameters
    ----------
    value : object
    rng : numpy Generator
    """
    tree = tree_of(value)
    for _ in range(int(_any((1, 1, 1, 2, 3), rng))):
        if list(_places(tree)):
            _any(OPERATIONS, rng)(tree, rng)
    if rng.random() < 0.01:  # the whole document is something else
        return Row([tree]) if rng.random() < 0.5 else _any(SCALARS, rng)
    return tree
