"""HiGHS run so that Ctrl-C, or Jupyter's interrupt, stops it."""

from __future__ import annotations

import threading
from typing import Any

import highspy

_LOOK_S = 0.1
"""Seconds between looks at whether Python was interrupted."""

_STOP_S = 2.0
"""Seconds to wait for HiGHS to stop: it looks when it begins a node or an iteration."""


def run_highs(highs: highspy.Highs) -> None:
    """Run HiGHS on the model that it holds.

    Python acts on an interrupt between two of its instructions, and this would be one. So HiGHS
    runs in a thread while the main thread waits; it is told to stop and the interrupt goes on.

    Parameters
    ----------
    highs : highspy.Highs

    Raises
    ------
    KeyboardInterrupt
    """
    if threading.current_thread() is not threading.main_thread():  # no interrupt arrives there
        highs.run()
        return
    stop, done = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def look(event: Any) -> None:
        event.interrupt(stop.is_set())  # HiGHS remembers what it was told in an earlier run

    def work() -> None:
        try:
            highs.run()
            highs.resetGlobalScheduler(False)  # HiGHS has one for each thread
        except BaseException as error:
            failures.append(error)
        done.set()  # Python 3.11 calls a thread dead whose `join` was interrupted

    places = (highs.cbMipInterrupt, highs.cbSimplexInterrupt, highs.cbIpmInterrupt)
    for place in places:
        place.subscribe(look)
    try:
        threading.Thread(target=work, daemon=True).start()
        while not done.wait(_LOOK_S):
            pass
    except BaseException:
        stop.set()
        done.wait(_STOP_S)
        raise
    finally:
        if done.is_set():  # or it would go on for ever
            for place in places:
                place.unsubscribe(look)
    if failures:
        raise failures[0]
