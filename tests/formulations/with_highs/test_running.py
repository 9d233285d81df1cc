"""HiGHS in a thread: the same answers, and an interrupt stops it."""

from __future__ import annotations

import os
import signal
import threading
import time

import highspy
import numpy as np
import pytest

from formulations.with_highs.running import run_highs


def knapsacks(items: int, rows: int) -> highspy.Highs:
    """Return a model that is hard where there are many rows: several knapsacks at once."""
    random = np.random.default_rng(0)
    highs = highspy.Highs()
    highs.silent()
    taken = [highs.addBinary(obj=-float(value)) for value in random.random(items)]
    for weights in random.random((rows, items)):
        highs.addConstr(
            sum(float(weight) * one for weight, one in zip(weights, taken, strict=True))
            <= items / 6
        )
    return highs


def test_answers_are_those_of_highs():
    ours, plain = knapsacks(15, 3), knapsacks(15, 3)
    run_highs(ours)
    plain.run()
    assert ours.getModelStatus() == highspy.HighsModelStatus.kOptimal
    assert list(ours.getSolution().col_value) == list(plain.getSolution().col_value)
    assert ours.getInfo().mip_node_count == plain.getInfo().mip_node_count


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs POSIX signals")
def test_an_interrupt_stops_it_and_it_can_run_again():
    highs = knapsacks(120, 30)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    began = time.perf_counter()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run_highs(highs)
    assert time.perf_counter() - began < 3.0
    highs.setOptionValue("time_limit", highs.getRunTime() + 0.3)
    run_highs(highs)
    assert highs.getModelStatus() == highspy.HighsModelStatus.kTimeLimit


def test_other_threads_run_it_themselves():
    highs = knapsacks(10, 2)
    thread = threading.Thread(target=run_highs, args=(highs,))
    thread.start()
    thread.join()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
