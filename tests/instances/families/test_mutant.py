"""Mutants: equal steps are equal bits, every kind of step does what it says, within ranges."""

import numpy as np
import pytest

from dmoe_models import DmoeError
from dmoe_models.portable.random import Draws
from instances.families import draw
from instances.families import mutant as mutants
from instances.library.set_file import read_set

KINDS = {change.__name__.strip("_"): place for place, change in enumerate(mutants._CHANGES)}
CONCERNS = {
    "scores": "gate_scores",
    "same_scores": "gate_scores",
    "exchange_scores": "gate_scores",
    "residence": "source",
    "entry": "gain",
    "link": "gain",
    "subcarrier": "gain",
    "everything": "gain",
    "exchange_subcarriers": "gain",
    "same_response": "gain",
    "computation": "computation_energy_j",
    "importance": "importance",
}
FIELDS = ("gate_scores", "source", "gain", "computation_energy_j", "importance")


def steps_of_kind(kind, number, level=0):
    """The first steps of a kind and level."""
    steps, step = [], level
    while len(steps) < number:
        if int(Draws(step).stream("kind").integers(len(KINDS), 1)[0]) == KINDS[kind]:
            steps.append(step)
        step += mutants.LEVELS
    return steps


def changed_fields(before, after):
    return {
        name for name in FIELDS if not np.array_equal(getattr(before, name), getattr(after, name))
    }


def test_steps_are_the_recorded_bits():
    instance = draw("mutant", 5, K=4, T=5, steps=list(range(0, 400, 7)))
    assert instance.sha256.startswith("eae143f63df665cd")


def test_no_steps_are_the_base_within_ranges():
    base = draw("contended", 5, K=4, T=5)
    assert draw("mutant", 5, K=4, T=5).sha256 == base.sha256
    assert draw("mutant", 5, K=4, T=5, D=3, base_parameters={"snr": 0.5}).sha256 == (
        draw("contended", 5, K=4, T=5, D=3, snr=0.5).sha256
    )
    weak = draw("contended", 5, K=4, T=5, snr=1e-4)
    snr = weak.gain * weak.transmit_power_w / weak.noise_power_w
    assert snr.max() < 0.01
    mutant = draw("mutant", 5, K=4, T=5, base_parameters={"snr": 1e-4})
    snr = mutant.gain * mutant.transmit_power_w / mutant.noise_power_w
    assert set(np.round(snr.ravel(), 12)) == {0.0, 0.01}


def test_all_kinds_are_here():
    assert KINDS.keys() == CONCERNS.keys()


@pytest.mark.parametrize("kind", CONCERNS)
def test_a_step_changes_what_it_says(kind):
    base = draw("mutant", 1, K=4, T=6, base="rayleigh")
    touched = set()
    for step in steps_of_kind(kind, 4):
        mutant = draw("mutant", 1, K=4, T=6, base="rayleigh", steps=[step])
        touched |= changed_fields(base, mutant)
        if CONCERNS[kind] == "gate_scores":
            rows = (mutant.gate_scores != base.gate_scores).any(axis=1)
            assert rows.sum() <= 1
        if kind in ("link", "entry", "exchange_subcarriers", "same_response"):
            links = (mutant.gain != base.gain).any(axis=2)
            assert links.sum() <= 1
        if kind == "subcarrier":
            assert (mutant.gain != base.gain).any(axis=(0, 1)).sum() == 1
    assert touched == {CONCERNS[kind]}


@pytest.mark.parametrize("kind", ["scores", "same_scores", "entry", "same_response", "importance"])
def test_higher_levels_go_less_far(kind):
    base = draw("mutant", 2, K=4, T=6)
    name = CONCERNS[kind]
    distances = []
    for level in (0, 6):
        steps = steps_of_kind(kind, 6, level)
        mutated = [draw("mutant", 2, K=4, T=6, steps=[step]) for step in steps]
        before = np.asarray(getattr(base, name))
        distances.append(np.mean([np.abs(getattr(m, name) - before).max() for m in mutated]))
    assert distances[1] < 0.1 * distances[0]


@pytest.mark.parametrize("base", ["contended", "uneven", "scarce", "knapsack-p1", "cell"])
def test_mutants_stay_within_ranges(base):
    steps = [mutants.LEVELS * n for n in range(150)]
    mutant = draw("mutant", 3, K=4, T=5, base=base, steps=steps)
    start = draw(base, 3, K=4, T=5)
    there = mutant.gain > 0
    np.testing.assert_array_equal(there, start.gain > 0)
    snr = (mutant.gain * (mutant.transmit_power_w / mutant.noise_power_w))[there]
    assert snr.min() >= 0.01 * (1 - 1e-12) and snr.max() <= 1000 * (1 + 1e-12)
    energy = mutant.computation_energy_j
    assert energy.min() >= 1e-7 and energy.max() <= 1e-2
    assert 0.05 <= mutant.importance <= 1
    assert mutant.gate_scores.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert mutant.problem == start.problem


def test_a_set_file_holds_tables_and_lists(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'title = "t"\npurpose = "p"\ndrawn = "d"\nnot_covered = "n"\n\n[[draws]]\n'
        'family = "mutant"\nseeds = [4]\nnote = "x"\nparameters = { K = 3, T = 4, base = "tdl", '
        'base_parameters = { profile = "C", M = 7 }, steps = [1, 16777216] }\n'
    )
    (drawn,) = read_set(file).build()
    same = draw(
        *("mutant", 4),
        **{"K": 3, "T": 4, "base": "tdl", "steps": [1, 16777216]},
        base_parameters={"profile": "C", "M": 7},
    )
    assert drawn.sha256 == same.sha256 and drawn.M == 7
    assert drawn.name == "mutant-K3-T4-M7-D2-s4-x"
    record = drawn.metadata
    assert draw(record["family"], record["seed"], **record["parameters"]) == same


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"base": "mutant"}, "base = 'mutant' is not one of rayleigh"),
        ({"base": "nakagami"}, "base = 'nakagami' is not one of"),
        ({"base_parameters": {"K": 3}}, "base_parameters holds K, which a mutant has itself"),
        ({"base_parameters": {"seed": 3}}, "base_parameters holds seed"),
        ({"base_parameters": {"colour": 3}}, "family contended has no parameter 'colour'"),
        ({"base_parameters": [3]}, r"base_parameters = \[3\] is not a table"),
        ({"steps": "17"}, "steps = '17' is not a list"),
        ({"steps": 17}, "steps = 17 is not a list"),
        ({"steps": [1, -1]}, r"steps\[1\] = -1 is below 0"),
        ({"steps": [2.0]}, r"steps\[0\] = 2.0 is not a whole number"),
        ({"steps": [2**63]}, "is outside 0 to"),
    ],
)
def test_bad_request(parameters, message):
    with pytest.raises(DmoeError, match=message) as caught:
        draw("mutant", 1, **parameters)
    assert "\n" not in str(caught.value)
