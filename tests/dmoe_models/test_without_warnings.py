"""Public calls give no warnings of libraries, and what they return can be pickled."""

from __future__ import annotations

import contextlib
import io
import pickle
import pydoc
import warnings

import pytest

import dmoe_models
from dmoe_models import (
    check,
    compare,
    evaluate,
    read_instance,
    run_rounds,
    solve,
    validate,
    write_instance,
)
from dmoe_models.certificates import certify
from instances import draw, list_families, load_set


def made(tmp_path) -> list[object]:
    """What a user gets from the calls of an hour."""
    instances = [draw("contended", seed, K=3, T=4) for seed in (0, 1)]
    for suffix in ("json", "nc"):
        write_instance(instances[0], tmp_path / f"round.{suffix}")
        read_instance(tmp_path / f"round.{suffix}")
    result = solve(instances[0], "jesa")
    report = evaluate(instances[0], result.solution)
    found = validate(instances, ["jesa", "exact", "lower-bound"])
    compared = compare(found)
    rounds = run_rounds("rayleigh", ["jesa", "top-k"], layers=2, K=3, T=4)
    proof = certify(instances[0])
    texts = [found.text(), found.to_latex(), found.to_markdown(), compared.text()]
    tables = [dmoe_models.methods(), list_families(), load_set("smoke").best_known, report]
    verdict = check(instances[0], result.solution)
    return [*instances, result, found, compared, rounds, proof, verdict, *texts, *tables]


def test_no_call_warns_and_every_result_can_be_pickled(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for value in made(tmp_path):
            again = pickle.loads(pickle.dumps(value))
            assert type(again) is type(value) and repr(again) == repr(value)
            if hasattr(value, "_repr_html_"):
                assert again._repr_html_() == value._repr_html_()


@pytest.mark.parametrize("name", ["", *dmoe_models.__all__])
def test_help_says_something_of_every_name(name):
    value = getattr(dmoe_models, name) if name else dmoe_models
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        pydoc.Helper(output=out).help(value)
    assert len(out.getvalue()) > 200 or issubclass(value, Exception)


def test_completion_lists_the_public_names():
    import formulations
    import instances

    for package in (dmoe_models, formulations, instances):
        assert set(package.__all__) <= set(dir(package))
        assert len(dir(package)) == len(set(dir(package)))
    assert dmoe_models.__version__[0].isdigit()
