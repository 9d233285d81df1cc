"""The table of families, and what it says of every parameter."""

import inspect

import pytest

from dmoe_models import InstanceError
from dmoe_models.portable.random import Draws
from instances.families import FAMILIES, draw
from instances.families.family import family
from instances.families.parts import rayleigh_round
from instances.families.size import LINKS, Size
from instances.families.table import list_families


def test_all_families_with_a_description():
    table = list_families()
    assert list(table["family"]) == list(FAMILIES)
    assert table["description"].str.len().gt(10).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_parameter_has_a_meaning(name):
    table = list_families(name).set_index("parameter")
    assert list(table.index) == list(inspect.signature(FAMILIES[name].function).parameters)[1:]
    assert table["meaning"].str.len().gt(0).all()
    assert not table["meaning"].str.contains("As in").any()
    assert table.loc["z", "default"] == 1.0


def test_defaults_that_follow_from_the_nodes_and_units():
    table = list_families("tdl").set_index("parameter")
    assert table.loc["M", "default"] == "K^2"
    assert list(table.loc[["delay_spread_s", "bandwidth_hz", "speed_m_s", "K"], "unit"]) == [
        *("s", "Hz", "m/s", ""),
    ]
    assert list_families("contended").set_index("parameter").loc["M", "default"] == "K (K - 1)"


def test_help_shows_each_parameter_once_and_keeps_the_references():
    text = FAMILIES["knapsack-p1"].function.__doc__
    assert [text.count(f"\n{name} : ") for name in ("seed", "K", "D", "gamma", "kind")] == [1] * 5
    assert text.count("Parameters\n---") == 1 and "Pisinger" in text.split("References")[1]


def test_an_unknown_family():
    with pytest.raises(InstanceError, match="unknown family 'no'"):
        list_families("no")


def test_a_new_family_is_one_function():
    @family("twice the gain", M=LINKS, T=3)
    def doubled(draws: Draws, size: Size, *, factor: float = 2.0):
        """Rayleigh fading, multiplied.

        Parameters
        ----------
        factor : float
            Of every gain.
        """
        fields = rayleigh_round(draws, size)
        return fields | {"gain": factor * fields["gain"]}

    try:
        instance = draw("doubled", 1, K=3, factor=1.0)
        assert (instance.K, instance.T, instance.M) == (3, 3, 6)
        assert instance.metadata["parameters"]["factor"] == 1.0
        assert list(list_families("doubled")["parameter"]) == [
            *("K", "T", "M", "D", "z", "gamma", "factor", "strict"),
        ]
        assert "K (K - 1)" in doubled.__doc__
    finally:
        del FAMILIES["doubled"]
