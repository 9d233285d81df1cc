"""What a schema refuses its reader refuses too; a reader refuses more only where it must."""

import copy
import json
import math

import numpy as np
import pytest
from file_examples import EXAMPLE, EXAMPLE_SOLUTION, error_of, example, put, schema
from hypothesis import given, settings
from hypothesis import strategies as st

from dmoe_models import DmoeError, read_instance, read_solution
from dmoe_models.certificates import certify, read_certificate, verify_certificate
from dmoe_models.files.certificates import write_certificate
from dmoe_models.files.instances import write_instance
from instances.families import draw

from volumes import CAMPAIGN

P1 = np.array(EXAMPLE_SOLUTION["assignment"])
SUBCARRIERS = {"subcarrier_count": 3, "subcarriers": [[[], [0], [2]], [[1], [], []], [[], [], []]]}
SEVERAL = {k: v for k, v in EXAMPLE_SOLUTION.items() if k != "assignment"} | SUBCARRIERS

ACROSS_FIELDS = (
    "shape", "length", "depth", "sum to", "is not a node", "is outside 1 to K", "is not an expert",
    "is not a subcarrier", "repeats the subcarrier", "on the diagonal", "is not finite",
    "too large", "outside the range", "links, expected one per node", "is out of range",
    "dimension(s)", "beyond 64 bits", "is not a finite number",
)  # fmt: skip
"""Words of what a schema cannot say: how fields go together, and what doubles can hold."""

OTHERS = st.sampled_from(
    [None, True, False, 0, 1, 2, -1, -2, 3, 0.0, 1.0, 2.0, -1.0, 0.5, 1e300, math.inf, 10**400, "",
     " ", "1", "x", [], [0], [1.0], [[]], [[0]], {}, {"x": 1}]
)  # fmt: skip


def places(value, path=()):
    """List every place of a document: the keys and indices that lead there."""
    found = [path]
    if isinstance(value, dict):
        entries = value.items()
    else:
        entries = enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        found += places(entry, (*path, key))
    return found


@st.composite
def mutations(draw_from, document):
    """Return a copy of a document with something put, dropped, added or repeated in it."""
    changed = copy.deepcopy(document)
    for _ in range(draw_from(st.integers(1, 2))):
        path = draw_from(st.sampled_from([place for place in places(changed) if place]))
        holder = changed
        for key in path[:-1]:
            holder = holder[key]
        how = draw_from(st.sampled_from(["put", "whole as real", "drop", "repeat", "add"]))
        entry = holder[path[-1]]
        if how == "put":
            holder[path[-1]] = copy.deepcopy(draw_from(OTHERS))
        elif how == "whole as real":
            holder[path[-1]] = as_real(entry)
        elif how == "drop":
            del holder[path[-1]]
        elif how == "repeat" and isinstance(holder, list):
            holder.append(copy.deepcopy(entry))
        elif isinstance(holder, dict):
            holder["x"] = copy.deepcopy(draw_from(OTHERS))
    return changed


