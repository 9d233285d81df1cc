"""Configurations: axes become cells, cells tasks; keys and hashes change with what they cover."""

import pytest

from dmoe_models.studies.cells import adjusted, draw_cell, draw_layers, sized
from dmoe_models.studies.configuration import configuration_file, design_of, read_design
from dmoe_models.studies.design import work_of
from dmoe_models.studies.engine.dry_run import try_cells
from dmoe_models.studies.study import StudyError, find_study, study_names
from instances.families import draw

TEXT = """
study = "asymptotics"
title = "for tests"
time_limit_s = 5
batch = 4
methods = ["jesa", { method = "jesa", label = "ten", starts = 10 }]

[[cells]]
seeds = 10
family = ["rayleigh", "reciprocal"]
K = [3, 4]
subcarriers_per_link = 2

[[cells]]
seeds = 3
first_seed = 100
family = "tdl"
K = 3
M = 12
band_turns = 1.5
methods = ["jesa"]
"""


def test_axes_and_tasks():
    design = design_of(TEXT)
    assert [cell.parameters["family"] for cell in design.cells] == [
        *("rayleigh", "rayleigh", "reciprocal", "reciprocal", "tdl")
    ]
    assert [cell.number for cell in design.cells] == list(range(5))
    tasks = design.tasks()
    seeds: dict[int, list[int]] = {}
    for task in tasks:
        seeds.setdefault(task.cell.number, []).extend(work_of(task.content()).seeds)
    assert seeds == {0: list(range(10))} | {n: list(range(10)) for n in (1, 2, 3)} | {
        4: [100, 101, 102]
    }
    # the first five tasks are one of every cell
    assert [task.cell.number for task in tasks[:6]] == [0, 1, 2, 3, 4, 0]
    assert len({task.key for task in tasks}) == len(tasks) == 13
    work = work_of(tasks[0].content())
    assert [variant.label for variant in work.methods] == ["jesa", "ten"]
    assert work.methods[1].options == {"starts": 10}


def test_what_the_hash_covers():
    sha256 = design_of(TEXT).sha256
    for same in (
        TEXT.replace("for tests", "other words") + "\n# a comment\n",
        TEXT + "\n[[cells]]\n".replace("[[cells]]", ""),
        "retries = 3\ntask_limit_s = 7\nmemory_limit_mb = 900\n" + TEXT,
    ):
        assert design_of(same).sha256 == sha256
    for other in (
        TEXT.replace("time_limit_s = 5", "time_limit_s = 6"),
        TEXT.replace("seeds = 10", "seeds = 11"),
        TEXT.replace("K = [3, 4]", "K = [4, 3]"),
        TEXT.replace("starts = 10", "starts = 9"),
        TEXT.replace("batch = 4", "batch = 5"),
    ):
        assert design_of(other).sha256 != sha256


