"""Mutated files of every kind raise nothing but the project's errors.

A sample of the mutations in ``make test``, all in ``make campaign``; the numbers are fixed.
"""

from __future__ import annotations

import time
from collections import Counter

import pytest
from fuzz import case_of, readers, run, run_apart

from formulations.exchange.solver_files import FORMS

from volumes import CAMPAIGN, seeds

WHOLE, SAMPLE = 900, 40
"""Mutations of each reader whose share is 1."""

OF_A_GRAMMAR = ("json", "jsonl", "toml", "xml", "npy", "npz", "netcdf")
"""Contents of which it can be said whether they are well-formed."""


@pytest.mark.parametrize("name", readers())
def test_nothing_but_our_errors(name, tmp_path, capfd):
    reader = readers()[name]
    scale = reader.share
    numbers = seeds(int(WHOLE * scale), int(SAMPLE * scale))
    began = time.monotonic()
    faults, well = [], 0
    for number, well_formed, what in (run_apart if reader.apart else run)(
        reader, numbers, tmp_path
    ):
        well += well_formed
        if what is not None:
            faults.append((what, number))
    heard = capfd.readouterr()
    seconds = time.monotonic() - began
    with capfd.disabled():
        if CAMPAIGN:
            print(
                f"\n{name}: {len(numbers)} mutations, {well} well-formed, {seconds:.1f} s", end=""
            )
    assert not faults, report(name, faults)
    assert (heard.out, heard.err) == ("", ""), "something was printed"
    if reader.content in OF_A_GRAMMAR:
        assert well >= 0.4 * len(numbers), f"{well} of {len(numbers)} are well-formed"


def report(name, faults):
    """Return one line for each kind of fault, with how to make it again."""
    kinds = Counter(what for what, _ in faults)
    first = dict(reversed(faults))
    return "\n".join(
        f'{count} x {what}   python tests/campaigns/fuzz.py "{name}" {first[what]}'
        for what, count in kinds.most_common()
    )


@pytest.mark.parametrize("name", readers())
def test_mutations_can_be_made_again(name, tmp_path):
    found = []
    for turn in ("one", "other"):
        folder = tmp_path / turn
        folder.mkdir()
        samples = list(readers()[name].samples(folder))
        found.append([case_of(readers()[name], samples, n, folder) for n in range(10)])
    assert found[0] == found[1] and len({case.raw for case in found[0]}) > 5


def test_every_form_of_solver_files_has_a_sample(tmp_path):
    known = set()
    for name in ("solver files, text", "solver files, XML"):
        for sample in readers()[name].samples(tmp_path):
            lines = [line.strip() for line in sample.path.read_text().strip().splitlines()]
            known.add(next(number for number, form in enumerate(FORMS) if form.fits(lines)))
    missing = [form.made_by for number, form in enumerate(FORMS) if number not in known]
    assert not missing, f"give these forms a sample in fuzz_solver_files.py: {missing}"


def test_every_sample_can_be_read(tmp_path):
    for number, reader in enumerate(readers().values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        for sample in reader.samples(folder):
            if folder in sample.path.parents:  # not where the package's own files are
                reader.read(sample.path)
