"""What is no path, or no instance, is one clear error wherever it is handed over."""

import pytest

from dmoe_models import DmoeError, read_instance, read_solution, read_study, solve, validate
from dmoe_models.certificates import verify_certificate
from dmoe_models.errors import FileError
from formulations import judge_model_solution, write_model
from formulations.with_pyomo.models import p2_milp
from instances.families import draw


@pytest.mark.parametrize("wrong", [{}, None, 3, print])
def test_what_is_no_path(wrong):
    instance = draw("rayleigh", 1, K=2, T=1, M=2)
    calls = [
        read_instance,
        read_solution,
        read_study,
        lambda path: write_model(instance, path),
        lambda path: judge_model_solution(instance, path),
    ]
    for call in calls:
        with pytest.raises(FileError, match=f"path is of type {type(wrong).__name__}; give"):
            call(wrong)


@pytest.mark.parametrize("wrong", [{}, None, "round.json", print])
def test_what_is_no_instance(tmp_path, wrong):
    calls = [
        lambda given: write_model(given, tmp_path / "m.lp"),
        lambda given: verify_certificate(given, None),
        lambda given: judge_model_solution(given, "m.sol"),
        p2_milp,
    ]
    for call in calls:
        with pytest.raises(DmoeError, match=f"instance is of type {type(wrong).__name__}"):
            call(wrong)


def test_what_is_no_certificate_or_sequence_of_instances():
    with pytest.raises(DmoeError, match="certificate is of type dict"):
        verify_certificate(draw("rayleigh", 1, K=2, T=1, M=2), {})
    with pytest.raises(DmoeError, match="instances is of type dict; give"):
        validate({}, ["jesa"])


def test_the_home_folder_is_known(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.py").write_text(
        "from dmoe_models import solve\n"
        "from instances.families import draw\n"
        "def method(instance): return solve(instance, 'jesa').solution\n"
        "def family(seed): return draw('rayleigh', seed, K=2, T=1, M=2)\n"
    )
    drawn = draw("~/mine.py:family", 1)
    assert solve(drawn, "~/mine.py:method").method == "~/mine.py:method"