def test_keys_cover_the_version(monkeypatch):
    keys = [task.key for task in design_of(TEXT).tasks()]
    assert keys == [task.key for task in design_of(TEXT).tasks()]
    monkeypatch.setattr("dmoe_models.studies.design.package_version", lambda: "99")
    assert not set(keys) & {task.key for task in design_of(TEXT).tasks()}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("batch = 4", "batches = 4", "unknown field batches"),
        ("batch = 4", 'batch = "4"', "batch = '4' is of the wrong kind"),
        ("batch = 4", "batch = 0", "batch = 0 is not a whole number of at least 1"),
        ("batch = 4", "batch = true", "batch = True is of the wrong kind"),
        ("time_limit_s = 5", "time_limit_s = 0", "time_limit_s = 0 is not between"),
        ("time_limit_s = 5", "retries = -1", "retries = -1"),
        ('"asymptotics"', '"astrology"', "unknown study 'astrology'"),
        ('["jesa", {', '["jessa", {', r"cells\[0\]: unknown method 'jessa'"),
        ("K = [3, 4]", "Q = 3", r"cells\[0\]: family rayleigh has no parameter 'Q'"),
        ("K = [3, 4]", "gamma0 = 0.5\nK = 3", "no parameter 'gamma0' here"),
        ("K = [3, 4]", 'part = "x"\nK = 3', "no parameter 'part'"),
        ("K = [3, 4]", "K = [[3]]", r"K = \[3\] is neither a number nor a word"),
        ("K = [3, 4]", "K = []", r"cells\[0\]: K = \[\] holds no value"),
        ("seeds = 10", "", "seeds = None"),
        ("K = [3, 4]", "K = [3, 3]", "same draws by the same methods"),
        ("M = 12", "M = 12\nsubcarriers_per_link = 3", "two names of one thing"),
        ('family = "tdl"', 'family = "tld"', r"cells\[1\]: unknown family 'tld'"),
        ('family = "tdl"', 'family = "recorded"', "unknown family 'recorded'"),
        ("time_limit_s = 5", "time_limit_s = 1" + 400 * "0", "time_limit_s = an integer of about"),
        ("K = [3, 4]", "K = 1" + 400 * "0", "K = an integer of about 400 digits is too large"),
        ("K = [3, 4]", "K = 3\ngamma = nan", "gamma = nan is not finite"),
        ("K = [3, 4]", f"K = {list(range(9999))}\nz = {[0.1] * 9999}", "combinations"),
        ("seeds = 10", "seeds = 10\nfirst_seed = 140737488355328", "first_seed . seeds is above"),
        ('methods = ["jesa"]', "methods = 3", r"cells\[1\]: methods = 3 is not a list"),
        ('methods = ["jesa"]', 'methods = "jesa"', "methods = 'jesa' is not a list"),
        ("starts = 10", "starts = nan", "option starts of method ten = nan is not finite"),
        ("starts = 10", "starts = 2020-01-01", "option starts of method ten = datetime"),
        ("starts = 10", "strats = 10", "method jesa has no option 'strats'; it takes"),
        ("starts = 10", 'starts = "x"', "method jesa: option starts = 'x' is not of type int"),
        ("starts = 10", "seed = 10", "method jesa: seed is not an option of a method"),
        ("batch = 4", "batch = 4\nx = " + 5000 * "[" + 5000 * "]", "nested too deeply"),
    ],
)
def test_configurations_that_cannot_be(old, new, words):
    assert old in TEXT
    with pytest.raises(StudyError, match=words) as caught:
        design_of(TEXT.replace(old, new))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 1000


def test_the_same_draws_twice():
    """Seeds that overlap would be counted twice; those that do not are one sample in two cells."""
    more = '\n[[cells]]\nfirst_seed = {}\nseeds = 5\nfamily = "rayleigh"\nK = 4\n'
    more += "subcarriers_per_link = 2.0\n"
    assert len(design_of(TEXT + more.format(10)).cells) == 6
    assert len(design_of(TEXT + more.format(9) + 'methods = ["exact"]\n').cells) == 6
    with pytest.raises(StudyError, match="two of the cells, 1 and 5, are the same draws"):
        design_of(TEXT + more.format(9))


def test_cells_that_cannot_be_drawn():
    try_cells(design_of(TEXT + '[[cells]]\nseeds = 1\nfamily = "measured"\nrecording = "none"\n'))
    for old, new, words in (
        ("K = [3, 4]", "K = [3, 1]", "cell 1 .*K = 1.*: K = 1 is below 2"),
        ("K = [3, 4]", "K = 3\nD = 9", "D = 9 is outside 1 to K = 3"),
        ("M = 12", "M = 0", r"cell 4 .*: M = 0 is below 1"),
        ("M = 12", "M = 12\nsnr_db = 1e9", "snr_db = 1000000000.0 is outside -300 to 300"),
        ("M = 12", 'M = 12\ncomputation_ratio = "x"', "computation_ratio = 'x'"),
        ('"tdl"\nK = 3\nM = 12\nband_turns = 1.5', '"hard-p1"', "is of P1, and this study is"),
    ):
        assert old in TEXT
        with pytest.raises(StudyError, match=words):
            try_cells(design_of(TEXT.replace(old, new)))


