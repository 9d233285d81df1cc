"""`dmoe rounds`: totals, savings, files, and every mistake in one line."""

from __future__ import annotations

import importlib.util
import io
import json
import math
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.cbook import is_math_text
from matplotlib.text import Text

from dmoe_models.cli.commands.rounds import rounds
from dmoe_models.layers.draws import recorded_layers, synthetic_layers
from dmoe_models.layers.figure import rounds_figure
from dmoe_models.layers.report import graded_layers, graded_totals, layers_text, totals_text
from dmoe_models.layers.rounds import Rounds, run_rounds

from places import RECORDINGS, needs_recordings
from shell import assert_refused, call

SMALL = ("uneven", "-p", "K=3", "-p", "T=6", "--layers", 3)
METHODS = "jesa,exact,top-k"


def rounds_json(capsys, *arguments):
    done = call(capsys, "rounds", *arguments, "--json")
    assert done.status == 0, done
    return json.loads(done.out)


def test_totals_are_those_of_run_rounds(capsys):
    found = rounds_json(capsys, *SMALL, "--seed", 5, "--methods", METHODS)
    layers = synthetic_layers("uneven", 5, layers=3, K=3, T=6)
    expected = run_rounds(layers, METHODS.split(","), seed=5)
    columns = list(expected.totals())
    pd.testing.assert_frame_equal(pd.DataFrame(found["totals"])[columns], expected.totals())
    own = pd.DataFrame(found["layers"])[list(expected.layers)].drop(columns="runtime_s")
    pd.testing.assert_frame_equal(own, expected.layers.drop(columns="runtime_s"))
    assert len(found["loads"]) == len(expected.loads) and "tokens" not in found
    asked = {"family": "uneven", "layers": 3, "seed": 5, "channel": "redrawn", "importance": 0.7}
    assert asked == {key: found["configuration"][key] for key in asked}
    assert found["reference"] == "top-k"


def test_gamma_channel_and_options_are_passed_on(capsys):
    found = rounds_json(
        capsys, "cell", "-p", "K=3", "-p", "T=4", "--importance", "0.9,0.5", "--channel", "aging",
        "--seed", 2**47 - 1, "--methods", "top-k", "--method", "homogeneous",
        "--option", "homogeneous.z=0.5", "--option", "top-k.k=1", "--reference", "homogeneous",
        "--time-limit", 20,
    )  # fmt: skip
    asked = {"importance": [0.9, 0.5], "channel": "aging", "K": 3, "T": 4}
    layers = synthetic_layers("cell", 2**47 - 1, layers=2, **asked)
    assert [line["instance_sha256"] for line in found["layers"][::2]] == [i.sha256 for i in layers]
    assert [line["gamma"] for line in found["layers"]] == [0.9, 0.9, 0.5, 0.5]
    labels = ["top-k (k=1)", "homogeneous (z=0.5)"]
    assert [line["method"] for line in found["totals"]] == labels
    assert found["reference"] == labels[1] and found["totals"][1]["saving"] == 0
    assert found["layers"][0]["experts_per_token"] == 1


def by_hand(energies, bounds=None, valid=True):
    """Two layers of two tokens; `energies` of each method, static energy 1 J in each layer."""
    lines = [
        {
            "layer": layer, "method": method, "gamma": 0.5, "tokens": 2, "status": "feasible",
            "valid": valid, "energy_j": energy, "transmission_j": energy - 2, "computation_j": 1.0,
            "static_j": 1.0, "bound_j": (bounds or {}).get(method, (1.0, 1.0))[layer - 1],
            "experts_per_token": 1.5,
        }
        for layer in (1, 2)
        for method, several in energies.items()
        for energy in several[layer - 1 : layer]
    ]  # fmt: skip
    empty = pd.DataFrame(columns=["layer", "method", "expert", "share"])
    return Rounds(pd.DataFrame(lines), empty, empty, empty)


