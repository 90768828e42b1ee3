"""Several decision points that share what they have loaded: one process loads, the others begin as copies of it.

Copies share memory until one of them writes (docs/decisions/0039): a million accounts stand there once, however many
processes answer. Each copy registers, follows the log from where the state was loaded, and has no lease before it has
read the log to its end, as one that loads by itself.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable

_ENDING = (signal.SIGTERM, signal.SIGINT)


def in_processes(count: int, run: Callable[[int], int]) -> int:
    """Run ``count`` copies of this process until a signal comes or one of them ends; return 0, or 2 in that case.

    The process must have one thread and no connections. All copies end with this process, whatever happens to it.

    Args:
        count: how many copies.
        run: what a copy does; it is given a file descriptor that is at its end when the copy has to end, and returns
            the copy's exit code.
    """
    signals = {*_ENDING, signal.SIGCHLD}
    gc.collect()
    # What is here now is never garbage: looking for some would write to every page of it.
    gc.freeze()
    reading, writing = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    copies = []
    for _ in range(count):
        copy = os.fork()
        if not copy:
            os.close(writing)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
            _become(run, reading)
        copies.append(copy)
    came = signal.sigwait(signals)
    os.close(writing)
    codes = [os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) for copy in copies]
    if came in _ENDING:
        return 0
    sys.stderr.write(f"Error: a decision point ended by itself (exit codes {codes}); all have ended\n")
    return 2


def _become(run: Callable[[int], int], reading: int) -> None:
    """Be a copy to the end of this process; nothing of the first process's own end is done here."""
    code = 1
    try:
        code = run(reading)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
