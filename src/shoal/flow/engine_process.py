"""The engine in a process of its own: requests and memberships don't wait for each other's interpreter.

The two are connected by a pair of sockets. The server's side asks and is answered in any order; it is told whenever the
number of the newest change moves. When one side ends, the other knows at once: the engine's process then ends without
a word, as by a kill, and the server starts another.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any, cast

from shoal.core import happenings
from shoal.core.errors import UserError
from shoal.flow.blame import is_crash
from shoal.flow.current import Current, Standing, Status
from shoal.flow.engine import AGAIN_S, EngineThread
from shoal.flow.home import Opened, one_writer
from shoal.flow.isolating import isolate
from shoal.segments.nodes import Node

BUSY_S = 3.0
"""For so long a start waits for the lock of a server that was killed just now, whose engine is ending."""

BUSY_LOOK_S = 0.05

STOP_S = 6.0
"""For so long a stop waits for the engine; the command that serves waits longer."""

LOOK_S = 1.0
"""The longest until the server hears that its engine fails."""

AT_ONCE, AT_ONCE_S = 3, 60.0
"""So many times in so many seconds another engine is started at once where one may have died of a record."""

START_LOOK_S = 0.05
"""The longest until it hears that its engine has started."""

_MOST_RINGS = 65_536
"""All that a pipe may hold."""

ANSWERING = 4
"""Threads that answer."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """How the engine is: what its process tells by itself."""

    is_alive: bool
    is_ready: bool
    newest: int


@dataclass(frozen=True, slots=True)
class _Question:
    number: int
    name: str  # of a method of `Current`
    values: tuple[Any, ...]
    named: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Answer:
    number: int
    found: Any
    error: Exception | None


_STOP = "stop"
_STARTING = _Standing(is_alive=True, is_ready=False, newest=-1)


class EngineProcess:
    """The server's side: starts the process, asks it, and starts another where it ended by itself.

    `command` runs `follow` in a new process, with three more words: the numbers that `follow` asks for.
    `unflushed` is called when the process ended because a disk could not say that it has a commit. Raises UserError
    `busy` where somebody else writes to the workspace.
    """

    def __init__(self, opened: Opened, command: Sequence[str], unflushed: Callable[[], None]) -> None:
        self._command, self._unflushed = command, unflushed
        self._holding = ExitStack()
        self._lock = _locked(opened, self._holding)
        self._changed = threading.Condition()
        self._state = _STARTING
        self._asked: dict[int, Future[Any]] = {}
        self._number = 0
        self._sending = threading.Lock()
        self._stopping = threading.Event()
        self._at_once: deque[float] = deque(maxlen=AT_ONCE)  # when another was started at once
        self._hears, self._bell = os.pipe()
        os.set_blocking(self._bell, False)
        self._process, self._connection = self._started()
        self._thread = threading.Thread(target=self._listen, name="engine", daemon=True)
        self._thread.start()

    @property
    def current(self) -> Current | None:
        """What is so this instant; None while it starts."""
        return _Elsewhere(self) if self._state.is_ready else None

    @property
    def is_alive(self) -> bool:
        """Whether it goes on, or starts for the first time; not while something keeps it from it."""
        return self._state.is_alive and self._thread.is_alive()

    def wake(self) -> None:
        """Look into the journal now. Nobody waits for an engine that is busy: it looks often enough by itself."""
        with suppress(OSError):
            os.write(self._bell, b"1")

    def close(self) -> None:
        """Take what is in the journal, and stop.

        A process that takes longer, as one may that reads the whole lake for its start, is ended as by a kill: what it
        did not take, the next one does.
        """
        self._stopping.set()
        self._send(_STOP)
        self._thread.join(STOP_S)
        was_late = self._thread.is_alive()
        if was_late:
            with self._sending:
                self._process.kill()
            self._thread.join()
        self._holding.close()
        os.close(self._bell)
        if self._process.returncode and not was_late:
            raise RuntimeError(f"The engine ended with status {self._process.returncode}.")

    def ask(self, name: str, *values: Any, **named: Any) -> Any:
        """The answer of a method of `Current`.

        Raises what that raises, and UserError `starting` where the process ends meanwhile.
        """
        asked: Future[Any] = Future()
        with self._changed:
            self._number += 1
            number = self._number
            self._asked[number] = asked
        if not self._send(_Question(number, name, values, named)):
            self._forget(_starting())
        return asked.result()

    def wait(self, after: int, timeout_s: float) -> int:
        """As that of `Current`, without asking."""
        with self._changed:
            self._changed.wait_for(lambda: self._state.newest > after, timeout_s)
            return self._state.newest

    def _started(self, before: int = 0) -> tuple[subprocess.Popen[bytes], Connection]:
        """Another process, which is told with which status the one before it ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            inherited = (theirs.fileno(), self._hears)
            process = subprocess.Popen(  # noqa: S603 - our own command
                [*self._command, *map(str, (*inherited, before))], pass_fds=(*inherited, self._lock)
            )
        return process, Connection(ours.detach())

    def _send(self, what: object) -> bool:
        """Whether the process is there to hear it."""
        with self._sending, suppress(OSError):
            self._connection.send(what)
            return True
        return False

    def _listen(self) -> None:
        while True:
            try:
                self._take(self._connection.recv())
            except (EOFError, OSError):
                status = self._ended()
                if self._stopping.is_set() or self._stopping.wait(self._again_s(status)):
                    return
                with self._sending:
                    self._process, self._connection = self._started(status)
                if self._stopping.is_set():  # said so before there was anybody to hear it
                    self._send(_STOP)

    def _take(self, told: object) -> None:
        if isinstance(told, _Answer):
            with self._changed:
                asked = self._asked.pop(told.number)
            if told.error is None:
                asked.set_result(told.found)
            else:
                asked.set_exception(told.error)
        else:
            standing = cast("_Standing", told)
            with self._changed:
                goes_on = standing.is_ready or self._state.is_alive  # one that ended does not before another follows
                self._state = replace(standing, is_alive=standing.is_alive and goes_on)
                self._changed.notify_all()

    def _again_s(self, status: int) -> float:
        """How long to wait before the next start."""
        now = time.monotonic()
        if not is_crash(status) or (len(self._at_once) == AT_ONCE and now - self._at_once[0] < AT_ONCE_S):
            return AGAIN_S
        self._at_once.append(now)
        return 0.0

    def _ended(self) -> int:
        """Its process is gone, with which status: who waits for an answer is told so."""
        with self._changed:
            self._state = _Standing(is_alive=False, is_ready=False, newest=self._state.newest)
        self._connection.close()
        status = self._process.wait()
        if status == os.EX_IOERR:
            self._unflushed()
        if not self._stopping.is_set():
            happenings.tell("engine_failed", status=status)
        self._forget(_starting())
        return status

    def _forget(self, error: UserError) -> None:
        with self._changed:
            asked = list(self._asked.values())
            self._asked.clear()
        for each in asked:
            each.set_exception(error)


