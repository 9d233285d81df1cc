"""Families of one's own are drawn, listed and recorded like those of the package."""

from __future__ import annotations

import hashlib
import inspect

import numpy as np
import pytest

from dmoe_models import Instance, InstanceError, read_instance, solve, write_instance
from dmoe_models.layers.draws import draw_layers
from instances import draw, list_families
from instances.families import FAMILIES
from instances.families.family import family
from instances.families.parts import rayleigh_round

MINE = '''\
"""Two families: one that returns fields, one that returns instances."""

import numpy as np

from dmoe_models import Instance
from instances.families.family import family
from instances.families.parts import rayleigh_round


def walled(draws, size, *, wall_db: float = 10.0):
    """Rayleigh fading behind walls.

    Parameters
    ----------
    wall_db : float
        What a wall takes from every link.
    """
    if wall_db < 0:
        raise ValueError(f"wall_db = {wall_db} is negative")
    fields = rayleigh_round(draws, size)
    return fields | {"gain": fields["gain"] * 10.0 ** (-wall_db / 10.0)}


@family("decorated, with sizes of its own", "named-otherwise", K=3, T=5)
def decorated(draws, size):
    return rayleigh_round(draws, size)


def from_seed(seed, K=3, T=4, nearness: float = 1.0):
    random = np.random.default_rng(seed)
    return Instance(
        name="whatever",
        gate_scores=random.dirichlet(np.ones(K), T),
        source=np.arange(T) % K,
        gain=nearness * random.exponential(size=(K, K, 7)),
        bandwidth_hz=1e6, transmit_power_w=1e-2, noise_power_w=1e-5, hidden_state_bits=65536.0,
        computation_energy_j=np.full(K, 1e-4), static_energy_j=np.zeros(K),
        relevance=1.0, importance=0.4, max_experts=2, metadata={"weather": "rain"},
    )


def needs_more(draws, size, *, loss):
    return rayleigh_round(draws, size)


def no_fields(draws, size):
    return [1, 2]


def misspelt(draws, size):
    return rayleigh_round(draws, size) | {"noise_power": 1.0}


def incomplete(draws, size):
    return {"gate_scores": np.ones((size.T, size.K)) / size.K}


def other_size(draws, size):
    return rayleigh_round(draws, size) | {"gain": np.ones((2, 2, 3))}


def not_simplex(draws, size):
    return rayleigh_round(draws, size) | {"gate_scores": np.ones((size.T, size.K))}


def no_instance(seed):
    return None


def leaves(seed):
    raise SystemExit(0)


def nothing():
    return None


number = 3
'''


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "mine.py"


def test_a_file_that_returns_fields(mine):
    weak, strong = (draw("mine.py:walled", 4, K=3, wall_db=loss) for loss in (20.0, 0.0))
    assert weak.gain == pytest.approx(strong.gain / 100)
    assert strong.sha256 == draw("rayleigh", 4, K=3).sha256  # seeds and sizes are those of ours
    assert weak.name == "walled-K3-T16-M9-D2-s4"
    facts = weak.metadata
    assert facts["family"] == "mine.py:walled" and facts["seed"] == 4
    assert facts["parameters"]["wall_db"] == 20.0 and facts["parameters"]["M"] == 9
    assert facts["source"] == {
        "file": "mine.py",
        "sha256": hashlib.sha256(mine.read_bytes()).hexdigest(),
    }
    assert draw(facts["family"], 4, **facts["parameters"]).sha256 == weak.sha256
    assert "walled" not in FAMILIES and "named-otherwise" not in FAMILIES


def test_a_file_that_returns_instances(mine, tmp_path):
    one = draw("mine.py:from_seed", 9, K=4, nearness=2.0)
    assert (one.name, one.K, one.M) == ("from_seed-K4-T4-M7-D2-s9", 4, 7)
    assert one.metadata["parameters"] == {"K": 4, "T": 4, "nearness": 2.0}
    assert one.metadata["weather"] == "rain" and one.metadata["source"]["file"] == "mine.py"
    assert draw("mine.py:from_seed", 9, K=4, nearness=2.0).sha256 == one.sha256
    assert draw("mine.py:from_seed", 8, K=4, nearness=2.0).sha256 != one.sha256
    write_instance(one, tmp_path / "one.nc")
    assert dict(read_instance(tmp_path / "one.nc").metadata) == dict(one.metadata)


def test_a_decorated_one_keeps_its_sizes_and_its_name(mine):
    assert draw("mine.py:decorated", 1).name == "named-otherwise-K3-T5-M9-D2-s1"
    assert draw("mine.py:decorated", 1).metadata["family"] == "mine.py:decorated"


