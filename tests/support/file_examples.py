"""The documented examples of files, random instances, and the error that a broken file raises."""

import json
import re
from functools import cache
from importlib.resources import files as package_files

import jsonschema
import numpy as np
import pytest
from hypothesis import strategies as st

from dmoe_models import FileError, Instance, Solution

FORMAT = package_files("instances").joinpath("FORMAT.md").read_text(encoding="utf-8")


EXAMPLE, EXAMPLE_SOLUTION = (
    json.loads(block) for block in re.findall(r"```json\n(.*?)```", FORMAT, re.DOTALL)
)


@cache
def schema(kind):
    path = package_files("instances").joinpath("schemas", f"dmoe-{kind}.schema.json")
    content = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(content)
    return jsonschema.Draft202012Validator(content)


def example(**changes):
    fields = {key: EXAMPLE[key] for key in EXAMPLE if key not in ("format", "version")}
    return Instance(**(fields | changes))


def error_of(function, *arguments):
    """Return the text of the FileError that a call raises: one line, naming the file."""
    with pytest.raises(FileError) as caught:
        function(*arguments)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 400
    assert caught.value.__cause__ is not None
    return text


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


positive = st.floats(1e-30, 1e30)


@st.composite
def instances(draw):
    nodes, tokens, subcarriers = (draw(st.integers(low, 4)) for low in (2, 1, 1))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    assignment = None
    if draw(st.booleans()):
        assignment = np.full((nodes, nodes), -1)
        links = np.argwhere(~np.eye(nodes, dtype=bool))
        owners = rng.permutation(links)[:subcarriers]
        assignment[owners[:, 0], owners[:, 1]] = rng.permutation(subcarriers)[: len(owners)]
    gain = rng.exponential(1, (nodes, nodes, subcarriers)) * 10.0 ** rng.integers(-18, 3)
    return Instance(
        name=draw(st.text(min_size=1).filter(lambda text: text.strip() and "\0" not in text)),
        gate_scores=rng.dirichlet(np.full(nodes, 0.5), tokens),
        source=rng.integers(0, nodes, tokens),
        gain=np.where(rng.random(gain.shape) < 0.2, 0.0, gain),
        bandwidth_hz=draw(positive),
        transmit_power_w=draw(positive),
        noise_power_w=draw(positive),
        hidden_state_bits=draw(positive),
        computation_energy_j=rng.random(nodes),
        static_energy_j=rng.random(nodes) * 1e-300,
        relevance=draw(st.floats(1e-12, 1.0)),
        importance=draw(st.floats(1e-12, 1.0)),
        max_experts=draw(st.integers(1, nodes)),
        assignment=assignment,
        strict_relevance=draw(st.booleans()),
        metadata=draw(st.dictionaries(st.text(), plain, max_size=4)),
    )


def read_example_solution():
    selection = [[j in chosen for j in range(3)] for chosen in EXAMPLE_SOLUTION["experts"]]
    keys = ("assignment", "instance_sha256", "objective")
    return Solution(selection, **{key: EXAMPLE_SOLUTION[key] for key in keys})


def put(*keys, value):
    """Return a mutation that puts a value at a place of the document."""

    def mutate(document):
        for key in keys[:-1]:
            document = document[key]
        document[keys[-1]] = value

    return mutate


def drop(key):
    return lambda document: document.pop(key)


HUGE = 10**400


GOOD_TEXT = json.dumps(EXAMPLE).encode()