class _Elsewhere:
    """What is so this instant, asked of the engine's process."""

    def __init__(self, engine: EngineProcess) -> None:
        self._engine = engine

    def status(self) -> Status:
        found: Status = self._engine.ask("status")
        return found

    def sizes(self) -> dict[str, int]:
        found: dict[str, int] = self._engine.ask("sizes")
        return found

    def versions(self) -> dict[str, int]:
        found: dict[str, int] = self._engine.ask("versions")
        return found

    def members(self, segment: str, *, after: int | None = None, most: int = 100) -> list[int]:
        found: list[int] = self._engine.ask("members", segment, after=after, most=most)
        return found

    def everybody(self, segment: str) -> list[int] | None:
        found: list[int] | None = self._engine.ask("everybody", segment)
        return found

    def standings(self, subscriber: int) -> list[Standing]:
        found: list[Standing] = self._engine.ask("standings", subscriber)
        return found

    def counts(self, nodes: Sequence[Node], segments: Mapping[str, Node]) -> tuple[Status, list[int | None]]:
        found: tuple[Status, list[int | None]] = self._engine.ask("counts", tuple(nodes), dict(segments))
        return found

    def wait(self, after: int, timeout_s: float) -> int:
        return self._engine.wait(after, timeout_s)


def _locked(opened: Opened, holding: ExitStack) -> int:
    """The number of the file of the workspace's lock, which is held."""
    looks = round(BUSY_S / BUSY_LOOK_S)
    for look in range(looks + 1):
        with suppress(UserError):
            return holding.enter_context(one_writer(opened.home)).fileno()
        if look < looks:
            threading.Event().wait(BUSY_LOOK_S)
    return holding.enter_context(one_writer(opened.home)).fileno()


