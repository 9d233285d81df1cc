"""Instance files: bit-exact round trips, every fault named, the format as documented."""

import copy
import itertools
import json
import math
import os

import netCDF4
import numpy as np
import pytest
from file_examples import (
    EXAMPLE,
    EXAMPLE_SOLUTION,
    FORMAT,
    GOOD_TEXT,
    HUGE,
    drop,
    error_of,
    example,
    instances,
    put,
    read_example_solution,
    schema,
)
from hypothesis import given, settings

from dmoe_models import FileError, InstanceError, Solution
from dmoe_models.files import documents
from dmoe_models.files.instances import read_instance, write_instance
from dmoe_models.files.solutions import read_solution, write_solution
from dmoe_models.referee.check import check

EXTENSIONS = [".json", ".nc"]


def assert_identical(a, b):
    assert a == b
    assert a.sha256 == b.sha256
    assert (a.name, a.metadata, a.strict_relevance) == (b.name, b.metadata, b.strict_relevance)
    for name in ("gate_scores", "source", "gain", "computation_energy_j", "static_energy_j"):
        assert getattr(a, name).dtype == getattr(b, name).dtype
        assert getattr(a, name).tobytes() == getattr(b, name).tobytes()


@settings(max_examples=100)
@given(instance=instances())
def test_instance_round_trip_json_netcdf_json(instance, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trip")
    write_instance(instance, folder / "a.json")
    first = read_instance(folder / "a.json")
    assert_identical(first, instance)
    write_instance(first, folder / "a.nc")
    second = read_instance(folder / "a.nc")
    assert_identical(second, instance)
    write_instance(second, folder / "b.json")
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()
    schema("instance").validate(json.loads((folder / "a.json").read_text(encoding="utf-8")))


def test_json_is_small_and_one_innermost_list_a_line(tmp_path):
    write_instance(example(), tmp_path / "a.json")
    lines = (tmp_path / "a.json").read_text().splitlines()
    assert "    [0.2, 0.5, 0.3]," in lines
    assert "      [0.015, 0.001, 0.001]," in lines
    assert '  "source": [0, 0, 1],' in lines


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_large_metadata_and_foreign_letters(tmp_path, extension):
    instance = example(name="Übung λ", metadata={"text": "é" * 200_000, "nul": "a\0b"})
    write_instance(instance, tmp_path / f"é{extension}")
    assert_identical(read_instance(tmp_path / f"é{extension}"), instance)


def test_optional_fields_may_be_absent(tmp_path):
    document = {key: EXAMPLE[key] for key in EXAMPLE if key not in ("strict_relevance", "metadata")}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    assert read_instance(path) == example(metadata={})
    write_instance(example(metadata={}), tmp_path / "a.nc")
    with netCDF4.Dataset(tmp_path / "a.nc", "a") as dataset:
        dataset.delncattr("metadata")
        dataset.delncattr("strict_relevance")
    assert read_instance(tmp_path / "a.nc") == example(metadata={})


def test_netcdf_names_dimensions_and_units(tmp_path):
    write_instance(example(assignment=EXAMPLE_SOLUTION["assignment"]), tmp_path / "a.nc")
    with netCDF4.Dataset(tmp_path / "a.nc") as dataset:
        assert dataset["gain"].dimensions == ("node", "expert", "subcarrier")
        assert dataset["bandwidth_hz"].dimensions == ()
        units = {name: variable.units for name, variable in dataset.variables.items()}
        for name in units:
            assert f"| `{name}` " in FORMAT
    assert units["bandwidth_hz"] == "Hz"
    assert units["computation_energy_j"] == "J"
    assert len(units) == 13


def test_the_documented_example_has_the_documented_optimum():
    """Every selection and every assignment of one subcarrier a link, and of several, is tried."""
    instance, solution = example(), read_example_solution()
    schema("instance").validate(EXAMPLE)
    schema("solution").validate(EXAMPLE_SOLUTION)
    report = check(instance, solution)
    assert report.ok
    assert "1040 µJ" in FORMAT
    assert report.energy_j == pytest.approx(1040e-6, rel=1e-12)

    links = instance.links.tolist()
    experts = range(instance.K)
    sets = [
        s for size in range(instance.max_experts + 1) for s in itertools.combinations(experts, size)
    ]
    best = math.inf
    for chosen in itertools.product(sets, repeat=instance.T):
        selection = np.array([[j in s for j in experts] for s in chosen])
        if (np.where(selection, instance.gate_scores, 0).sum(axis=1) < 0.499).any():
            continue
        for owners in itertools.product(range(-1, len(links)), repeat=instance.M):
            subcarriers = np.zeros(instance.gain.shape, dtype=bool)
            for m, owner in enumerate(owners):
                if owner >= 0:
                    subcarriers[(*links[owner], m)] = True
            report = check(instance, Solution(selection, subcarriers=subcarriers))
            if report.ok:
                best = min(best, report.energy_j)
    assert best == pytest.approx(1040e-6, rel=1e-12)


def test_the_documented_lower_bound():
    """The best price of every link, exclusive or not, for each token alone: 940 microjoule."""
    energy = example().transmission_energy_j.min(axis=2)
    np.fill_diagonal(energy, 0)
    tokens = [energy[0, 1] + 100e-6, energy[0, 2] + 150e-6, energy[1, 0] + 150e-6]
    assert sum(tokens) + 40e-6 == pytest.approx(940e-6, rel=1e-12)


def test_the_documented_files_are_what_the_writer_writes(tmp_path):
    write_instance(example(), tmp_path / "a.json")
    write_solution(read_example_solution(), tmp_path / "s.json", example())
    for name in ("a.json", "s.json"):
        assert (tmp_path / name).read_text() in FORMAT
    assert read_solution(tmp_path / "s.json") == read_example_solution()


BROKEN_INSTANCES = {
    # name: (mutation, what the message must hold, whether the schema can tell)
    "another format": (put("format", value="dmoe-solution"), "format = 'dmoe-solution'", True),
    "format missing": (drop("format"), "format is missing", True),
    "version 2": (put("version", value=2), "version = 2", True),
    "version true": (put("version", value=True), "version = True", True),
    "version text": (put("version", value="1"), "version = '1'", True),
    "version missing": (drop("version"), "version is missing", True),
    "unknown key": (put("gains", value=1), "unknown key 'gains'; did you mean gain?", True),
    "derived key": (put("need", value=[1]), "unknown key 'need'", True),
    "gain missing": (drop("gain"), "key gain is missing", True),
    "name missing": (drop("name"), "key name is missing", True),
    "negative score": (put("gate_scores", 1, 2, value=-0.5), "gate_scores[1,2] = -0.5", True),
    "score NaN": (put("gate_scores", 1, 2, value=math.nan), "gate_scores[1,2] = nan", False),
    "scores not 1": (put("gate_scores", 1, 2, value=0.7), "gate_scores[1]: scores sum", False),
    "score text": (put("gate_scores", 1, 2, value="0.6"), "gate_scores[1,2] = '0.6'", True),
    "score true": (put("gate_scores", 1, 2, value=True), "gate_scores[1,2] = True", True),
    "score huge": (put("gate_scores", 1, 2, value=HUGE), "gate_scores[1,2] = an integer", False),
    "score object": (put("gate_scores", 1, 2, value={}), "gate_scores[1,2] = {}", True),
    "scores ragged": (
        put("gate_scores", 2, value=[0.4, 0.6]),
        "gate_scores[2]: length 2, but gate_scores[0] has length 3",
        False,
    ),
    "gain ragged": (
        put("gain", 2, 1, value=[0.0]),
        "gain[2,1]: length 1, but gain[0,0] has length 3",
        False,
    ),
    "gain ragged at the start": (
        put("gain", 0, value=[[0.0]]),
        "gain[0]: length 1, but gain[1] has length 3",
        True,
    ),
    "scores text": (put("gate_scores", value="none"), "gate_scores", True),
    "gain negative": (put("gain", 0, 1, 2, value=-1), "gain[0,1,2] = -1.0", True),
    "gain infinite": (put("gain", 0, 1, 2, value=math.inf), "gain[0,1,2] = inf", False),
    "gain flat": (put("gain", value=[0.0] * 27), "gain: expected 3 dimension(s)", True),
    "source out of range": (put("source", 2, value=3), "source[2] = 3", False),
    "source half": (put("source", 2, value=0.5), "source[2] = 0.5", True),
    "no tokens": (put("gate_scores", value=[]), "gate_scores: there are no tokens", True),
    "no power": (put("transmit_power_w", value=0), "transmit_power_w = 0.0", True),
    "no noise": (put("noise_power_w", value=0.0), "noise_power_w = 0.0", True),
    "bandwidth null": (put("bandwidth_hz", value=None), "bandwidth_hz = None", True),
    "size text": (put("hidden_state_bits", value="6e4"), "hidden_state_bits = '6e4'", True),
    "relevance 2": (put("relevance", value=2), "relevance = 2.0", True),
    "importance 0": (put("importance", value=0), "importance = 0.0", True),
    "D zero": (put("max_experts", value=0), "max_experts = 0", True),
    "D above K": (put("max_experts", value=4), "max_experts = 4", False),
    "energy negative": (
        put("computation_energy_j", 1, value=-1),
        "computation_energy_j[1] = -1.0",
        True,
    ),
    "assignment diagonal": (
        put("assignment", value=[[0, -1, -1], [-1, -1, -1], [-1, -1, -1]]),
        "assignment[0,0] = 0",
        False,
    ),
    "assignment twice": (
        put("assignment", value=[[-1, 1, -1], [1, -1, -1], [-1, -1, -1]]),
        "assignment[1,0] = 1",
        False,
    ),
    "strict text": (put("strict_relevance", value="no"), "strict_relevance = 'no'", True),
    "metadata list": (put("metadata", value=[]), "metadata = []", True),
    "metadata NaN": (put("metadata", "x", value=math.nan), "metadata.x = nan", False),
    "name null": (put("name", value=None), "name = None", True),
}


@pytest.mark.parametrize("fault", BROKEN_INSTANCES)
def test_broken_instance_file(tmp_path, fault):
    mutate, expected, schema_knows = BROKEN_INSTANCES[fault]
    document = copy.deepcopy(EXAMPLE)
    mutate(document)
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(document))
    text = error_of(read_instance, path)
    assert text.startswith(f"{path}: ")
    assert expected in text
    assert schema("instance").is_valid(document) is not schema_knows


