"""The compiled search of batches: threads, processes, interrupts, and what it costs to import."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dmoe_models.algorithms.selection.compiled import search
from dmoe_models.algorithms.selection.des import select_experts
from dmoe_models.deadline import Deadline

from tiny import correlated_tokens, dirichlet_tokens

CASES = {
    "free": (dirichlet_tokens(24, 5, 2000), 5),
    "correlated": (correlated_tokens(0, 60, 24), 12),
}


def same(one, other):
    for name in ("selection", "energy_j", "bound_j", "nodes"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("case", CASES)
def test_answers_do_not_depend_on_threads_or_on_the_batch(case):
    tokens, max_experts = CASES[case]
    alone = select_experts(*tokens, max_experts, threads=1)
    for threads in (2, 3, 8):
        same(select_experts(*tokens, max_experts, threads=threads), alone)
    for t in (0, 7, 59):
        single = select_experts(*(table[t : t + 1] for table in tokens), max_experts)
        np.testing.assert_array_equal(single.selection[0], alone.selection[t])
        assert single.nodes[0] == alone.nodes[t]


def test_callers_may_be_threads():
    tokens, max_experts = CASES["free"]
    alone = select_experts(*tokens, max_experts)
    with ThreadPoolExecutor(4) as pool:
        for answer in pool.map(lambda _: select_experts(*tokens, max_experts), range(12)):
            same(answer, alone)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forked_processes_search_too():
    tokens, max_experts = CASES["free"]
    select_experts(*tokens, max_experts)
    child = os.fork()
    if child == 0:
        os._exit(0 if select_experts(*tokens, max_experts).complete else 1)
    assert os.waitpid(child, 0)[1] == 0


class Interrupted(Deadline):
    """A deadline whose clock raises, as Ctrl-C does while the caller waits."""

    @property
    def remaining(self):
        raise KeyboardInterrupt


def test_an_interrupt_ends_the_search():
    scores = np.random.default_rng(3).dirichlet(np.ones(60), 20)
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        search(
            scores,
            scores,
            np.full(20, 0.6),
            30,
            cardinality=False,
            node_limit=None,
            deadline=Interrupted(),
        )
    assert time.perf_counter() - start < 3.0
    assert not any("ThreadPool" in thread.name for thread in threading.enumerate())


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_importing_the_package_does_not_import_numba():
    code = (
        "import sys, dmoe_models, instances.families, formulations\n"
        "import dmoe_models.algorithms.jesa, dmoe_models.algorithms.baselines\n"
        "from dmoe_models.algorithms.selection import select_experts\n"
        "from dmoe_models.algorithms.placement import allocate_subcarriers\n"
        "assert not any(name.split('.')[0] in ('numba', 'llvmlite') for name in sys.modules)"
    )
    done = run_python(code)
    assert done.returncode == 0, done.stderr


def test_without_a_folder_for_the_cache_it_is_compiled_all_the_same(tmp_path):
    """No folder for numba to write to: the kernel's own, the user's and the one asked for."""
    code = """
import numpy as np, numba.core.caching as caching
class Nowhere(caching._CacheLocator):
    @classmethod
    def from_function(cls, py_func, py_file):
        return None
caching.CacheImpl._locator_classes = [Nowhere]
from dmoe_models.algorithms.selection import kernel
from dmoe_models.algorithms.selection.des import select_experts
assert type(kernel.search_block._cache).__name__ == "NullCache"
answer = select_experts(np.array([[1.0, 3.0]]), np.array([[0.4, 0.6]]), np.array([0.5]), 1)
assert answer.selection.tolist() == [[False, True]]
"""
    done = run_python(code)
    assert done.returncode == 0, done.stderr