def test_savings_and_gaps_by_hand():
    # top-k spends 4 + 6 = 10, mine 3 + 5 = 8: a fifth is saved, a quarter and a sixth by layer.
    # The best bounds are 2.5 (of mine) and 4 (of top-k), 6.5 in all; without the static 2 J mine
    # spends 6, of which 1.5 are open, and 2 and 4 by layer, of which 0.5 and 1.
    rounds = by_hand(
        {"top-k": (4.0, 6.0), "mine": (3.0, 5.0)}, {"top-k": (1.0, 4.0), "mine": (2.5, 3.0)}
    )
    totals = graded_totals(rounds, "top-k").set_index("method")
    assert totals["saving"].tolist() == pytest.approx([0.0, 0.2])
    assert totals["bound_j"].tolist() == [5.0, 5.5]
    assert totals["best_bound_j"].tolist() == [6.5, 6.5]
    assert totals["best_gap"].tolist() == pytest.approx([3.5 / 8, 1.5 / 6])
    layers = graded_layers(rounds, "top-k")
    mine = layers[layers["method"] == "mine"]
    assert mine["saving"].tolist() == pytest.approx([1 / 4, 1 / 6])
    assert mine["best_gap"].tolist() == pytest.approx([0.5 / 2, 1 / 4])
    text = totals_text(totals.reset_index(), "top-k")
    line = next(line for line in text.splitlines() if line.startswith("mine")).split()
    assert line == ["mine", "8", "4", "4", "2", "2", "20.00", "%", "2/2", "5.5", "25", "%"]
    assert "the best of all methods' is 6.5 J" in text and "static (J)" in text
    assert "16.67 %" in layers_text(layers, "top-k")


def test_what_is_missing_has_no_saving_and_what_is_refused_no_gap():
    rounds = by_hand({"top-k": (4.0, 6.0), "mine": (3.0, math.nan)}, valid=False)
    totals = graded_totals(rounds, "top-k").set_index("method")
    assert totals["best_gap"].isna().all()
    assert totals.loc["top-k", "saving"] == 0 and math.isnan(totals.loc["mine", "saving"])
    assert "saving" not in totals_text(totals.reset_index(), None)
    layers = graded_layers(rounds, None)
    assert layers["saving"].isna().all() and "refused" in layers_text(layers, None)
    assert "inf:" not in totals_text(totals.reset_index(), None)
    impossible = by_hand({"top-k": (4.0, 6.0)}, {"top-k": (4.0, math.inf)}, valid=False)
    assert "inf: a layer is proved" in totals_text(graded_totals(impossible, None), None)
    turned = graded_totals(rounds, "mine")  # a reference that is open leaves all savings open
    assert turned["saving"].isna().all()