def test_the_instances_own_error_is_chained(tmp_path):
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(EXAMPLE | {"relevance": 2}))
    with pytest.raises(FileError) as caught:
        read_instance(path)
    assert isinstance(caught.value.__cause__, InstanceError)


BROKEN_BYTES = {
    "empty": (b"", "is empty"),
    "blank": (b"  \n", "not complete, valid JSON"),
    "truncated": (GOOD_TEXT[:-40], "not complete, valid JSON: "),
    "binary": (bytes(range(256)), "not UTF-8"),
    "binary text": (b"\x00\x01", "not complete, valid JSON"),
    "another encoding": (GOOD_TEXT.decode().encode("utf-16"), "not UTF-8"),
    "two documents": (GOOD_TEXT * 2, "Extra data"),
    "a list": (b"[1, 2]", "holds [1, 2], not a JSON object"),
    "a number": (b"7", "holds 7"),
    "a key twice": (GOOD_TEXT[:-1] + b', "gain": []}', "key 'gain' is given twice"),
    "a nested key twice": (
        GOOD_TEXT.replace(b'"metadata": {', b'"metadata": {"x": {"a": 1, "a": 1}, '),
        "key 'a' is given twice",
    ),
    "deeply nested": (b"[" * 200_000, "nested too deeply"),
    "deeply nested metadata": (
        GOOD_TEXT.replace(
            b'"metadata": {', b'"metadata": {"x": ' + b"[" * 900 + b"]" * 900 + b", "
        ),
        "nested too deeply",
    ),
    "scores nested 100 deep": (
        GOOD_TEXT.replace(b"[[0.2,", b"[[" + b"[" * 100 + b"0.2" + b"]" * 100 + b","),
        "gate_scores",
    ),
    "an endless number": (
        GOOD_TEXT.replace(b"60000.0", b"9" * 100_000),
        "hidden_state_bits = an integer of about 100000 digits is too large",
    ),
    "an endless index": (
        GOOD_TEXT.replace(b'"max_experts": 2', b'"max_experts": -' + b"9" * 5000),
        "max_experts = an integer of about 5000 digits is outside",
    ),
    "an endless score": (
        GOOD_TEXT.replace(b"[[0.2,", b"[[" + b"9" * 5000 + b","),
        "gate_scores[0,0] = an integer of about 5000 digits is too large",
    ),
    "an endless number in the metadata": (
        GOOD_TEXT.replace(b'"metadata": {', b'"metadata": {"x": ' + b"9" * 5000 + b", "),
        "metadata.x = an integer of about 5000 digits",
    ),
    "an endless number in a list for a size": (
        GOOD_TEXT.replace(b"60000.0", b"[" + b"9" * 5000 + b"]"),
        "hidden_state_bits = a list with an integer of thousands of digits is not a real number",
    ),
    "a float beyond doubles": (GOOD_TEXT.replace(b"60000.0", b"1e999"), "hidden_state_bits = inf"),
    "the literal NaN": (GOOD_TEXT.replace(b"60000.0", b"NaN"), "hidden_state_bits = nan"),
    "the literal Infinity": (GOOD_TEXT.replace(b"60000.0", b"Infinity"), "hidden_state_bits = inf"),
    "NaN as a version": (GOOD_TEXT.replace(b'"version": 1', b'"version": NaN'), "version = nan"),
}