def as_real(value):
    """Write whole numbers as reals throughout, as some programs do."""
    if isinstance(value, dict):
        return {key: as_real(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [as_real(entry) for entry in value]
    return float(value) if type(value) is int and abs(value) < 2**53 else value


def verdict(read, document, folder):
    """Return the error of reading a document, or None."""
    path = folder / "mutated.json"
    path.write_text(json.dumps(document).replace("Infinity", "1e999"), encoding="utf-8")
    try:
        read(path)
    except DmoeError as error:
        return str(error)
    return None


def require_agreement(kind, read, document, folder):
    fault = verdict(read, document, folder)
    if not schema(kind).is_valid(document):
        assert fault is not None, "the schema refuses what the reader takes"
    elif fault is not None:
        assert any(words in fault for words in ACROSS_FIELDS), fault


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("schemas")


@pytest.mark.parametrize("document", [EXAMPLE, EXAMPLE | {"assignment": P1.tolist()}])
@given(data=st.data())
@settings(max_examples=5000 if CAMPAIGN else 100, deadline=None)
def test_instances(folder, document, data):
    require_agreement("instance", read_instance, data.draw(mutations(document)), folder)


@pytest.mark.parametrize("document", [EXAMPLE_SOLUTION, SEVERAL])
@given(data=st.data())
@settings(max_examples=5000 if CAMPAIGN else 100, deadline=None)
def test_solutions(folder, document, data):
    require_agreement("solution", read_solution, data.draw(mutations(document)), folder)


@pytest.fixture(scope="module")
def proofs(folder):
    """Return instances of both problems, and their certificates as documents."""
    found = []
    for instance in (draw("contended", 1, K=3, T=3), example(assignment=P1)):
        write_certificate(certify(instance).certificate, folder / "proof.json")
        found.append((instance, json.loads((folder / "proof.json").read_text(encoding="utf-8"))))
    return found


@pytest.mark.parametrize("problem", [0, 1])
@given(data=st.data())
@settings(max_examples=2000 if CAMPAIGN else 50, deadline=None)
def test_certificates_are_read_and_judged(folder, proofs, problem, data):
    """Reading looks at the header; whether the rest is a proof at all, the referee says."""
    instance, document = proofs[problem]
    changed = data.draw(mutations(document))
    if not schema("certificate").is_valid(changed):
        path = folder / "mutated.json"
        path.write_text(json.dumps(changed).replace("Infinity", "1e999"), encoding="utf-8")
        try:
            report = verify_certificate(instance, read_certificate(path))
        except DmoeError:
            return
        assert not report.ok


def test_whole_numbers_may_be_written_as_reals(folder, proofs):
    for kind, read, document in (
        ("instance", read_instance, EXAMPLE | {"assignment": P1.tolist()}),
        ("solution", read_solution, EXAMPLE_SOLUTION),
        ("solution", read_solution, SEVERAL),
    ):
        metadata = {"metadata": document["metadata"]} if "metadata" in document else {}
        assert schema(kind).is_valid(as_real(document) | metadata)
        for name, content in (("whole", document), ("real", as_real(document) | metadata)):
            (folder / f"{name}.json").write_text(json.dumps(content))
        assert read(folder / "whole.json") == read(folder / "real.json")
    for instance, document in proofs:
        (folder / "real.json").write_text(json.dumps(as_real(document)))
        assert schema("certificate").is_valid(as_real(document))
        assert verify_certificate(instance, read_certificate(folder / "real.json")).ok


def test_a_real_number_in_metadata_stays_one(folder):
    write_instance(example(metadata={"version": 2.0}), folder / "m.json")
    assert "2.0" in (folder / "m.json").read_text()
    assert type(read_instance(folder / "m.json").metadata["version"]) is float


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_diagonal_is_ignored_in_json_too(folder, value):
    document = copy.deepcopy(EXAMPLE)
    document["gain"][1][1] = [value] * 3
    (folder / "d.json").write_text(json.dumps(document))
    assert read_instance(folder / "d.json").sha256 == example().sha256
    document["gain"][1][1][2] = None
    (folder / "d.json").write_text(json.dumps(document))
    assert "gain[1,1,2] = None is not a real number" in error_of(read_instance, folder / "d.json")
    assert not schema("instance").is_valid(document)


HALF = "\ud83d"


@pytest.mark.parametrize(
    ("kind", "read", "mutate", "words"),
    [
        ("instance", read_instance, put("name", value=HALF), "name = "),
        ("instance", read_instance, put("metadata", "room", value=[HALF]), "metadata.room[0] = "),
        ("instance", read_instance, put("metadata", HALF, value=1), "key of metadata = "),
        ("instance", read_instance, put("metadata", "a", value={"b": {HALF: 1}}), "metadata.a.b"),
        ("instance", read_instance, put("source", 0, value=HALF), "source[0] = "),
        ("instance", read_instance, put(HALF, value=1), "key of file = "),
        ("solution", read_solution, put("instance", value=HALF), "instance = "),
        ("solution", read_solution, put("instance_sha256", value=HALF), "instance_sha256 = "),
        ("certificate", read_certificate, put("instance", value=HALF), "instance = "),
    ],
)
def test_half_a_character_is_refused_on_reading(folder, kind, read, mutate, words):
    document = {
        "instance": copy.deepcopy(EXAMPLE),
        "solution": copy.deepcopy(EXAMPLE_SOLUTION),
        "certificate": {
            "format": "dmoe-certificate", "version": 1, "instance": "x", "problem": "P1",
            "instance_sha256": "0" * 64, "bound_j": 1.0, "tokens": [],
        },
    }[kind]  # fmt: skip
    mutate(document)
    (folder / "half.json").write_text(json.dumps(document))
    text = error_of(read, folder / "half.json")
    assert words in text and "\\ud83d" in text
    assert not schema(kind).is_valid(document)