def test_files_are_complete(capsys, tmp_path):
    folder = tmp_path / "new" / "rounds"
    done = call(capsys, "rounds", *SMALL, "--methods", f"{METHODS},lower-bound", "-o", folder)
    assert done.status == 0 and done.err == f"rounds: 13 files in {folder}\n"
    names = ["totals", "layers", "tokens", "loads", "sizes"]
    files = [f"{name}.{kind}" for name in names for kind in ("csv", "parquet")]
    files += [f"rounds.{kind}" for kind in ("json", "png", "pdf")]
    assert sorted(path.name for path in folder.iterdir()) == sorted(files)
    assert (folder / "rounds.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "rounds.pdf").read_bytes().startswith(b"%PDF")
    lengths = {"totals": 4, "layers": 12, "tokens": 54, "loads": 27}
    for name in names:
        table = pd.read_csv(folder / f"{name}.csv", keep_default_na=False, na_values=[""])
        pd.testing.assert_frame_equal(
            table, pd.read_parquet(folder / f"{name}.parquet"), check_dtype=False
        )
        assert len(table) == lengths.get(name, len(table)) > 0
    found = json.loads((folder / "rounds.json").read_text())
    assert found["configuration"]["parameters"] == {"K": 3, "T": 6} and len(found["layers"]) == 12


def test_the_same_seed_prints_and_writes_the_same(capsys, tmp_path):
    command = ("rounds", *SMALL, "--seed", 2, "--methods", "top-k,random", "--per-layer")
    first = call(capsys, *command, "-o", tmp_path / "a")
    again = call(capsys, *command, "-o", tmp_path / "b")
    assert first.status == 0 and first.out == again.out
    assert first.out != call(capsys, *command, "--seed", 3).out
    for name in ("totals.csv", "tokens.csv", "loads.csv", "sizes.csv", "rounds.pdf", "rounds.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_the_tables_are_aligned(capsys):
    done = call(capsys, "rounds", *SMALL, "--methods", METHODS, "--per-layer")
    layers, totals, legend = done.out.split("\n\n")
    assert len(layers.splitlines()) == 2 + 9 and len(totals.splitlines()) == 2 + 3
    assert totals.startswith("method  energy (J)  per token (J)  transmission (J)  computation (J)")
    assert layers.split()[:3] == ["layer", "gamma", "method"] and "static (J)" in layers
    assert legend.startswith("saving: 1 - energy / energy of top-k.")
    assert "saving" not in call(capsys, "rounds", *SMALL, "--methods", "jesa").out


def test_the_figure_shows_the_numbers():
    layers = list(synthetic_layers("uneven", 1, layers=3, K=3, T=6))
    rounds = run_rounds(layers, ["top-k", "lower-bound", "jesa", {"method": "top-k", "k": 1}])
    figure = rounds_figure(rounds, "top-k")
    panels = np.array(figure.axes[:9], dtype=object).reshape(3, 3)  # none for the bound
    assert [row[0].get_title(loc="left") for row in panels] == ["top-k", "jesa", "top-k (k=1)"]
    assert panels[0, 0].get_ylabel() in ("energy (J)", "energy (mJ)", "energy (µJ)")
    scale = {"J": 1.0, "mJ": 1e-3, "µJ": 1e-6}[panels[0, 0].get_ylabel()[8:-1]]
    for label, (energy, number, pattern) in zip(("top-k", "jesa"), panels[:2], strict=True):
        own = rounds.layers[rounds.layers["method"] == label]
        parts = [np.array([bar.get_height() for bar in bars]) for bars in energy.containers]
        names = ["computation_j", "transmission_j", "static_j"]
        np.testing.assert_allclose(np.array(parts).T * scale, own[names].fillna(0.0))
        tops = [bar.get_y() + bar.get_height() for bar in energy.containers[-1]]
        np.testing.assert_allclose(np.array(tops) * scale, own["energy_j"].fillna(0.0))
        np.testing.assert_allclose(number.lines[0].get_ydata(), own["experts_per_token"])
        loads = rounds.loads[rounds.loads["method"] == label]
        shares = 100 * loads.pivot(index="expert", columns="layer", values="share")
        drawn = pattern.images[0].get_array().filled(np.nan)  # white: no solution of that layer
        np.testing.assert_allclose(drawn, shares.reindex(columns=[1, 2, 3]).to_numpy())
    assert all(axes.get_xlabel() == "layer" for axes in panels[-1])
    marks = [line for line in panels[2, 0].lines if line.get_marker() == "x"]
    refused = rounds.layers[(rounds.layers["method"] == "top-k (k=1)") & ~rounds.layers["valid"]]
    assert len(refused) and marks[0].get_xdata().tolist() == refused["layer"].tolist()


def test_a_figure_without_any_solution():
    rounds = run_rounds(synthetic_layers("uneven", 1, layers=1, K=3, T=6), ["lower-bound"])
    figure = rounds_figure(rounds, None)
    assert "no solution" in [text.get_text() for text in figure.axes[0].texts]
    figure.savefig(io.BytesIO(), format="png")


# ------------------------------------------------------------------------------------- plug-ins


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A folder with plug-ins: one that talks and leaves its directory, others that fail."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(
        "import os\n"
        "from dmoe_models import solve\n\n"
        "def restless(instance, k: int = 2):\n"
        "    print('working')\n"
        "    os.chdir('/')\n"
        "    return solve(instance, 'top-k', k=k).solution\n\n"
        "def broken(instance):\n"
        "    if instance.importance < 0.6:\n"
        "        raise ZeroDivisionError('no\\nway')\n"
        "    return solve(instance, 'top-k').solution\n\n"
        "def leaving(instance):\n"
        "    raise SystemExit(0)\n"
    )
    return tmp_path


def test_a_plug_in_is_a_method_like_any_other(capsys, mine):
    asked = ("--methods", "top-k", "--method", "mine.py:restless", "-o", "out", "--json")
    done = call(capsys, "rounds", *SMALL, *asked, "--option", "mine.py:restless.k=2")
    assert done.status == 0 and "working" in done.err
    found = json.loads(done.out)
    labels = [line["method"] for line in found["totals"]]
    assert labels == ["top-k", "mine.py:restless (k=2)"]
    assert found["totals"][1]["saving"] == 0
    assert found["configuration"]["methods"][labels[1]]["method"] == "mine.py:restless"
    assert len(list((mine / "out").iterdir())) == 13


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("broken", ["method mine.py:broken, layer 2: ZeroDivisionError: no way"]),
        ("leaving", ["method mine.py:leaving, layer 1: called sys.exit(0)"]),
        ("absent", ["mine.py has no function absent"]),
    ],
)
def test_a_plug_in_that_fails_leaves_nothing_behind(capsys, mine, function, words):
    asked = ("--methods", "top-k", "--method", f"mine.py:{function}", "-o", "out")
    assert_refused(call(capsys, "rounds", *SMALL, *asked), *words)
    assert not (mine / "out").exists()


