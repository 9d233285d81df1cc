"""Every value that a user meets stays what it was made: after copies, pickles, writes to parts."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import pickle
import struct

import numpy as np
import pandas as pd
import pytest
from public_values import (
    NOT_VALUES,
    SAMPLES,
    arguments,
    name_of,
    properties,
    public_classes,
    sample,
)

from dmoe_models import Instance, InstanceError, Solution, evaluate, solve
from dmoe_models.model.energy import EnergyReport
from dmoe_models.values.frozen import FrozenDict, FrozenList, frozen, sealed
from dmoe_models.values.value import TableValue, Value
from instances import draw

VALUES = [kind for kind in public_classes() if issubclass(kind, Value)]


def by_buffers(value):
    """Pickle with the arrays beside it, in memory that can be written to."""
    buffers: list = []
    raw = pickle.dumps(value, 5, buffer_callback=buffers.append)
    held = [bytearray(buffer.raw()) for buffer in buffers]
    other = pickle.loads(raw, buffers=held)
    for memory in held if not isinstance(value, TableValue) else ():  # text of tables stays there
        memory[:] = bytes(len(memory))
    return other


def by_cloudpickle(value):
    """Pickle as joblib and Dask do."""
    return pickle.loads(pytest.importorskip("cloudpickle").dumps(value))


WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda value, p=protocol: pickle.loads(pickle.dumps(value, p))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "pickle with buffers": by_buffers,
    "cloudpickle": by_cloudpickle,
    "replace": dataclasses.replace,
}

OF_FUNCTIONS = ("Study", "StudyReport", "Design", "BoundMethod", "Picture")
"""Values that hold functions without a name, or figures: no two of these are equal."""

DAMAGE = (
    lambda part: part.setflags(write=True),
    lambda part: part.__setitem__(Ellipsis, 0),
    lambda part: part.__setitem__(0, 7),
    lambda part: part.__setitem__("a", 7),
    lambda part: part.append(7),
    lambda part: part.clear(),
    lambda part: part.sort(),
    lambda part: part.reverse(),
    lambda part: part.pop(),
    lambda part: part.update(a=7),
    lambda part: part.__ior__({"a": 7}),
    lambda part: part.__iadd__([7]),
    lambda part: part.__imul__(2),
    lambda part: part.iloc.__setitem__((0, 0), None),
)
"""Ways to write to an array, a list, a dict or a table."""


def damage(part):
    """Write to a part of a value, and to its own parts, in all ways that there are."""
    if isinstance(part, dict):
        inner = list(part.values())
    else:
        inner = list(part) if isinstance(part, (list, tuple)) else []
    for one in inner:
        damage(one)
    if isinstance(part, (np.ndarray, list, dict, pd.DataFrame)):
        for way in DAMAGE:
            with contextlib.suppress(TypeError, ValueError, AttributeError, LookupError):
                way(part)


def damage_everything(value):
    """Try to change a value by all that it hands out."""
    for name, part in properties(value).items():
        with pytest.raises(AttributeError):
            setattr(value, name, part)
        damage(part)


def test_every_record_that_users_meet_is_a_value():
    for kind in public_classes():
        known = issubclass(kind, (Value, tuple)) or name_of(kind) in NOT_VALUES
        assert known, f"{name_of(kind)} is met by users: let it be a Value, or say what it is"
        assert kind not in VALUES or kind.__eq__ in (Value.__eq__, Instance.__eq__), (
            f"{name_of(kind)}: write @dataclass(frozen=True, eq=False)"
        )


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_what_a_caller_still_holds_does_not_reach_a_value(kind):
    if name_of(kind) in SAMPLES:
        pytest.skip("made by a reader")
    held = arguments(kind)
    value, same = kind(**held), kind(**arguments(kind))
    damage(held)
    assert value == same and hash(value) == hash(same)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_a_value_cannot_be_changed_by_what_it_hands_out(kind):
    value, same = sample(kind), sample(kind)
    before = repr(properties(value))
    damage_everything(value)
    assert value == same and hash(value) == hash(same)
    assert repr(properties(value)) == before


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_neither_can_a_copy(kind):
    value = sample(kind)
    for name, way in WAYS.items():
        if name not in ("copy", "replace") and kind.__name__ in OF_FUNCTIONS:
            continue
        other = way(value)
        assert type(other) is kind and other == value and hash(other) == hash(value), name
        before = repr(properties(other))
        damage_everything(other)
        assert other == value and hash(other) == hash(value), name
        assert repr(properties(other)) == before, name


# -------------------------------------------------------------------------------- what it rests on

INSTANCE = draw("rayleigh", 3, K=3, T=4)


def test_a_copy_leaves_behind_what_was_worked_out():
    instance = copy.deepcopy(INSTANCE)
    instance.derived(len_of_name)
    assert copy.copy(instance)._derived == {} and instance._derived
    report = evaluate(INSTANCE, solve(INSTANCE, "jesa").solution)
    assert vars(copy.deepcopy(report)).keys() == {f.name for f in dataclasses.fields(report)}


def len_of_name(instance):
    """Some quantity that an instance is asked to keep."""
    return len(instance.name)


def test_a_pickle_that_was_tampered_with_is_checked_like_any_other_input():
    raw = pickle.dumps(INSTANCE)
    number = struct.pack(">d", INSTANCE.bandwidth_hz)
    assert number in raw
    with pytest.raises(InstanceError, match="bandwidth_hz"):
        pickle.loads(raw.replace(number, struct.pack(">d", -1.0), 1))


def test_a_pickle_of_another_version_is_refused():
    bare = object.__new__(Instance)
    with pytest.raises(TypeError, match="constructor"):
        bare.__setstate__(dict(vars(INSTANCE)))


@pytest.mark.parametrize("name", ["gain", "rate_bps", "need", "links", "gate_scores"])
def test_no_array_of_an_instance_can_be_made_writable(name):
    for instance in (INSTANCE, copy.deepcopy(INSTANCE), pickle.loads(pickle.dumps(INSTANCE))):
        array = getattr(instance, name)
        with pytest.raises(ValueError):
            np.asarray(array).setflags(write=True)
        with pytest.raises(ValueError):
            array[...] = 0


def test_views_and_bases_that_a_caller_keeps_are_copied():
    memory = np.array(INSTANCE.gain)
    instance = INSTANCE.replace(gain=memory[:, :, :])
    read_only = memory.view()
    read_only.setflags(write=False)
    other = INSTANCE.replace(gain=read_only)
    digest = instance.sha256
    memory[...] = 1e-3
    assert digest == copy.copy(instance).sha256 == copy.copy(other).sha256 == INSTANCE.sha256


def test_equality_does_not_ask_for_the_type_of_numbers_and_takes_nan_for_nan():
    report = evaluate(INSTANCE, solve(INSTANCE, "jesa").solution)
    counts = report.token_counts.astype(float)
    energies = np.where(report.per_token_j > 0, np.nan, np.nan)
    one, other = (
        dataclasses.replace(report, token_counts=c, per_token_j=energies, total_j=np.nan)
        for c in (counts, counts.astype("i2"))
    )
    assert one == other and hash(one) == hash(other)
    assert one != dataclasses.replace(one, total_j=1.0) and one != report
    assert one != dataclasses.replace(one, per_token_j=energies[1:])
    assert (one == 3) is False


def test_solutions_have_a_hash():
    selection = [[1, 0], [0, 1]]
    one, other = (Solution(np.array(selection, dtype=kind)) for kind in (bool, float))
    assert len({one, other}) == 1
    assert one != Solution([[1, 0], [1, 0]])


def test_frozen_parts_read_like_what_they_were_made_of():
    content = {"a": [1, {"b": (2, [3])}], "c": {4}}
    part = frozen(content)
    assert part == {"a": [1, {"b": (2, [3])}], "c": {4}}
    assert isinstance(part, FrozenDict) and isinstance(part["a"], FrozenList)
    assert isinstance(part["c"], frozenset)
    assert {**part, "d": 1}["d"] == 1 and [*part["a"], 2][-1] == 2
    assert part.copy()["a"] is part["a"] and type(part | {}) is dict


def test_what_is_sealed_cannot_be_opened_from_below():
    for array in (np.arange(6.0).reshape(2, 3), np.zeros((0, 3)), np.array(1.5), np.eye(3).T):
        part = sealed(array)
        assert part.tolist() == array.tolist() and not array.flags.writeable
        while isinstance(part, np.ndarray):
            with pytest.raises(ValueError):
                part.setflags(write=True)
            part = part.base
    assert sealed(np.array([None, "a"], dtype=object)).tolist() == [None, "a"]


def test_an_energy_report_is_one():
    assert issubclass(EnergyReport, Value) and EnergyReport in VALUES
