"""What is missing in an array is named and never computed with; what is whole is taken as it is."""

import numpy as np
import pandas as pd
import pytest
from file_examples import example

from dmoe_models import InstanceError, Solution, SolutionError
from dmoe_models.algorithms.selection.des import select_experts

GAIN = np.array(example().gain)
SELECTION = [[True, False], [False, True]]


def masked(field, *places):
    array = np.ma.masked_array(np.array(getattr(example(), field)))
    for place in places:
        array[place] = np.ma.masked
    return array


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gain": masked("gain", (1, 2, 0))}, "gain[1,2,0] is missing"),
        ({"gain": list(masked("gain", (2, 0, 1)))}, "gain[2,0,1] is missing"),
        ({"gate_scores": masked("gate_scores", (2, 1))}, "gate_scores[2,1] is missing"),
        ({"source": masked("source", 1)}, "source[1] is missing"),
        ({"source": [0, np.ma.masked, 0]}, "source[1] is missing"),
        ({"source": pd.array([0, None, 1], dtype="Int64")}, "source[1] ="),
        ({"source": [0.0, np.nan, 1.0]}, "source[0] = 0.0 is not a whole number"),
        ({"source": np.array([0.0, np.nan, 1.0])}, "a whole number: source[1] = nan"),
        ({"static_energy_j": pd.Series([0.0, None, 1.0])}, "static_energy_j[1] = nan"),
        ({"static_energy_j": pd.Series([0.0, pd.NA, 1.0])}, "static_energy_j[1] = <NA>"),
        ({"static_energy_j": [0.0, 1.0, pd.NaT]}, "static_energy_j[2] = NaT"),
        ({"static_energy_j": [0.0, 1.0, None]}, "static_energy_j[2] = None"),
        ({"static_energy_j": np.zeros(3, "M8[s]")}, "static_energy_j: entries of type datetime"),
        ({"static_energy_j": np.zeros(3, [("j", "f8")])}, "static_energy_j: entries of type"),
        ({"static_energy_j": np.full(3, np.longdouble("1e999"))}, "static_energy_j[0] = inf"),
        ({"assignment": np.ma.masked_all((3, 3), int)}, "assignment[0,0] is missing"),
        ({"max_experts": np.ma.masked}, "max_experts = masked"),
        ({"relevance": np.ma.masked}, "relevance = masked"),
        ({"importance": pd.NA}, "importance = <NA>"),
        ({"gain": np.zeros((3, 3, 0))}, "no subcarriers"),
        ({"gate_scores": np.zeros((0, 3))}, "no tokens"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_missing_is_named(changes, words):
    with pytest.raises(InstanceError) as caught:
        example(**changes)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_mask_that_hides_nothing_changes_nothing():
    fields = ("gate_scores", "source", "gain", "computation_energy_j", "static_energy_j")
    assert example(**{name: masked(name) for name in fields}).sha256 == example().sha256
    assert example(source=pd.array([0, 0, 1], dtype="Int64")) == example()


def test_the_diagonal_of_gain_is_ignored_whatever_stands_there():
    diagonal = np.arange(3)
    for nothing in (np.nan, np.inf, -np.inf):
        gain = GAIN.copy()
        gain[diagonal, diagonal] = nothing
        assert example(gain=gain).sha256 == example().sha256
        assert example(gain=gain.tolist()).sha256 == example().sha256
    assert example(gain=masked("gain", (diagonal, diagonal))).sha256 == example().sha256
    hard = np.ma.array(masked("gain", (diagonal, diagonal)), hard_mask=True)
    assert example(gain=hard).sha256 == example().sha256 and hard.mask[0, 0].all()
    gain = GAIN.copy()
    gain[0, 0, 1] = 5.0
    assert example(gain=gain).gain[0, 0, 1] == 5.0  # finite: kept, as the hash covers it
    gain[0, 0, 1] = -5.0
    with pytest.raises(InstanceError, match=r"gain\[0,0,1\] = -5.0 is negative"):
        example(gain=gain)


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (np.ma.masked_array(SELECTION, mask=[[0, 0], [1, 0]]), "selection[1,0] is missing"),
        ([[True, None], [False, True]], "selection[0,1] = None"),
        (pd.DataFrame([[True, pd.NA]]), "selection[0,1] = <NA>"),
        ([[1.0, np.nan]], "selection[0,1] = nan"),
        ([[1, 0], [0, 2]], "selection[1,1] = 2"),
        ([[1, 0], [0]], "selection[1]: length 1"),
        ([["yes", "no"]], "not of type <U3"),
    ],
)
def test_decisions_that_are_missing_are_named(selection, words):
    with pytest.raises(SolutionError) as caught:
        Solution(selection)
    assert words in str(caught.value)


def test_masked_subcarriers_and_assignments_are_no_decisions():
    with pytest.raises(SolutionError, match=r"subcarriers\[0,0,0\] is missing"):
        Solution(SELECTION, subcarriers=np.ma.masked_all((2, 2, 3), bool))
    with pytest.raises(SolutionError, match=r"assignment\[0,1\] is missing"):
        Solution(SELECTION, assignment=np.ma.masked_equal([[-1, 9], [-1, -1]], 9))
    assert Solution(np.ma.masked_array(SELECTION)) == Solution(SELECTION)


def test_des_looks_under_no_mask():
    scores = np.ma.masked_array([[0.5, 0.5]], mask=[[False, True]])
    with pytest.raises(InstanceError, match=r"\[0,1\] is missing"):
        select_experts(np.ones((1, 2)), scores, np.array([0.5]), 2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "\ud800"}, "name = '\\ud800'"),
        ({"metadata": {"place": {"room": "\udfff"}}}, "metadata.place.room = '\\udfff'"),
        ({"metadata": {"\udc00": 1}}, "metadata: key = '\\udc00'"),
        ({"metadata": {"rooms": ["a", "\ud83d"]}}, "metadata.rooms[1] = '\\ud83d'"),
    ],
)
def test_half_a_character_is_no_text(changes, words):
    with pytest.raises(InstanceError) as caught:
        example(**changes)
    assert words in str(caught.value)


def test_characters_beyond_the_basic_plane_are_text():
    assert example(name="\U0001f600 Zürich").name == "\U0001f600 Zürich"
