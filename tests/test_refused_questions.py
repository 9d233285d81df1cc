"""A catalogue of questions that are refused: wrong arguments of every command, each for its reason.

Every line names the words of the reason that a person reads: exit status 2, one line on standard
error, nothing else. What is refused because of a file's content stands in `test_refusals`.
"""

from __future__ import annotations

import pandas as pd
import pytest

import dmoe_models
from dmoe_models import solve, write_instance, write_solution
from dmoe_models.cli.commands.validate import validate
from dmoe_models.studies.configuration import design_of, read_design
from dmoe_models.studies.engine.database import Database
from instances.families import draw

from shell import assert_refused, call

STUDY = """
study = "asymptotics"
title = "for tests"
batch = 2
methods = ["jesa"]
[[cells]]
seeds = 4
family = "rayleigh"
K = 3
"""


@pytest.fixture(autouse=True)
def without_recorded_data(monkeypatch):
    monkeypatch.delenv("DMOE_DATA", raising=False)


@pytest.fixture
def file(tmp_path):
    write_instance(draw("rayleigh", 1, K=3, T=4), tmp_path / "round.json")
    return tmp_path / "round.json"


@pytest.fixture
def answer(file, tmp_path):
    instance = draw("rayleigh", 1, K=3, T=4)
    write_solution(solve(instance, "greedy").solution, tmp_path / "answer.json", instance)
    return tmp_path / "answer.json"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The directory of a small verification's report."""
    folder = tmp_path_factory.mktemp("verified") / "small"
    methods = ["greedy", "top-k", "exhaustive", "lower-bound"]
    dmoe_models.validate("smoke", methods, report=folder)
    return folder


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(STUDY)
    return path


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("nonesuch", ["nonesuch"]),
        ("solve", ["FILE"]),
        ("solve {file}", ["--method"]),
        ("solve {file} --method jessa", ["unknown method 'jessa'", "jesa"]),
        ("solve {file} --method des", ["des solves P1"]),
        ("solve {file} --method jesa --solver scip", ["no option 'solver'"]),
        ("solve {file} --method pyomo-p2-milp --solver nonesuch", ["solver 'nonesuch'"]),
        ("solve {file} --method pyomo-p2-minlp --solver highs", ["use scip"]),
        ("solve {file} --method jesa --option starts", ["'starts' is not NAME=VALUE"]),
        ("solve {file} --method jesa --option a=1 --option a=2", ["given twice"]),
        ("solve {file} --method jesa --option nonesuch=1", ["no option 'nonesuch'"]),
        ("solve {file} --method jesa --option seed=1", ["option of its own"]),
        ("solve {file} --method jesa --option starts=many", ["starts"]),
        ("solve {file} --method top-k --option k=9", ["k = 9"]),
        ("solve {file} --method jesa --time-limit -1", ["time_limit = -1.0"]),
        ("solve {file} --method jesa --seed -1", ["--seed"]),
        ("solve {file} --method greedy -o {tmp}/absent/out.json", ["absent/out.json", "folder"]),
        ("solve {file} --method greedy -o {tmp}", ["is a directory"]),
        ("solve {file} --method greedy -o {tmp}/out.txt", ["'.txt'"]),
        ("solve {file} --method jesa --selection {tmp}/answer.json", ["no option 'selection'"]),
        ("solve {tmp}/other.json --method pyomo-p3 --selection {tmp}/answer.json", ["another"]),
        ("solve {tmp}/answer.json --method jesa", ["answer.json", "dmoe-solution"]),
        ("solve {tmp}/mine.py --method jesa", ["mine.py", "extension"]),
        ("solve {file} --method {tmp}/mine.py:f", ["ZeroDivisionError: division by zero"]),
        ("solve {file} --method {tmp}/mine.py:leave", ["called sys.exit(7)"]),
        ("check {file} {file}", ["round.json", "dmoe-instance"]),
        ("check {file} {tmp}/absent.json", ["absent.json: No such file"]),
        ("check {file}", ["SOLUTION"]),
        ("export {file}", ["-o"]),
        ("export {file} -o {tmp}/model.txt", ["model.txt", "'.txt'", ".lp or .mps or .nl"]),
        ("export {file} -o {tmp}/absent/model.lp", ["absent/model.lp", "folder"]),
        ("export {file} -o {tmp}/model.lp --model p2", ["unknown model 'p2'", "p2-milp"]),
        ("export {file} -o {tmp}/model.lp --model p1-milp", ["takes P1", "a P2 instance"]),
        ("export {file} -o {tmp}/model.lp --model p2-minlp", ["write it as .nl"]),
        ("export {file} -o {tmp}/m.lp --selection {tmp}/answer.json", ["takes no selection"]),
        (
            "export {tmp}/other.json --model p3 --selection {tmp}/answer.json -o {tmp}/m.lp",
            ["another"],
        ),
        ("read-solution {file} {tmp}/absent.sol", ["absent.sol: No such file"]),
        ("read-solution {file} {file}", ["round.json", "is not a name and a value"]),
        ("read-solution {file} {tmp}/binary.json", ["binary.json"]),
        ("read-solution {file} {tmp}/mine.py -o {tmp}/o.txt", ["'.txt'"]),
        ("info {tmp}/absent.json", ["absent.json: No such file"]),
        ("info {tmp}", ["is a directory"]),
        ("info {tmp}/empty.json", ["is empty"]),
        ("info {tmp}/binary.json", ["binary.json"]),
        ("info {tmp}/binary.nc", ["binary.nc"]),
        ("convert {file} {tmp}/out.csv", ["'.csv'"]),
        ("convert {file} /proc/out.json", ["/proc/out.json"]),
        ("generate nonesuch -o {tmp}/out.json", ["unknown family 'nonesuch'", "rayleigh"]),
        ("generate rayleigh", ["-o names"]),
        ("generate rayleigh --set smoke -o {tmp}/out", ["not both"]),
        ("generate --set nonesuch -o {tmp}/out", ["unknown set 'nonesuch'", "smoke"]),
        ("generate rayleigh -p K=one -o {tmp}/out.json", ["K = 'one'"]),
        ("generate rayleigh -p N=1 -o {tmp}/out.json", ["no parameter 'N'"]),
        ("generate rayleigh -p K -o {tmp}/out.json", ["'K' is not NAME=VALUE"]),
        ("generate rayleigh -p seed=3 -o {tmp}/out.json", ["--seed"]),
        ("generate rayleigh -p K=1 -o {tmp}/out.json", ["K = 1"]),
        ("generate rayleigh -p M=99999999999 -o {tmp}/out.json", ["99999999999"]),
        ("generate rayleigh --seed -1 -o {tmp}/out.json", ["seed = -1"]),
        ("generate rayleigh --count 0 -o {tmp}/out", ["--count"]),
        ("generate rayleigh --count 2 -o {file}", ["round.json"]),
        ("import {tmp}/absent.npy {tmp}/absent.npy --nodes 3 -o {tmp}/o.json", ["absent.npy"]),
        ("import {file} {file} --nodes 3 -o {tmp}/o.json", ["round.json"]),
        ("import {file} {file} -o {tmp}/o.json", ["--nodes"]),
    ],
)
def test_a_question_about_files_methods_or_families(capsys, file, answer, tmp_path, command, words):
    write_instance(draw("rayleigh", 2, K=3, T=4), tmp_path / "other.json")
    (tmp_path / "mine.py").write_text(
        "import sys\ndef f(instance): return 1 / 0\ndef leave(instance): sys.exit(7)\n"
    )
    (tmp_path / "empty.json").write_text("")
    for name in ("binary.json", "binary.nc"):
        (tmp_path / name).write_bytes(bytes(range(256)))
    done = call(capsys, *command.format(file=file, tmp=tmp_path).split())
    assert_refused(done, *words)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("compare", ["REPORT | FILE"]),
        ("compare {tmp}/absent.csv", ["absent.csv: No such file"]),
        ("compare {tmp}", ["rows.csv: No such file"]),
        ("compare {tmp}/mine.txt", ["mine.txt: extension '.txt'"]),
        ("compare {tmp}/mine.csv", ["mine.csv: holds no rows of dmoe-models: no column"]),
        ("compare {tmp}/mine.json", ["mine.json: holds no rows of dmoe-models"]),
        ("compare {tmp}/mine.jsonl", ["mine.jsonl: holds no rows of dmoe-models"]),
        ("compare {tmp}/mine.parquet", ["mine.parquet: holds no rows of dmoe-models"]),
        ("compare {tmp}/head.csv", ["head.csv: holds no rows of dmoe-models: it is empty"]),
        ("compare {tmp}/words.csv", ["words.csv: holds no rows of dmoe-models", "soon"]),
        ("compare {report} --methods jessa", ["no row of method 'jessa'; there are greedy"]),
        ("compare {report} --methods ,", ["--methods names no method"]),
        ("compare {report} --methods lower-bound", ["gives a bound only"]),
        ("compare {report} --set large", ["no row of set 'large'; there are smoke"]),
        ("compare {report} --problem P3", ["no row of problem 'P3'; there are P2, P1"]),
        ("compare {report} --time-shift -1", ["time_shift_s = -1"]),
        ("compare {report} --horizon 0", ["horizon_s = 0"]),
        ("compare {report} {report}/rows.csv --methods greedy", ["greedy@"]),
        ("compare {tmp}/split.csv", ["no instance is common to any two of greedy, top-k"]),
        ("compare {report} -o {tmp}/mine.csv", ["mine.csv: is a file"]),
    ],
)
def test_a_comparison(capsys, report, tmp_path, command, words):
    for kind in ("txt", "csv", "json", "jsonl", "parquet"):
        (tmp_path / f"mine.{kind}").write_text("[1]\n")
    text = (report / "rows.csv").read_text()
    (tmp_path / "head.csv").write_text(text.splitlines()[0] + "\n")
    (tmp_path / "words.csv").write_text(text.replace(",10.0,0,", ",soon,0,", 1))
    table = pd.read_csv(report / "rows.csv")
    first = table.instance == table.instance[0]
    split = table[(first & (table.method == "greedy")) | (~first & (table.method == "top-k"))]
    split.to_csv(tmp_path / "split.csv", index=False)
    done = call(capsys, *command.format(tmp=tmp_path, report=report).split())
    assert_refused(done, *words)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", ["FAMILY"]),
        ("raleigh", ["unknown family 'raleigh'", "rayleigh"]),
        ("hard-p1", ["gives the subcarriers"]),
        ("rayleigh -p Q=1", ["no parameter 'Q'"]),
        ("rayleigh -p K", ["-p 'K' is not NAME=VALUE"]),
        ("rayleigh -p K=1", ["K = 1"]),
        ("rayleigh -p K=two", ["K = 'two'"]),
        (f"rayleigh -p K={'[' * 20_000}", ["K = '[[["]),
        ("rayleigh -p seed=1", ["seed is given by --seed"]),
        ("rayleigh -p layers=3", ["layers is given by --layers"]),
        ("rayleigh -p importance=0.3", ["importance is given by --importance"]),
        ("rayleigh -p gamma=0.3", ["gamma is not a parameter of layers"]),
        ("rayleigh --layers 0", ["--layers", "0 is not in the range"]),
        ("rayleigh --layers 2.5", ["--layers", "2.5"]),
        ("rayleigh --layers 1000000000", ["--layers", "not in the range"]),
        ("rayleigh --gamma0 1.5", ["1.5 is outside (0, 1]"]),
        ("rayleigh --gamma0 0", ["0.0 is outside (0, 1]"]),
        ("rayleigh --gamma0 nan", ["gamma0 = nan"]),
        ("rayleigh --importance 0.9,1.2", ["importance[1] = 1.2 is outside"]),
        ("rayleigh --importance 0.9,high", ["--importance '0.9,high'"]),
        ("rayleigh --importance 0.9 --layers 2", ["1 entries for 2 layers"]),
        ("rayleigh --importance 0.9 --gamma0 0.9", ["--gamma0 or --importance"]),
        ("rayleigh --channel moving", ["channel = 'moving'"]),
        ("rayleigh --channel aging", ["family rayleigh has no rounds"]),
        ("rayleigh --seed -1", ["--seed"]),
        ("rayleigh --seed 140737488355328", ["--seed", "not in the range"]),
        ("rayleigh --methods jessa", ["unknown method 'jessa'"]),
        ("rayleigh --methods ,", ["--methods names no method"]),
        ("rayleigh --methods des", ["method des solves P1"]),
        ("rayleigh --method {tmp}/none.py:f", ["there is no file"]),
        ("rayleigh --option k=1", ["'k=1' is not METHOD.NAME=VALUE"]),
        ("rayleigh --option greedy.k=1", ["methods are jesa, exact, top-k, homogeneous"]),
        ("rayleigh --option top-k.k", ["'k' is not NAME=VALUE"]),
        ("rayleigh --option top-k.q=1", ["method top-k has no option 'q'"]),
        ("rayleigh --option top-k.k=two", ["k = 'two' is not of type int"]),
        ("rayleigh --option top-k.k=9", ["k = 9 is outside"]),
        ("rayleigh --option top-k.k=1 --option top-k.k=2", ["k is given twice"]),
        ("rayleigh --option jesa.seed=1", ["seed is not an option"]),
        ("rayleigh --reference greedy", ["--reference greedy is not among the methods"]),
        ("rayleigh --time-limit 0", ["time_limit = 0.0"]),
        ("rayleigh --domain law", ["--domain is for recorded layers"]),
        ("rayleigh --data {tmp}", ["--data is for recorded layers"]),
        ("rayleigh -o {tmp}/file", ["file: is a file, not a directory"]),
        ("rayleigh -o {tmp}/file/below", ["file: is a file, not a directory"]),
        ("recorded --data {tmp}", ["--domain is one of intent, law, summary, translation"]),
        ("recorded --domain law", ["--data or DMOE_DATA"]),
        ("recorded --domain poetry --data {tmp}", ["domain = 'poetry'"]),
        ("recorded --domain law --data {tmp}/none", ["none: there is no such directory"]),
        ("recorded --domain law --data {tmp}", ["csi.npz: No such file"]),
        ("recorded --domain law --data {tmp} --layers 27", ["layers[26] = 26 is outside 0 to 25"]),
        ("recorded --domain law --data {tmp} --channel aging", ["not a series in time"]),
        ("recorded --domain law --data {tmp} -p M=4", ["M is not a choice", "nodes"]),
    ],
)
def test_rounds(capsys, tmp_path, command, words):
    (tmp_path / "file").write_text("mine")
    arguments = command.format(tmp=tmp_path).split()
    if arguments and "-o" not in arguments:
        arguments += ["-o", str(tmp_path / "out")]
    assert_refused(call(capsys, "rounds", *arguments), *words)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("asymptotics --config {tmp}/none.toml", ["none.toml: No such file"]),
        ("savings --config {config}", ["mine.toml: study = 'asymptotics', not savings"]),
        ("asymptotics --config {config} --full", ["--config or --full"]),
        ("asymptotics --workers 2 --scheduler tcp://a:1", ["--workers or --scheduler"]),
        ("asymptotics --config {config} --data {tmp}/none", ["there is no such directory"]),
        ("asymptotics --config {config} --out {config} --workers 0", ["is a file, not a dir"]),
        ("asymptotics --config {config} --out {tmp}/x --scheduler host:1", ["tcp://HOST:PORT"]),
        ("status {tmp}", ["holds no study"]),
        ("report {tmp}", ["holds no study"]),
        ("report {begun} -o {config}", ["mine.toml: is a file, not a directory"]),
        ("report {begun} -o {other}", ["is of another study or configuration"]),
        ("compare {tmp} {tmp}", ["holds no study"]),
        ("astrology", ["No such command 'astrology'", "asymptotics, compare"]),
        ("asymtotics", ["did you mean asymptotics?"]),
    ],
)
def test_a_study(capsys, config, tmp_path, arguments, words):
    begun, other = tmp_path / "begun", tmp_path / "other"
    if "{begun}" in arguments:
        Database(begun, read_design(config)).close()
        Database(other, design_of(STUDY.replace("K = 3", "K = 4"))).close()
    words_given = arguments.format(tmp=tmp_path, config=config, begun=begun, other=other).split()
    assert_refused(call(capsys, "study", *words_given), *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonesuch"], ["unknown set 'nonesuch'", "smoke, small, toy, easy"]),
        (["absent.json"], ["absent.json", "No such file"]),
        (["."], ["is a directory"]),
        (["recorded"], ["--data or DMOE_DATA"]),
        (["recorded", "--data", "nowhere"], ["nowhere"]),
        (["--data", "nowhere"], ["nowhere"]),
        (["smoke", "--methods", "jesa,jessa"], ["unknown method 'jessa'", "jesa"]),
        (["smoke", "--method", "jessa"], ["unknown method 'jessa'"]),
        (["smoke", "--methods", ","], ["names no method"]),
        (["smoke", "--solver", "nonesuch"], ["solver 'nonesuch'", "highs"]),
        (
            ["smoke", "--methods", "cvxpy-p2-milp", "--solver", "nonesuch"],
            ["nonesuch", "not installed"],
        ),
        (
            ["smoke", "--methods", "jesa", "--solver", "scip"],
            ["none of the methods takes a solver"],
        ),
        (["smoke", "--time-limit", "0"], ["time_limit = 0.0"]),
        (["smoke", "--time-limit", "nan"], ["time_limit = nan"]),
        (["smoke", "--time-limit", "inf"], ["time_limit = inf"]),
        (["smoke", "--time-limit", "soon"], ["--time-limit", "soon"]),
        (["smoke", "--seed", "-1"], ["--seed"]),
        (["smoke", "--report", "/dev/null/report"], ["/dev/null"]),
        (["smoke", "--report", "/dev/null"], ["/dev/null: is a file, not a directory"]),
        ([""], ["unknown set ''"]),
        (["smoke", "--nonesuch"], ["--nonesuch"]),
    ],
)
def test_a_validation(capsys, arguments, words):
    assert_refused(call(capsys, *arguments, command=validate), *words)