def _starting() -> UserError:
    return UserError("starting", "The engine is starting.", fix="Ask again in a moment.")


def follow(opened: Opened, sockets: int, bell: int, before: int = 0) -> None:
    """The engine's side: follow until the server says stop, or is gone. The server took the lock for it.

    `sockets` is the number of the file by which the server asks, and `bell` of that by which it says that something
    arrived. `before` is the status with which the engine before this one ended: where it may have died of a record,
    that is looked for first, while this process has but one thread.
    """
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # a terminal tells all processes; the server says when
    connection = Connection(sockets)
    if is_crash(before):
        _isolate(opened, connection)
    _Follower(opened, connection, bell).run()


def _isolate(opened: Opened, connection: Connection) -> None:
    """Put away what no engine can take, until the server says something, or is gone."""
    try:
        isolate(opened, lambda: not connection.poll())
    except Exception as error:  # what it is keeps the engine from starting too, which then says so
        happenings.tell("isolating_failed", error=type(error).__name__)


class _Follower:
    """Answers the server, and tells it how the engine is."""

    def __init__(self, opened: Opened, connection: Connection, bell: int) -> None:
        self._connection, self._bell = connection, bell
        self._sending = threading.Lock()
        self._threads = ThreadPoolExecutor(ANSWERING, "answering")
        self._engine = EngineThread(opened, locked=True, suspects=lambda: os._exit(os.EX_SOFTWARE))
        threading.Thread(target=self._tell, name="telling", daemon=True).start()
        threading.Thread(target=self._listen, name="listening", daemon=True).start()

    def run(self) -> None:
        while True:
            try:
                asked = self._connection.recv()
            except (EOFError, OSError):
                os._exit(os.EX_TEMPFAIL)  # what is not on disk is read again
            if asked == _STOP:
                self._engine.close()
                return
            self._threads.submit(self._answer, asked)

    def _listen(self) -> None:
        while os.read(self._bell, _MOST_RINGS):
            self._engine.wake()

    def _answer(self, asked: _Question) -> None:
        try:
            current = self._engine.current
            if current is None:
                raise _starting()
            method = cast("Callable[..., Any]", getattr(current, asked.name))
            self._send(_Answer(asked.number, method(*asked.values, **asked.named), None))
        except Exception as error:  # the server's thread that asked is told, whatever it is
            self._send(_Answer(asked.number, None, error))

    def _tell(self) -> None:
        told: _Standing | None = None
        while True:
            current = self._engine.current
            newest = told.newest if told else -1
            if current is None:
                threading.Event().wait(START_LOOK_S)
            else:
                newest = current.wait(newest, LOOK_S)
            standing = _Standing(self._engine.is_alive, self._engine.current is not None, newest)
            if standing != told:
                self._send(standing)
                told = standing

    def _send(self, what: object) -> None:
        with self._sending, suppress(OSError):  # where nobody listens any more, `run` ends
            self._connection.send(what)