@pytest.mark.parametrize("fault", BROKEN_BYTES)
def test_broken_bytes(tmp_path, fault):
    content, expected = BROKEN_BYTES[fault]
    assert content != GOOD_TEXT
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    text = error_of(read_instance, path)
    assert text.startswith(f"{path}: ")
    assert expected in text
    assert error_of(read_solution, path).startswith(f"{path}: ")


def test_byte_order_mark_is_accepted(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD_TEXT)
    assert read_instance(path) == example()


def test_enormous_file_points_to_netcdf(tmp_path):
    path = tmp_path / "enormous.json"
    with open(path, "wb") as file:
        file.truncate(10**11)  # a sparse file: nothing is written
    text = error_of(read_instance, path)
    assert "100000000000 bytes" in text
    assert "netCDF (.nc)" in text


def test_nothing_is_written_that_is_too_large_to_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "LARGEST_BYTES", 100)
    assert "netCDF" in error_of(write_instance, example(), tmp_path / "a.json")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_paths_that_cannot_be(tmp_path, extension):
    instance = example()
    folder = tmp_path / f"folder{extension}"
    folder.mkdir()
    assert "No such file" in error_of(read_instance, tmp_path / f"missing{extension}")
    assert "is a directory" in error_of(read_instance, folder)
    assert "is a directory" in error_of(write_instance, instance, folder)
    nowhere = tmp_path / "nowhere" / f"a{extension}"
    assert "folder does not exist" in error_of(write_instance, instance, nowhere)
    (tmp_path / "file").write_text("x")
    inside = tmp_path / "file" / f"a{extension}"
    assert "folder does not exist" in error_of(write_instance, instance, inside)
    assert "null byte" in error_of(read_instance, f"a\0{extension}")
    assert sorted(os.listdir(tmp_path)) == ["file", folder.name]
    assert os.listdir(folder) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_unwritable_folder(tmp_path, extension):
    tmp_path.chmod(0o500)
    try:
        assert "Permission" in error_of(write_instance, example(), tmp_path / f"a{extension}")
    finally:
        tmp_path.chmod(0o700)


