"""The `dmoe` command: what it prints, where it writes, and how it refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import highspy
import numpy as np
import pytest

from dmoe_models import read_instance, read_solution, solve, write_instance, write_solution
from instances.families import draw

from shell import assert_refused, call


@pytest.fixture
def file(tmp_path):
    write_instance(draw("rayleigh", 1, K=3, T=4), tmp_path / "round.json")
    return tmp_path / "round.json"


@pytest.fixture
def answer(file, tmp_path):
    instance = read_instance(file)
    write_solution(solve(instance, "greedy").solution, tmp_path / "answer.json", instance)
    return tmp_path / "answer.json"


def test_help_teaches(capsys):
    front = call(capsys, "--help")
    assert front.status == 0 and "A first round:" in front.out
    for name in (
        "methods", "generate", "import", "info", "solve", "check", "convert", "export",
        "read-solution", "compare", "rounds", "validate",
    ):  # fmt: skip
        assert f"  {name} " in front.out
        page = call(capsys, name, "--help")
        assert page.status == 0 and "Usage: dmoe" in page.out and "--json" in page.out
        example = "validate.py" if name == "validate" else f"dmoe {name}"
        assert f"Examples:\n    {example}" in page.out
    assert "..." not in front.out.partition("Commands:")[2]  # every line of it is whole
    assert "0.1" in call(capsys, "--version").out


def test_the_first_round_of_the_help_works(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in (
        "generate rayleigh --seed 1 -p K=4 -o round.json",
        "solve round.json --method jesa -o answer.json",
        "check round.json answer.json",
    ):
        done = call(capsys, *command.split())
        assert done.status == 0 and done.err == "", done
    assert read_instance("round.json") == draw("rayleigh", 1, K=4)
    assert done.out.startswith("valid, 0.00")


def test_methods_are_listed(capsys):
    done = call(capsys, "methods")
    assert "pyomo-p2-minlp" in done.out and "solver scip" in done.out
    table = json.loads(call(capsys, "methods", "--json").out)
    assert {"method": "des", "problem": "P1", "kind": "exact"}.items() <= table[0].items()


def test_generate_lists_families_and_sets(capsys):
    done = call(capsys, "generate")
    assert "hard-p1" in done.out and "sets: smoke" in done.out
    listed = json.loads(call(capsys, "generate", "--json").out)
    assert "recorded" in listed["sets"]
    lines = dict(zip(listed["families"].values(), done.out.splitlines(), strict=False))
    assert len({line.index(text) for text, line in lines.items()}) == 1  # one column of texts


def test_generate_writes_series_and_sets(capsys, tmp_path):
    series = tmp_path / "series"
    done = call(
        capsys, "generate", "ties", "--seed", 5, "-p", "K=3", "-p", "levels=2",
        "--count", 3, "-o", series, "--json",
    )  # fmt: skip
    facts = json.loads(done.out)
    assert len(facts) == 3 == len(list(series.iterdir()))
    assert read_instance(facts[2]["file"]) == draw("ties", 7, K=3, levels=2)
    call(capsys, "generate", "--set", "smoke", "-o", tmp_path / "smoke")
    assert len(list((tmp_path / "smoke").iterdir())) == 13


def test_import_joins_gates_and_channel(capsys, tmp_path):
    random = np.random.default_rng(0)
    np.save(tmp_path / "gates.npy", random.dirichlet(np.ones(6), 20))
    np.save(tmp_path / "gains.npy", 1e-7 * random.exponential(size=(8, 9)))
    output = tmp_path / "round.nc"
    done = call(
        capsys, "import", tmp_path / "gates.npy", tmp_path / "gains.npy", "--nodes", 3,
        "--tokens", 10, "--placement", "prompt", "--noise-figure-db", "5", "--max-experts", 1,
        "-o", output,
    )  # fmt: skip
    assert done.status == 0, done.err
    instance = read_instance(output)
    assert (instance.name, instance.K, instance.T, instance.max_experts) == ("round", 3, 10, 1)
    assert instance.metadata["parameters"]["placement"] == "prompt"
    facts = json.loads(call(capsys, "info", output, "--json").out)
    assert facts["metadata"]["family"] == "recorded"
    assert any("5 dB" in line for line in facts["metadata"]["assumptions"])


def test_info_describes(capsys, file):
    done = call(capsys, "info", file)
    assert "nodes and experts (K)" in done.out and read_instance(file).sha256 in done.out
    assert "rayleigh" in done.out
    assert json.loads(call(capsys, "info", file, "--json").out)["problem"] == "P2"


def test_solve_says_where_a_run_stands(capsys, tmp_path):
    hard = tmp_path / "hard.json"
    arguments = ("generate", "contended", "--seed", 1, "-p", "K=4", "-p", "T=12", "-o", hard)
    assert call(capsys, *arguments).status == 0
    done = call(capsys, "solve", hard, "--method", "exact", "--verbose", "--json")
    assert "jesa: energy" in done.err and "gap" in done.err
    assert json.loads(done.out)["status"] == "optimal"
    assert call(capsys, "solve", hard, "--method", "exact").err == ""


def test_solve_passes_options_on(capsys, file, tmp_path):
    done = call(
        capsys, "solve", file, "--method", "jesa", "--option", "starts=3", "--seed", 4,
        "--time-limit", 5, "-o", tmp_path / "out.json", "--json",
    )  # fmt: skip
    facts = json.loads(done.out)
    assert done.status == 0 and facts["valid"] is True and facts["violations"] == []
    expected = solve(read_instance(file), "jesa", seed=4, starts=3)
    assert facts["objective_j"] == expected.objective
    assert read_solution(tmp_path / "out.json").experts == expected.solution.experts
    done = call(capsys, "solve", file, "--method", "pyomo-p2-milp", "--solver", "scip")
    assert done.status == 0 and "optimal" in done.out


@pytest.mark.parametrize("output", ["absent/out.json", "out.txt", "", "/proc/out.json"])
def test_solve_looks_at_the_output_before_the_work(capsys, file, tmp_path, output):
    mark = tmp_path / "worked"
    (tmp_path / "mine.py").write_text(f"def f(instance): open({str(mark)!r}, 'w').close()\n")
    done = call(
        capsys, "solve", file, "--method", f"{tmp_path}/mine.py:f", "-o", tmp_path / output
    )  # fmt: skip
    assert_refused(done, str(tmp_path / output))
    assert not mark.exists()


def test_solve_shows_what_it_could_not_write(capsys, file, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "mine.py").write_text(
        "import os, shutil\nfrom dmoe_models import solve\n"
        f"def f(instance):\n    shutil.rmtree({str(tmp_path / 'out')!r})\n"
        "    return solve(instance, 'greedy').solution\n"
    )
    done = call(
        capsys, "solve", file, "--method", f"{tmp_path}/mine.py:f", "-o", tmp_path / "out/a.json"
    )  # fmt: skip
    assert done.status == 2 and "referee: valid" in done.out
    assert done.err == f"error: {tmp_path}/out/a.json: its folder does not exist\n"


def test_solve_writes_where_it_was_asked_to(capsys, file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mine.py").write_text(
        "import os\nfrom dmoe_models import solve\n"
        "def f(instance):\n    os.chdir('elsewhere')\n"
        "    return solve(instance, 'greedy').solution\n"
    )
    done = call(capsys, "solve", file, "--method", "mine.py:f", "-o", "out.json")
    assert done.status == 0 and (tmp_path / "out.json").exists(), done


def test_solve_places_a_given_selection(capsys, file, answer):
    done = call(capsys, "solve", file, "--method", "cvxpy-p3", "--selection", answer, "--json")
    greedy = solve(read_instance(file), "greedy").objective
    assert json.loads(done.out)["objective_j"] == pytest.approx(greedy, rel=1e-9)


def test_solve_says_no(capsys, tmp_path):
    scarce = tmp_path / "scarce.json"
    write_instance(draw("scarce", 2, K=3, T=4, M=2), scarce)
    output = tmp_path / "out.json"
    done = call(capsys, "solve", scarce, "--method", "jesa", "-o", output)
    assert done.status == 1 and "was not written" in done.err and not output.exists()
    assert call(capsys, "solve", scarce, "--method", "exhaustive").status == 0  # a proof
    assert call(capsys, "solve", scarce, "--method", "lower-bound").status == 0
    done = call(capsys, "solve", scarce, "--method", "jesa", "--json")
    assert json.loads(done.out)["objective_j"] is None


def test_check_lists_every_violation(capsys, file, tmp_path, answer):
    assert call(capsys, "check", file, answer).status == 0
    content = json.loads(answer.read_text())
    content["experts"][0] = []
    content["experts"][2] = [0, 1, 2]
    content["objective"] = 1.0
    answer.write_text(json.dumps(content))
    done = call(capsys, "check", file, answer)
    assert done.status == 1 and done.err == ""
    for words in ("C1: token 0", "C2: token 2", "objective: claimed"):
        assert words in done.out
    found = json.loads(call(capsys, "check", file, answer, "--json").out)
    assert found["valid"] is False
    assert {v["constraint"] for v in found["violations"]} >= {"C1", "C2", "objective"}


def test_check_knows_a_solution_of_another_instance(capsys, answer, tmp_path):
    write_instance(draw("rayleigh", 2, K=3, T=4), tmp_path / "other.json")
    done = call(capsys, "check", tmp_path / "other.json", answer)
    assert done.status == 1 and "instance: made for" in done.out


def test_convert_there_and_back(capsys, file, tmp_path):
    assert call(capsys, "convert", file, tmp_path / "round.nc").status == 0
    assert call(capsys, "convert", tmp_path / "round.nc", tmp_path / "back.json").status == 0
    assert (tmp_path / "back.json").read_bytes() == file.read_bytes()
    facts = json.loads(call(capsys, "convert", file, tmp_path / "again.nc", "--json").out)
    assert facts["file"] == str(tmp_path / "again.nc")
    assert facts["sha256"] == read_instance(tmp_path / "again.nc").sha256


def test_another_solver_goes_there_and_back(capsys, file, tmp_path):
    done = call(capsys, "export", file, "--model", "p2-set", "-o", tmp_path / "model.lp", "--json")
    facts = json.loads(done.out)
    assert done.status == 0 and facts["files"] == [str(tmp_path / "model.lp")]
    highs = highspy.Highs()
    highs.silent()
    highs.readModel(str(tmp_path / "model.lp"))
    highs.run()
    solved, output = tmp_path / "model.sol", tmp_path / "out.json"
    highs.writeSolution(str(solved), 0)
    done = call(capsys, "read-solution", file, solved, "-o", output)
    assert done.status == 0 and "referee: valid" in done.out and "mismatch" not in done.out
    assert call(capsys, "check", file, output).status == 0
    best = solve(read_instance(file), "exact").objective
    assert read_solution(output).objective == pytest.approx(best, rel=1e-7)

    solved.write_text(re.sub(r"Objective .*", "Objective 1.5", solved.read_text()))
    done = call(capsys, "read-solution", file, solved)
    assert done.status == 1 and "valid" in done.out and "mismatch: the file claims" in done.out
    facts = json.loads(call(capsys, "read-solution", file, solved, "--json").out)
    assert facts["valid"] is True and facts["claim_holds"] is False

    solved.write_text("select_t0_e0 1")  # tokens without experts
    done = call(capsys, "read-solution", file, solved, "-o", tmp_path / "no.json")
    assert done.status == 1 and "C1: token 1" in done.out
    assert "was not written" in done.err and not (tmp_path / "no.json").exists()


def test_export_places_a_given_selection(capsys, file, answer, tmp_path):
    output = tmp_path / "p3.mps"
    done = call(capsys, "export", file, "--model", "p3", "--selection", answer, "-o", output)
    assert done.status == 0 and "p3, " in done.out and "energy in joule = " in done.out
    for token, experts in enumerate(read_solution(answer).experts):
        for expert in experts:
            assert f"chosen_t{token}_e{expert}" in output.read_text()


def test_the_installed_script_ends_quietly_when_its_reader_leaves(tmp_path):
    code = "from dmoe_models.cli.app import main; main()"
    done = subprocess.run(
        f'"{sys.executable}" -c "{code}" methods | head -n 1',
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("method") and done.stderr == ""


def test_the_module_is_the_command():
    run = subprocess.run(
        [sys.executable, "-m", "dmoe_models", "info", "nowhere.json"],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2 and run.stderr.startswith("error: nowhere.json")