# ------------------------------------------------------------------------------------- mistakes


def test_without_matplotlib_files_are_refused_and_tables_are_not(capsys, tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "matplotlib" else find(name)
    )
    done = call(capsys, "rounds", *SMALL, "--methods", "top-k", "-o", tmp_path / "out")
    assert_refused(done, "needs matplotlib", 'pip install "dmoe-models[report]"')
    assert not (tmp_path / "out").exists()
    assert call(capsys, "rounds", *SMALL, "--methods", "top-k").status == 0


# --------------------------------------------------------------------------- help, recorded data


def test_the_examples_of_the_help_work(capsys, mine):
    Path("mine.py").write_text(Path("mine.py").read_text().replace("restless", "my_method"))
    page = rounds.epilog
    examples = [shlex.split(line)[1:] for line in page.splitlines() if line.startswith("  dmoe")]
    assert len(examples) == 6
    for example in examples:
        if "recorded" in example:  # needs data: below
            continue
        done = call(capsys, *example)
        assert done.status == 0, done
        if "-o" in example:
            assert (mine / example[example.index("-o") + 1] / "rounds.png").exists()


@needs_recordings
def test_recorded_layers_are_run(capsys, monkeypatch):
    monkeypatch.setenv("DMOE_DATA", str(RECORDINGS))
    chosen = ("-p", "nodes=4", "-p", "tokens=16", "--layers", 2, "--methods", "top-k")
    found = rounds_json(capsys, "recorded", "--domain", "law", *chosen)
    layers = recorded_layers(RECORDINGS, "law", layers=[0, 1], nodes=4, tokens=16)
    assert [line["instance_sha256"] for line in found["layers"]] == [i.sha256 for i in layers]
    given = rounds_json(capsys, "recorded", "--domain", "law", "--data", RECORDINGS, *chosen)
    assert given["totals"] == found["totals"] and found["configuration"]["domain"] == "law"


def test_dollars_in_a_name_are_no_formula():
    rounds = by_hand({r"$\frac{$": (4.0, 6.0), "a$b$": (3.0, 5.0)})
    figure = rounds_figure(rounds, r"$\frac{$")
    figure.canvas.draw()
    words = [text for text in figure.findobj(Text) if "$" in text.get_text()]
    assert len(words) >= 3 and not any(is_math_text(text.get_text()) for text in words)