def test_modules_beside_the_file_are_imported_and_belong_to_its_source(mine, tmp_path):
    (tmp_path / "tools_of_mine.py").write_text("FACTOR = 4.0\n")
    mine.write_text(
        "import tools_of_mine\nfrom instances.families.parts import rayleigh_round\n\n\n"
        "def louder(draws, size):\n"
        "    fields = rayleigh_round(draws, size)\n"
        '    return fields | {"gain": tools_of_mine.FACTOR * fields["gain"]}\n'
    )
    first = draw("mine.py:louder", 1, K=3)
    assert first.gain == pytest.approx(4.0 * draw("rayleigh", 1, K=3).gain)
    (tmp_path / "tools_of_mine.py").write_text("FACTOR = 5.0\n")
    second = draw("mine.py:louder", 1, K=3)
    assert second.gain == pytest.approx(1.25 * first.gain)
    assert second.metadata["source"] != first.metadata["source"]


def test_a_function_in_python():
    def louder(draws, size, *, factor: float = 2.0):
        """Louder than most."""
        fields = rayleigh_round(draws, size)
        return fields | {"gain": factor * fields["gain"]}

    one = draw(louder, 3, K=3, factor=3.0)
    assert one.gain == pytest.approx(3.0 * draw("rayleigh", 3, K=3).gain)
    assert one.metadata["family"] == "louder" and one.metadata["description"] == "Louder than most."
    assert one.metadata["source"]["file"] == "test_find.py"
    assert solve(one, "greedy").check.ok
    assert [i.K for i in draw_layers(louder, 1, layers=2, K=3)] == [3, 3]
    assert "louder" not in FAMILIES


def test_a_package_offers_one_by_an_entry_point(tmp_path, monkeypatch):
    (tmp_path / "their_family.py").write_text(MINE)
    info = tmp_path / "their_family-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: their-family\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[dmoe_models.families]\nwalled = their_family:walled\n")
    monkeypatch.syspath_prepend(tmp_path)
    one = draw("walled", 4, K=3, wall_db=0.0)
    assert one.sha256 == draw("rayleigh", 4, K=3).sha256
    assert one.metadata["family"] == "walled"
    assert one.metadata["source"]["file"] == "their_family.py"
    assert "from their_family:walled" in list(list_families()["description"])


def test_its_parameters_are_listed(mine):
    table = list_families("mine.py:walled").set_index("parameter")
    assert list(table.index) == ["K", "T", "M", "D", "z", "gamma", "wall_db", "strict"]
    assert table.loc["wall_db"].tolist() == [10.0, "dB", "What a wall takes from every link."]
    assert table.loc["M", "default"] == "K^2"
    own = list_families("mine.py:from_seed").set_index("parameter")
    assert own["default"].tolist() == [3, 4, 1.0] and own.loc["T", "meaning"] == "Tokens."


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("absent", ["mine.py", "no function absent"]),
        ("number", ["not a function"]),
        ("nothing", ["neither a seed nor draws and size"]),
        ("needs_more", ["loss", "has to be given"]),
        ("no_fields", ["seed 1", "[1, 2]", "no dictionary"]),
        ("misspelt", ["'noise_power'", "did you mean noise_power_w"]),
        ("incomplete", ["returned no source"]),
        ("other_size", ["gain of shape (2, 2, 3)", "(4, 4, 16)"]),
        ("not_simplex", ["seed 1", "gate_scores"]),
        ("no_instance", ["None", "no Instance"]),
        ("leaves", ["sys.exit"]),
    ],
)
def test_what_is_wrong_with_one_is_said_in_a_line(mine, function, words):
    with pytest.raises(InstanceError) as caught:
        draw(f"mine.py:{function}", 1)
    text = str(caught.value)
    assert text.startswith(f"family mine.py:{function}") or f"family {function}" in text
    assert "\n" not in text and all(word in text for word in words), text


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("mine.py:walled", {"wal_db": 1.0}, ["'wal_db'", "did you mean wall_db"]),
        ("mine.py:walled", {"wall_db": -1.0}, ["seed 1", "negative", "mine.py, line"]),
        ("mine.py:walled", {"K": 1}, ["K = 1"]),
        ("mine.py:from_seed", {"D": 2}, ["'D'", "K, T, nearness"]),
        ("cel", {}, ["'cel'", "did you mean cell"]),
        ("Contended", {}, ["did you mean contended"]),
        ("rayleigh", {"gama": 1}, ["did you mean gamma"]),
        ("no.py:f", {}, ["there is no file", "no.py"]),
        (3, {}, ["neither a name nor a function"]),
    ],
)
def test_wrong_names_and_parameters(mine, name, parameters, words):
    with pytest.raises(InstanceError) as caught:
        draw(name, 1, **parameters)
    assert "\n" not in str(caught.value)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_published_name_keeps_its_meaning():
    with pytest.raises(InstanceError, match="rayleigh is one of this package"):

        @family("an impostor")
        def rayleigh(draws, size):
            return rayleigh_round(draws, size)

    assert FAMILIES["rayleigh"].source == {}
    assert np.array_equal(draw("rayleigh", 1).gain, FAMILIES["rayleigh"].function(1).gain)
    assert isinstance(draw(FAMILIES["rayleigh"], 1), Instance)
    assert "seed" in inspect.signature(FAMILIES["rayleigh"].function).parameters
