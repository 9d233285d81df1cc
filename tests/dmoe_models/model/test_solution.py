"""Solutions hold decisions of the right kind."""

from __future__ import annotations

import pytest

from dmoe_models import Solution, SolutionError


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"selection": [[0.5, 1.0]]}, "selection: entries must be true or false"),
        ({"selection": [["a", "b"]]}, "selection: entries must be true or false"),
        ({"selection": [[True], [True, False]]}, "selection: rows differ"),
        ({"selection": [True, False]}, "selection: expected 2 dimensions"),
        ({"assignment": [[0.5]]}, r"assignment\[0,0\] = 0.5 is not a whole number"),
        ({"assignment": [0]}, r"assignment: expected 2 dimension"),
        ({"subcarriers": [[True]]}, "subcarriers: expected 3 dimensions"),
        ({"assignment": [[0]], "subcarriers": [[[True]]]}, "not both"),
        ({"objective": "1"}, "objective = '1' is not a number"),
        ({"objective": True}, "objective = True is not a number"),
        ({"objective": [1]}, r"objective = \[1\] is not a number"),
        ({"objective": 10**400}, "objective = an integer of about 400 digits is too large"),
        ({"instance_sha256": 5}, "instance_sha256 = 5 is not a string"),
    ],
)
def test_wrong_decisions_are_named(fields, words):
    with pytest.raises(SolutionError, match=words):
        Solution(**({"selection": [[True, False]]} | fields))


def test_decisions_are_read_only_comparable_and_shown():
    solution = Solution([[1, 0], [1, 1]], [[-1, 0], [-1, -1]], objective=2)
    with pytest.raises(ValueError):
        solution.selection[0, 0] = False
    with pytest.raises(AttributeError):
        solution.selection = None
    assert solution.experts == [[0], [0, 1]]
    assert solution == Solution([[True, False], [True, True]], [[-1, 0], [-1, -1]], objective=2.0)
    assert solution != Solution([[True, False], [True, True]])
    assert "1.50 experts per token" in repr(solution)
    assert solution.to_dataframe().experts.tolist() == [[0], [0, 1]]
