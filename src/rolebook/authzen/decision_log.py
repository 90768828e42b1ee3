"""What was asked and answered, as JSON lines: all of it or a sample, where the operator wants it.

An answer's path puts the request and the answer on a queue, as they came; a thread takes them apart and writes. The
queue is bounded, and what finds no room is counted and told in the next line that is written. Logged are types, ids,
names of actions and decisions: no properties, no context, no token, and no reasons.
"""

import fcntl
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import random
from typing import Any, Final

import msgspec

STDOUT: Final = "-"
MOST_WAITING: Final = 10_000
"""Requests that wait to be written."""
MOST_BYTES: Final = 32 * 1024 * 1024
"""Bytes of the requests and answers that wait."""
LARGEST_FILE: Final = 100 * 1024 * 1024
"""Bytes after which a file is put aside as ``.1``, the one before it as ``.2``, and so on."""
KEPT_FILES: Final = 5
_WRITE_SECONDS = 0.5
_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

type Entry = tuple[int, str, str, bytes, bytes, str]
"""Microsecond, program, endpoint, request, answer, revision."""


class DecisionLog:
    """The queue, and the thread that empties it.

    Args:
        target: path of the file, or `STDOUT`. Several processes may write to one file.
        share: how much of what is asked is logged, more than 0, at most 1.
    """

    def __init__(self, target: str, share: float) -> None:
        self._target, self._share = target, share
        self._waiting: deque[Entry] = deque()
        self._bytes = 0
        self._dropped = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, entry: Entry) -> None:
        """Log an answer, unless the sample leaves it out or there is no room. Never waits for the writing."""
        if self._share < 1 and random() >= self._share:  # noqa: S311 - a sample, nothing secret
            return
        size = len(entry[3]) + len(entry[4])
        with self._lock:
            if len(self._waiting) >= MOST_WAITING or self._bytes + size > MOST_BYTES:
                self._dropped += 1
                return
            self._waiting.append(entry)
            self._bytes += size

    def start(self) -> None:
        """Start to write, in a daemon thread of this process."""
        self._thread = threading.Thread(target=self._run, name="rolebook decision log", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5)

    def _run(self) -> None:
        ended = False
        while not ended:
            ended = self._stopping.wait(_WRITE_SECONDS)
            try:
                self.write()
            except OSError as failure:
                _log.warning("cannot write the decision log: %s", failure)

    def write(self) -> None:
        """Write what waits. Raises OSError; what was to be written is then counted as dropped."""
        with self._lock:
            entries, self._waiting, self._bytes = list(self._waiting), deque(), 0
            dropped, self._dropped = self._dropped, 0
        if not entries and not dropped:
            return
        told = [line for entry in entries for line in _lines(entry)]
        if dropped:
            told.append({"at": datetime.now(UTC).isoformat(), "dropped": dropped})
        try:
            _append(self._target, b"".join(_encode(line) + b"\n" for line in told))
        except OSError:
            with self._lock:
                self._dropped += dropped + len(entries)
            raise


def _append(target: str, text: bytes) -> None:
    if target == STDOUT:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    with path.open("ab") as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        if os.fstat(out.fileno()).st_size >= LARGEST_FILE and _is_still(path, out.fileno()):
            for number in range(KEPT_FILES - 1, 0, -1):
                older = path.with_name(f"{path.name}.{number}")
                if older.exists():
                    older.replace(path.with_name(f"{path.name}.{number + 1}"))
            path.replace(path.with_name(f"{path.name}.1"))
        out.write(text)


def _is_still(path: Path, descriptor: int) -> bool:
    """Return whether an open file still has its name: another process may have put it aside."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _lines(entry: Entry) -> Iterator[dict[str, Any]]:
    """Yield one line an evaluation; a search is one line, with the number of its results."""
    at_micros, program_id, endpoint, request, answer, revision = entry
    asked, said = _decode(request), _decode(answer)
    at = datetime.fromtimestamp(at_micros / 1e6, UTC).isoformat()
    head = {"at": at, "program": program_id, "endpoint": endpoint, "revision": revision}
    if "results" in said:
        yield {**head, **_asked(asked, {}), "results": len(said["results"])}
    elif "evaluations" in said:
        for item, answered in zip(asked["evaluations"], said["evaluations"], strict=False):
            yield {**head, **_asked(item, asked), "decision": answered["decision"]}
    else:
        yield {**head, **_asked(asked, {}), "decision": said["decision"]}


def _asked(item: Any, request: Any) -> dict[str, Any]:
    """Return who, what and where an item asks about, with what it takes from the request."""
    found: dict[str, Any] = {}
    for name, kept in (("subject", ("type", "id")), ("action", ("name",)), ("resource", ("type", "id"))):
        part = item.get(name, request.get(name)) if isinstance(item, dict) else None
        if isinstance(part, dict):
            found[name] = {key: part[key] for key in kept if isinstance(part.get(key), str)}
    return found