def test_a_plugin_is_part_of_the_configuration(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def method(instance): pass")
    text = TEXT.replace('methods = ["jesa"]', f'methods = ["{file.as_posix()}:method"]')
    before = design_of(text, allow_code=True)
    (entry,) = before.cells[-1].content()["methods"]
    assert entry["source_sha256"] == before.sources[f"{file.as_posix()}:method"]
    assert work_of(before.tasks()[4].content()).methods == before.cells[-1].methods
    file.write_text("def method(instance): return None")
    after = design_of(text, allow_code=True)
    assert after.sha256 != before.sha256
    keys = [{task.key for task in design.tasks()} for design in (before, after)]
    assert len(keys[0] & keys[1]) == len(keys[0]) - 1  # other cells' tasks are what they were
    file.unlink()
    with pytest.raises(StudyError, match="there is no file"):
        design_of(text)
    assert design_of(text, sources=before.sources).sha256 == before.sha256


def test_files_that_are_no_configuration(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text("study =")
    for file, words in ((tmp_path / "none.toml", "No such file"), (broken, "broken.toml: ")):
        with pytest.raises(StudyError, match=words):
            read_design(file)
    broken.write_text(TEXT)
    with pytest.raises(StudyError, match="study = 'asymptotics', not savings"):
        read_design(broken, "savings")


def test_the_packages_own_configurations():
    for name in study_names():
        for size in ("default", "full"):
            design = read_design(configuration_file(name, size), name)
            assert design.title and design.tasks()
            names = [column.name for column in design.study.all_columns]
            assert len(set(names)) == len(names)
            assert callable(find_study(name).rows)
            for variant in (v for cell in design.cells for v in cell.methods):
                if variant.label == "H(1, D)" and name == "savings":  # z is an axis of its cells
                    assert variant.options == {"z": 1.0}


# --------------------------------------------------------------------------------------- cells


def test_derived_sizes():
    cell = {"family": "tdl", "K": 4, "tokens_per_node": 3, "subcarriers_per_link": 2.5}
    assert sized(cell) == {"family": "tdl", "K": 4, "T": 12, "M": 30}
    assert sized(cell | {"band_turns": 3.0})["delay_spread_s"] == pytest.approx(3.0 / 30e6)
    instance = draw_cell(cell | {"band_turns": 3.0}, 5)
    assert instance == draw("tdl", 5, K=4, T=12, M=30, delay_spread_s=3.0 / 30e6)


def test_adjusted():
    instance = draw("rayleigh", 3, K=4, M=20)
    i, j = instance.links.T
    changed = adjusted(instance, snr_db=3.0, computation_ratio=0.5)
    snr = changed.transmit_power_w * changed.gain[i, j].mean() / changed.noise_power_w
    assert snr == pytest.approx(10**0.3, rel=1e-12)
    price = changed.transmission_energy_j[i, j].min(axis=1).mean()
    assert changed.computation_energy_j.mean() == pytest.approx(0.5 * price, rel=1e-12)
    ratio = changed.computation_energy_j / instance.computation_energy_j
    assert ratio == pytest.approx(ratio[0])
    assert adjusted(instance) is instance


def test_layers_of_a_cell():
    cell = {"family": "rayleigh", "K": 3, "layers": 2, "gamma0": 0.5, "snr_db": 0.0}
    layers = list(draw_layers(cell | {"channel": "fixed"}, 4))
    assert [layer.importance for layer in layers] == [0.5, 0.25]
    assert (layers[0].gain == layers[1].gain).all()


def test_a_model_has_a_number_of_layers():
    text = 'study = "savings"\nmethods = ["jesa"]\n[[cells]]\nseeds = 1\nfamily = "rayleigh"'
    with pytest.raises(StudyError, match=r"cells\[0\]: layers is missing"):
        design_of(text)
    assert design_of(text + "\nlayers = 2").cells