def test_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    assert "not a regular file" in error_of(read_instance, tmp_path / "pipe.json")


@pytest.mark.parametrize("name", ["a.txt", "a", "a.json.gz", "/"])
def test_other_extensions_list_the_known_ones(tmp_path, name):
    path = tmp_path / name
    for call in ((read_instance, path), (write_instance, example(), path)):
        text = error_of(*call)
        assert text.startswith(f"{path}: ")
        assert name == "/" or ".json or .nc" in text


def test_extension_in_capitals(tmp_path):
    write_instance(example(), tmp_path / "A.JSON")
    assert read_instance(tmp_path / "A.JSON") == example()


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_failed_writing_leaves_the_old_file_and_nothing_else(tmp_path, extension, monkeypatch):
    path = tmp_path / f"a{extension}"
    write_instance(example(), path)
    before = path.read_bytes()

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert "No space left" in error_of(write_instance, example(name="new"), path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_names_that_a_format_cannot_hold(tmp_path):
    assert "NUL" in error_of(write_instance, example(name="a\0b"), tmp_path / "a.nc")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_writing_replaces_and_follows_links(tmp_path, extension):
    path, link = tmp_path / f"a{extension}", tmp_path / f"link{extension}"
    write_instance(example(), path)
    link.symlink_to(path)
    write_instance(example(name="new"), link)
    assert link.is_symlink()
    assert read_instance(path).name == "new"
