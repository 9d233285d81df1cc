"""Files of a user's own: what lies beside them, what they start, and what their hash covers."""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
import sys

import pytest

from dmoe_models import MethodError, solve
from dmoe_models.solving.own_code import source_digest
from dmoe_models.solving.plugins import load_function
from dmoe_models.solving.sandbox import OVERDUE, Failure, contained
from instances.families import draw

NEIGHBOUR = "WHO = {!r}\n\ndef ask(instance):\n    return WHO\n"
AT_THE_TOP = "import asked\n\ndef f(instance):\n    return asked.ask(instance)\n"
IN_THE_CALL = "def f(instance):\n    from asked import ask\n    return ask(instance)\n"
FROM_A_PACKAGE = "import asked.deep as d\n\ndef f(instance):\n    return d.ask(instance)\n"
RELATIVE = "from . import asked\n\ndef f(instance):\n    return asked.ask(instance)\n"


def folder_of(place, who, source):
    place.mkdir()
    (place / "mine.py").write_text(source)
    if ".deep" in source:
        (place / "asked").mkdir()
        (place / "asked/__init__.py").write_text("import other\nfrom .deep import ask\n")
        (place / "other.py").write_text("")
        (place / "asked/deep.py").write_text(NEIGHBOUR.format(who))
    else:
        (place / "asked.py").write_text(NEIGHBOUR.format(who))
    return place


def asked(place):
    return load_function("mine", f"{place}/mine.py:f")


@pytest.mark.parametrize("source", [AT_THE_TOP, IN_THE_CALL, FROM_A_PACKAGE, RELATIVE])
def test_two_folders_have_neighbours_of_one_name_and_each_its_own(tmp_path, source):
    before, known = list(sys.path), set(sys.modules)
    one, two = (asked(folder_of(tmp_path / who, who, source)) for who in ("one", "two"))
    assert [one(None), two(None), one(None)] == ["one", "two", "one"]
    assert sys.path == before
    assert all(name.startswith("dmoe_models.") for name in set(sys.modules) - known)


@pytest.mark.parametrize("source", [AT_THE_TOP, IN_THE_CALL, FROM_A_PACKAGE])
def test_a_neighbour_that_is_edited_counts_at_once_and_in_the_hash(tmp_path, source):
    place = folder_of(tmp_path / "p", "one", source)
    first, digest = asked(place), source_digest(place / "mine.py")
    assert first(None) == "one" and asked(place) is first
    neighbour = place / ("asked/deep.py" if ".deep" in source else "asked.py")
    neighbour.write_text(NEIGHBOUR.format("two"))  # as long, and within the clock's tick
    assert asked(place)(None) == "two"
    assert source_digest(place / "mine.py") != digest


def test_a_file_without_neighbours_has_the_hash_of_its_bytes(tmp_path):
    (tmp_path / "mine.py").write_text("import numpy, json\n\ndef f(instance): ...\n")
    (tmp_path / "numpy").mkdir()  # a mere folder, which is no module where there is a real one
    expected = hashlib.sha256((tmp_path / "mine.py").read_bytes()).hexdigest()
    assert source_digest(tmp_path / "mine.py") == expected


def test_this_package_beside_a_plug_in_is_the_one_that_runs_it(tmp_path):
    import dmoe_models

    (tmp_path / "dmoe_models").symlink_to(dmoe_models.__path__[0])
    (tmp_path / "instances").mkdir()
    (tmp_path / "mine.py").write_text(
        "from dmoe_models import MethodError\nfrom instances.families import draw\n\n"
        "def f(instance):\n    return MethodError, draw\n"
    )
    assert asked(tmp_path)(None) == (MethodError, draw)


def test_an_odd_file_name_and_what_fails_inside_a_neighbour(tmp_path):
    place = tmp_path / "a b.c%2E"
    place.mkdir()
    (place / "my.method-2.py").write_text("import wrong\n\ndef f(instance): ...\n")
    (place / "wrong.py").write_text("import beside.nothing\n")
    (place / "beside").mkdir()
    (place / "beside/__init__.py").write_text("")
    with pytest.raises(MethodError, match=r"No module named 'beside\.nothing'"):
        load_function("mine", f"{place}/my.method-2.py:f")
    (place / "wrong.py").write_text("")
    assert load_function("mine", f"{place}/my.method-2.py:f")(None) is None


POOLS = """\
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import helper


def one(seed):
    return helper.SEEDS[seed]


def asleep(seed):
    time.sleep(600)


def answered(instance, how):
    from dmoe_models import solve
    with multiprocessing.get_context(how).Pool(1) as pool:
        seeds = pool.map(one, [0, 1]) + pool.map(helper.plus, [1])
    assert seeds == [7, 8, 2]
    return solve(instance, "jesa").solution


def overslept(instance):
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(asleep, [0]))


def nested(instance):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.map(lambda seed: seed, [0])
"""


@pytest.fixture
def pools(tmp_path):
    (tmp_path / "pools.py").write_text(POOLS)
    (tmp_path / "helper.py").write_text("SEEDS = [7, 8]\n\ndef plus(x):\n    return x + 1\n")
    return f"{tmp_path}/pools.py"


@pytest.mark.parametrize("how", ["spawn", "forkserver"])
def test_a_pool_that_starts_from_nothing_finds_the_plug_in_s_functions(pools, how):
    if how not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {how} on this system")
    result = solve(draw("rayleigh", 1, K=3, T=4), f"{pools}:answered", how=how)
    assert result.check is not None and result.check.ok


def test_workers_that_never_end_are_ended_with_the_run(pools):
    overslept = load_function("overslept", f"{pools}:overslept")
    failure = contained(lambda: overslept(None), sources=[pools], limit_s=0.5)
    assert isinstance(failure, Failure) and failure.kind == OVERDUE
    for worker in multiprocessing.active_children():
        worker.join(5)
    assert multiprocessing.active_children() == []


def test_what_cannot_be_sent_to_a_worker_is_one_line(pools):
    nested = load_function("nested", f"{pools}:nested")
    failure = contained(lambda: nested(None), sources=[pools], limit_s=60)
    assert isinstance(failure, Failure) and "nested.<locals>.<lambda>" in failure.reason
    assert "pools.py, line" in failure.reason


def test_functions_of_a_file_survive_a_pickle(pools):
    one = load_function("one", f"{pools}:one")
    assert pickle.loads(pickle.dumps(one)) is one
