"""Methods that do what no method should; for the watchdogs of studies."""

from __future__ import annotations

import contextlib
import os
import stat
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


def babble(instance: Instance) -> Outcome:
    """Write into every pipe that there is, where answers go to among them."""
    for name in range(3, 64):
        with contextlib.suppress(OSError):
            if stat.S_ISFIFO(os.fstat(name).st_mode):
                os.write(name, b'[1, 2\n{"rows": [], "seconds": 1.0}\n')
    return Outcome()


def boast(instance: Instance) -> Outcome:
    """Report a count that is none."""
    return Outcome(details={"nodes": "many"})


def stammer(instance: Instance) -> Outcome:
    """Raise with half a character."""
    raise ArithmeticError("no more \udcff numbers")
