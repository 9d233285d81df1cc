"""The bundled files are what their rules draw, complete and in order."""

import re
from pathlib import Path

import pytest

from dmoe_models import DmoeError, solve
from dmoe_models.files import read_instance
from instances import library
from instances.families import FAMILIES
from instances.library import SETS, load_set, rebuild, set_names

DATA = Path(library.__file__).parent / "sets"


def without_version(instance):
    return {key: value for key, value in instance.metadata.items() if key != "package"}


def test_bundled_files_are_what_the_rules_draw(tmp_path):
    written = rebuild(tmp_path)
    bundled = sorted(path.relative_to(DATA) for path in DATA.glob("*/*.json"))
    assert sorted(path.relative_to(tmp_path) for path in written) == bundled
    for relative in bundled:
        kept, drawn = read_instance(DATA / relative), read_instance(tmp_path / relative)
        assert kept.sha256 == drawn.sha256
        assert kept.name == drawn.name == relative.stem
        assert without_version(kept) == without_version(drawn)


def test_rebuild_removes_what_no_longer_belongs(tmp_path):
    stale = tmp_path / "smoke" / "stale.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    rebuild(tmp_path)
    assert not stale.exists()


def test_command_line_rebuilds(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["library", "--rebuild", "--target", str(tmp_path)])
    library.main()
    assert re.search(r"\d+ files", capsys.readouterr().out)
    assert len(list(tmp_path.glob("*/*.json"))) == sum(len(specs) for specs in SETS.values())


def test_sets_have_the_promised_sizes():
    assert set_names() == ["smoke", "small", "medium"]
    ranges = {"smoke": (2, 4), "small": (3, 5), "medium": (6, 10)}
    for name, (least, most) in ranges.items():
        instances = load_set(name)
        assert len(instances) == len(SETS[name])
        assert {instance.metadata["family"] for instance in instances} == set(FAMILIES)
        assert {instance.problem for instance in instances} == {"P1", "P2"}
        assert all(least <= instance.K <= most for instance in instances)
        assert len({instance.name for instance in instances}) == len(instances)
    assert sum(path.stat().st_size for path in DATA.glob("*/*.json")) < 5e6


def test_smoke_has_infeasible_strict_and_capped_ones():
    instances = load_set("smoke")
    assert any(instance.strict_relevance for instance in instances)
    assert any(instance.capped.any() for instance in instances)
    for instance in instances:
        method = "exhaustive" if instance.problem == "P2" else "des"
        infeasible = str(solve(instance, method).status) == "infeasible"
        assert infeasible == instance.name.endswith("-infeasible")


def test_order_is_by_family_then_size():
    instances = load_set("small")
    order = list(FAMILIES)
    keys = [(order.index(i.metadata["family"]), i.K, i.T) for i in instances]
    assert keys == sorted(keys)


@pytest.mark.parametrize("name", ["huge", "", "../smoke", None, 3])
def test_unknown_set(name):
    with pytest.raises(DmoeError, match="sets are smoke, small, medium") as caught:
        load_set(name)
    assert "\n" not in str(caught.value)
