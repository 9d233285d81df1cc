"""DES compiled: batches of tokens on all cores, with no allocation in the search.

`dmoe_models.algorithms.selection.des` imports this module when it first searches, so that importing
the package neither imports numba nor compiles. The machine code is kept in numba's cache: the
folder that NUMBA_CACHE_DIR names, else ``__pycache__`` beside the kernel, else the user's cache
folder; where none can be written the code is compiled again by every process.

Threads are Python's, and the kernel runs without the interpreter's lock: unlike numba's own, they
may be used from several threads and from forked processes, and leave the caller free to end the
search when time is up.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np

from dmoe_models.algorithms.selection.kernel import search_block, workspace
from dmoe_models.deadline import Deadline
from dmoe_models.environment import available_cores

_BLOCK_ENTRIES = 1 << 16
"""Table entries (tokens x experts) of the largest piece of work that a thread takes at a time."""

_LOOK_S = 0.1
"""Seconds between looks at a deadline, which another thread may let expire."""

_SMALL = 8192
"""Table entries of a batch that is tried without other threads."""

_SOON = 256
"""Nodes of a token in that trial."""

_NO_LIMIT = np.iinfo(np.int64).max

Answer = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Selection (T, K), energy_j (T,), bound_j (T,) and nodes (T,)."""


def search(
    energy_j: np.ndarray,
    gate_scores: np.ndarray,
    need: np.ndarray,
    max_experts: int,
    *,
    cardinality: bool,
    node_limit: int | None,
    deadline: Deadline,
    threads: int | None = None,
) -> Answer:
    """Search all tokens, blocks of them at a time on every thread.

    Arguments are those of `des.select_experts`, checked, C-contiguous and of 64-bit floats. Threads
    take the next block when they are free; which one took a token does not change its answer. A
    time limit sets a flag that the search looks at every 1024 nodes, and so does an interrupt. A
    small batch, which threads would take longer to start than to search, is tried here first, with
    few nodes a token; tokens that need more start again in threads.

    Parameters
    ----------
    energy_j, gate_scores : (T, K) arrays
        Joule per token; scores.
    need : (T,) array
        Right-hand side of C1.
    max_experts : int
        D.
    cardinality : bool
        Use the bound that knows D.
    node_limit : int or None
        Most nodes of one token's search.
    deadline : Deadline
    threads : int, optional
        By default one for every core that this process may use.

    Returns
    -------
    selection (T, K), energy_j (T,), bound_j (T,), nodes (T,)
    """
    # one type of array, one compilation: numba tells read-only arrays from others
    tables = [array.view() for array in (energy_j, gate_scores, need)]
    for table in tables:
        table.flags.writeable = False
    limit = _NO_LIMIT if node_limit is None else node_limit
    threads = max(1, min(threads or available_cores(), len(need)))
    if gate_scores.size > _SMALL or deadline.passed:
        return _in_threads(tables, max_experts, cardinality, limit, deadline, threads)

    first_limit = min(limit, _SOON)
    answer = _unanswered(*gate_scores.shape)
    work = workspace(gate_scores.shape[1], max_experts)
    go_on = np.zeros(1, dtype=np.int8)
    fixed = (max_experts, cardinality, first_limit, go_on, 0, len(need))
    search_block(*tables, *fixed, answer, *work)
    open_tokens = np.flatnonzero(answer[3] >= first_limit)
    if first_limit < limit and len(open_tokens):
        for table in (rest := [table[open_tokens] for table in tables]):
            table.flags.writeable = False
        answer[0][open_tokens] = False
        again = _in_threads(rest, max_experts, cardinality, limit, deadline, threads)
        for column, of_rest in zip(answer, again, strict=True):
            column[open_tokens] = of_rest
    return answer


def _unanswered(tokens: int, experts: int) -> Answer:
    """Return the arrays that the search fills."""
    return (
        np.zeros((tokens, experts), dtype=bool),
        np.empty(tokens),
        np.empty(tokens),
        np.empty(tokens, dtype=np.int64),
    )


def _in_threads(
    tables: list[np.ndarray],
    max_experts: int,
    cardinality: bool,
    limit: int,
    deadline: Deadline,
    threads: int,
) -> Answer:
    """Search blocks of tokens on several threads, while this one watches the time."""
    tokens, experts = tables[1].shape
    answer = _unanswered(tokens, experts)
    stop = np.zeros(1, dtype=np.int8)
    block = max(1, min(_BLOCK_ENTRIES // experts, -(-tokens // (8 * threads))))
    starts = iter(range(0, tokens, block))

    def work_through() -> None:
        work = workspace(experts, max_experts)
        for first in starts:  # shared by the threads; taking the next one is atomic
            last = min(first + block, tokens)
            search_block(*tables, max_experts, cardinality, limit, stop, first, last, answer, *work)

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(work_through) for _ in range(threads)]
        try:
            while wait(running, deadline.at_most(_LOOK_S)).not_done and not deadline.passed:
                pass
        finally:
            stop[0] = 1
    for finished in running:
        finished.result()
    return answer
