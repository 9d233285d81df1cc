"""Sets are what their files say: drawn, hashed, bundled; and what is wrong with one is said."""

import statistics

import pytest

from dmoe_models import DmoeError, solve
from dmoe_models.files.instances import read_instance, write_instance
from dmoe_models.verification.plan import gather
from instances.families import FAMILIES, draw
from instances.library.record import CLASSES
from instances.library.set_file import read_set
from instances.library.sets import (
    FOLDER,
    find_set,
    load_set,
    published_names,
    set_names,
    verify,
    write_set,
)

from shell import assert_refused, call

# Families that came after the sets smoke and small, which stay what they were.
NOT_IN_SETS = {
    *("near-equal", "knapsack-p1", "rician", "tdl", "cell", "mutant", "trap"),
    *("dirichlet", "logistic-normal", "domains", "near-ties", "calibrated"),
}

MINE = """\
title = "Two draws"
purpose = "To try the format."
drawn = "Seeds 1 and 2."
not_covered = "Nearly everything."

[[draws]]
family = "rayleigh"
seeds = [1, 2]
parameters = { K = 3, T = 4 }
"""


@pytest.fixture
def mine(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    return file


def without_version(instance):
    return {key: value for key, value in instance.metadata.items() if key != "package"}


BUNDLED = ("smoke", "small")


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_files_are_what_the_set_draws(name, tmp_path):
    assert list(verify(name)) == []
    written = write_set(find_set(name), tmp_path / name)
    bundled = sorted((FOLDER / name).glob("*"))
    assert sorted(path.name for path in written) == [path.name for path in bundled]
    for path in bundled:
        kept, drawn = read_instance(path), read_instance(tmp_path / name / path.name)
        assert kept.sha256 == drawn.sha256
        assert kept.name == drawn.name == path.stem
        assert without_version(kept) == without_version(drawn)
    manifest = (tmp_path / f"{name}.sha256").read_text()
    assert manifest == (FOLDER / f"{name}.sha256").read_text()


def test_sets_have_the_promised_sizes():
    assert published_names() == [*BUNDLED, *CLASSES, "hard", "open", "adversarial"]
    assert set_names() == [*published_names(), "recorded"]
    ranges = {"smoke": (2, 4), "small": (3, 5)}
    for name, (least, most) in ranges.items():
        instances = load_set(name)
        assert len(instances) == len(find_set(name).specs) == len(find_set(name).manifest)
        families = {instance.metadata["family"] for instance in instances}
        assert families == set(FAMILIES) - NOT_IN_SETS
        assert {instance.problem for instance in instances} == {"P1", "P2"}
        assert all(least <= instance.K <= most for instance in instances)
        assert len({instance.name for instance in instances}) == len(instances)
    assert sum(path.stat().st_size for path in FOLDER.glob("*/*.json")) < 5e6


def test_the_adversarial_set_is_drawn_and_bad_for_its_targets():
    assert list(verify("adversarial")) == []
    chosen = find_set("adversarial")
    assert not chosen.bundled and {spec.family for spec in chosen.specs} == {"mutant", "trap"}
    for instance in load_set("adversarial"):
        if instance.K > 4:
            continue  # optima of the others take longer
        target = "top-k" if "top-k" in instance.name else "jesa"
        best = solve(instance, "exact")
        assert best.gap <= 1e-9
        static = float(instance.static_energy_j.sum())
        mean = statistics.harmonic_mean(
            [solve(instance, target, seed=seed).objective - static for seed in range(8)]
        )
        assert mean > 1.2 * (best.objective - static)


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
    with pytest.raises(DmoeError, match="sets are smoke, small, toy") as caught:
        load_set(name)
    assert "\n" not in str(caught.value)


def test_a_set_of_ones_own(mine, tmp_path):
    wanted = [draw("rayleigh", seed, K=3, T=4) for seed in (1, 2)]
    drawn = load_set(str(mine))
    assert [i.sha256 for i in drawn] == [i.sha256 for i in wanted]
    assert [i.sha256 for i in gather([str(mine)])[str(mine)]] == [i.sha256 for i in wanted]
    # its manifest is written with it, and then it is held against that
    assert list(verify(str(mine))) == [f"{tmp_path / 'mine.sha256'}: there is no manifest"]
    write_set(read_set(mine), tmp_path / "mine", ".nc")
    assert list(verify(str(mine))) == []
    assert len(list((tmp_path / "mine").glob("*.nc"))) == 2


def test_what_does_not_match_the_manifest_is_not_handed_out(mine, tmp_path):
    write_set(read_set(mine), tmp_path / "mine")
    mine.write_text(MINE.replace("[1, 2]", "[1, 3]"))
    with pytest.raises(DmoeError, match="the manifest says nothing about it"):
        load_set(str(mine))
    faults = list(verify(str(mine)))
    assert any("s3: is not in the manifest" in fault for fault in faults)
    assert any("s2: is in the manifest and not drawn" in fault for fault in faults)
    manifest = tmp_path / "mine.sha256"
    lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join(["0" * 64 + lines[0][64:], *lines[1:]]) + "\n")
    mine.write_text(MINE)
    with pytest.raises(DmoeError, match="the manifest says 000"):
        load_set(str(mine))
    assert any("the manifest says 000" in fault for fault in verify(str(mine)))


