"""A process that does one task after the other: ``python -m dmoe_models.studies.engine.worker``.

Tasks come as lines of JSON on standard input and rows go out as lines of JSON on standard output;
whatever else a method prints goes to standard error. The process ends with its standard input,
in the middle of a task too: the process that started it has died then.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from dmoe_models.environment import package_version
from dmoe_models.errors import MethodError
from dmoe_models.files.plain_json import plain
from dmoe_models.solving.catalogue import find_method
from dmoe_models.studies.design import work_of
from dmoe_models.studies.measuring import one_line
from dmoe_models.studies.study import Work, find_study
from instances.families.find import find_family


def perform(content: dict[str, Any], data: str | None = None) -> dict[str, Any]:
    """Do one task.

    Parameters
    ----------
    content : dict
        `Task.message`.
    data : str, optional
        Directory of recorded data.

    Returns
    -------
    dict
        `rows`, plain; or `error`, why there are none. And `seconds`.
    """
    started = time.perf_counter()
    try:
        if content["version"] != package_version():
            raise RuntimeError(
                f"the worker has dmoe-models {package_version()}, the task {content['version']}"
            )
        study = find_study(content["study"])
        if study.revision != content["revision"]:
            raise RuntimeError(f"the worker has revision {study.revision} of study {study.name}")
        work = work_of(content, None if data is None else Path(data))
        _require_sources(work, content.get("family_sha256", ""))
        answer: dict[str, Any] = {"rows": [plain(row) for row in study.rows(work)]}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {one_line(error)}"}
    return answer | {"seconds": time.perf_counter() - started}


def _require_sources(work: Work, family_sha256: str) -> None:
    """Raise MethodError where a plug-in or a family is not what it was when the run began."""
    family = work.cell["family"]
    if family_sha256 and find_family(family).source.get("sha256") != family_sha256:
        raise MethodError(f"family {family}: its source is not what it was when the run began")
    for variant in work.methods:
        wanted = variant.source_sha256
        if wanted and find_method(variant.method).source_sha256() != wanted:
            raise MethodError(
                f"method {variant.method}: its source is not what it was when the run began"
            )


def warm_up() -> None:
    """Compile, or load from numba's cache, what tasks will need; one process at a time.

    Processes that compile at the same time would do the work twice, and numba's cache is not made
    for several writers.
    """
    from dmoe_models.solving.solve import solve
    from instances.families import draw

    with _alone("compiling"):
        for family, sizes in (("rayleigh", {"M": 4}), ("contended", {"gamma": 0.3})):
            instance = draw(family, 1, K=3, T=6, **sizes)
            for method in ("jesa", "local-search", "exact"):
                solve(instance, method)


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Keep all other processes of this user, on this machine, out of the enclosed code."""
    try:
        import fcntl
    except ImportError:  # no POSIX system
        yield
        return
    path = Path(tempfile.gettempdir()) / f"dmoe-models-{os.getuid()}-{name}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> None:
    """Serve tasks until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it decides
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what methods print must not mix with answers
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin, lines), daemon=True).start()
    warm_up()
    _say(answers, {"ready": package_version()})
    while True:
        message = json.loads(lines.get())
        answer = perform(message["task"], message["data"])
        _say(answers, {"number": message.get("number")} | answer)


def _listen(source: TextIO, lines: queue.SimpleQueue[str]) -> None:
    """Pass tasks on as they come; at the end of input, end the process at once."""
    for line in source:
        lines.put(line)
    os._exit(0)


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
