"""The processes of one machine: started together, ended together, nothing left running."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import click

STOP_SECONDS = 30.0
"""How long a process may take to finish what it has at hand (a mail: at most 20 seconds an answer)."""
_CHILD = "rolebook.cli.server.child_process"


@dataclass(slots=True)
class Together:
    """Processes that live and end together. Use as a context manager: leaving it ends all of them.

    Each runs in a session of its own, so that Ctrl+C in the terminal reaches only this process, which
    ends them in an orderly way; each also ends by itself when this process is gone.
    """

    environment: Mapping[str, str]
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self, name: str, module: str, arguments: Sequence[str]) -> None:
        """Start ``python -m module arguments``; ``name`` is what people read about it."""
        self._running[name] = subprocess.Popen(  # noqa: S603 - our own modules, our own arguments
            [sys.executable, "-m", _CHILD, str(os.getpid()), module, *arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def until_stopped(self) -> int:
        """Wait for SIGTERM, SIGINT or SIGHUP, or for one of the processes to end; return 0 or, in that
        case, 2.
        """
        self.stop_on_signals()
        while not self._stop.is_set():
            for name, process in self._running.items():
                if process.poll() is not None:
                    click.echo(f"{name} ended by itself (exit code {process.returncode}); stopping", err=True)
                    return 2
            self._stop.wait(0.5)
        return 0

    def stop_on_signals(self) -> None:
        """From now on SIGTERM, SIGINT and SIGHUP ask for the end instead of breaking off what is being
        done.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())

    def answering(self, host: str, port: int, seconds: float = 60.0) -> bool:
        """Wait until something answers at ``host``:``port``; False when a process ended, a signal came,
        or in vain.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._stop.is_set():
            if any(process.poll() is not None for process in self._running.values()):
                return False
            try:
                with socket.create_connection((host, port), timeout=1):
                    return True
            except OSError:
                self._stop.wait(0.1)
        return False

    def __enter__(self) -> "Together":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def refuse_port_in_use(host: str, port: int) -> None:
    """Raise click.ClickException when nothing can be served at ``host``:``port``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"cannot serve at {host} port {port}: {error.strerror}; choose another with --port"
            ) from None


def free_port(host: str) -> int:
    """Return a port of ``host`` that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port
