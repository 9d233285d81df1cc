"""Methods that do what no method should; for the watchdogs of studies."""

from __future__ import annotations

import os
import time

import numpy as np

from dmoe_models import Instance, Outcome


def hang(instance: Instance) -> Outcome:
    """Never return, whoever asks."""
    while True:
        time.sleep(1.0)


def die(instance: Instance) -> Outcome:
    """Take the process along."""
    os.kill(os.getpid(), 9)
    return Outcome()


def grow(instance: Instance) -> Outcome:
    """Take memory, and hold it."""
    held = [np.ones(25_000_000) for _ in range(4)]
    time.sleep(60.0)
    return Outcome(details={"held": len(held)})


def die_once(instance: Instance) -> Outcome:
    """Take the process along, unless the file named in FAULTY_ONCE is there already."""
    try:
        os.close(os.open(os.environ["FAULTY_ONCE"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return Outcome()
    return die(instance)


def complain(instance: Instance) -> Outcome:
    """Raise."""
    raise ArithmeticError("no more numbers")