def test_bundled_files_that_are_not_the_sets_own_are_found(mine, tmp_path):
    mine.write_text("bundled = true\n" + MINE)
    with pytest.raises(DmoeError, match="are not installed"):
        load_set(str(mine))
    first, second = write_set(read_set(mine), tmp_path / "mine")
    assert list(verify(str(mine))) == []
    write_instance(read_instance(first), tmp_path / "mine" / "stray.json")
    write_instance(read_instance(first), second)
    faults = list(verify(str(mine)))
    assert any("stray.json: does not belong" in fault for fault in faults)
    assert any("s2.json: holds" in fault for fault in faults)
    second.unlink()
    assert any("s2.json" in fault for fault in verify(str(mine)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("title", "titel", "unknown key titel"),
        ('title = "Two draws"\n', "", "title is missing"),
        ('"To try the format."', "3", "purpose = 3 is not a text"),
        ("[[draws]]", "[draws]", "draws = "),
        ('"rayleigh"', '"raylaigh"', "draws[0].family = 'raylaigh' is no family"),
        ("[1, 2]", "[]", "draws[0].seeds"),
        ("[1, 2]", "[true]", "draws[0].seeds"),
        ("seeds", "seed", "unknown key draws[0].seed;"),
        ("K = 3", "Q = 3", "draw 0: family rayleigh has no parameter 'Q'"),
        ("K = 3", "K = 1", "draw 0: "),
        ("{ K = 3, T = 4 }", "3", "draws[0].parameters = 3"),
        ("title =", "title", "mine.toml"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(capsys, mine, old, new, words):
    mine.write_text(MINE.replace(old, new))
    assert_refused(call(capsys, "library", "build", mine, "-o", mine.with_suffix("")), words)


def test_a_wrong_manifest_is_refused(capsys, mine):
    mine.with_suffix(".sha256").write_text("abc  name\n")
    assert_refused(call(capsys, "library", "show", mine), "line 1 is not a SHA-256")


def test_the_command_line(capsys, mine, tmp_path):
    listed = call(capsys, "library", "list")
    assert listed.status == 0 and "smoke" in listed.out
    shown = call(capsys, "library", "show", mine)
    assert "not covered: Nearly everything." in shown.out and "rayleigh seed=2 K=3" in shown.out
    built = call(capsys, "library", "build", mine, "-o", tmp_path / "mine")
    assert built.status == 0 and "2 instances" in built.out
    assert call(capsys, "library", "verify", mine).out == f"{mine}: 2 instances, no faults\n"
    (tmp_path / "mine.sha256").unlink()
    said = call(capsys, "library", "verify", mine)
    assert said.status == 1 and said.out.startswith(f"{mine}: 2 instances, 1 fault\n")
    assert call(capsys, "library", "verify", "smoke", "--json").status == 0
    assert_refused(call(capsys, "library", "show", "huge"), "unknown set 'huge'")
