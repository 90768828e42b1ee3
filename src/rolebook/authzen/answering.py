"""What a decision point answers, whatever carries the question: WSGI, or the listener of `rolebook decide`."""

import os
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from rolebook.accounts.flows.clients import digest
from rolebook.audit import clock
from rolebook.audit.feed import Revision, tip_revision
from rolebook.audit.following import LogFollower
from rolebook.authzen.decision_log import DecisionLog
from rolebook.authzen.evaluation import Malformed, evaluate
from rolebook.authzen.evaluations import TakesLong, TooManyEvaluations, evaluate_many, evaluate_some
from rolebook.authzen.loading import KnownClient
from rolebook.authzen.metadata import ENDPOINTS, WELL_KNOWN, metadata
from rolebook.authzen.paging import PageTokens
from rolebook.authzen.searching import search_actions, search_resources, search_subjects
from rolebook.authzen.state import ProgramState, State
from rolebook.authzen.using import Uses, day_of
from rolebook.decision.instants import NEVER

LARGEST_BODY = 64 * 1024
"""Bytes of a request body; an evaluation is a few hundred (I12)."""
LARGEST_BATCH = 512 * 1024
"""Bytes of a request body with many evaluations."""
KIND = "decision point"
AT_LEAST = "X-Rolebook-At-Least"
"""Request header: a revision that the answer must not be older than, as ``REVISION`` of an earlier answer gave it."""
REVISION = "X-Rolebook-Revision"
"""Response header: the revision of the log that the answer was made at, or an earlier one."""

_ENDPOINT = re.compile(rf"/([a-z][a-z0-9_]{{0,63}})/access/v1/({'|'.join(ENDPOINTS.values())})")
_OURS = re.compile(r"/[^/]+/access/v1/|" + re.escape(WELL_KNOWN))
_JSON = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?', re.IGNORECASE)
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_DEMANDED = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
_MOST_RECOGNIZED = 1000
_CHALLENGE = 'Bearer realm="rolebook"'


class Refusal(Exception):
    """An answer that is no decision: its status, a message for people, and further headers."""

    def __init__(self, status: HTTPStatus, message: str, *headers: tuple[str, str]) -> None:
        self.status, self.message, self.headers = status, message, headers
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a token must be allowed, how large a body may be, and what answers it at a microsecond.

    ``long``: its answers may take milliseconds, so that others should not wait for them; those that ``at_once`` has do
    not, and it raises TakesLong for others. ``explain`` answers a client that gets reasons without asking for them.
    """

    operation: str
    largest_body: int
    answer: Callable[[ProgramState, bytes, int], bytes]
    long: bool
    explain: Callable[[ProgramState, bytes, int], bytes] | None = None
    at_once: Callable[[ProgramState, bytes, int], bytes] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """Where a request leads: an endpoint of one program. Every route is equal to itself only."""

    program_id: str
    endpoint: Endpoint
    name: str = ""
    """The end of the address: ``evaluation``, ``search/subject``."""


def is_ours(path: str) -> bool:
    """Return whether an address belongs to the decision point, known to it or not."""
    return _OURS.match(path) is not None


def _endpoints(tokens: PageTokens) -> dict[str, Endpoint]:
    def search(answer: Callable[[ProgramState, bytes, int, PageTokens], bytes]) -> Endpoint:
        return Endpoint(
            "search",
            LARGEST_BODY,
            lambda program, body, at_micros: answer(program, body, at_micros, tokens),
            long=True,
        )

    return {
        "evaluation": Endpoint(
            "evaluation", LARGEST_BODY, evaluate, long=False, explain=partial(evaluate, reasons=True)
        ),
        "evaluations": Endpoint(
            "evaluation",
            LARGEST_BATCH,
            evaluate_many,
            long=True,
            explain=partial(evaluate_many, reasons=True),
            at_once=evaluate_some,
        ),
        "search/subject": search(search_subjects),
        "search/resource": search(search_resources),
        "search/action": search(search_actions),
    }


type Respond = Callable[[ProgramState, bytes, int], bytes]
"""What answers the body of a request at a microsecond."""


class _Recognized:
    """Who may ask what, by the clients and programs of one moment: when there are others, so is there another of these.

    Headers that were found good are remembered, but never longer than that, so that no revoked token is; nor longer
    than until the next token ends, or a program's next day begins.
    """

    __slots__ = ("at_micros", "clients", "known", "programs", "until_micros", "uses")

    def __init__(self, state: State, at_micros: int) -> None:
        self.clients, self.programs, self.uses = state.clients, state.programs, state.uses
        self.known: dict[tuple[str | None, Route], tuple[ProgramState, Respond, Respond | None]] = {}
        self.at_micros = at_micros
        ends = (client.ends_micros for client in self.clients.values())
        turns = [day_of(at_micros, program.zone)[1] for program in self.programs.values()]
        for program in self.programs.values():
            if program.uses is not None:
                program.uses.begin(at_micros, program.zone)
        self.until_micros = min((end for end in (*ends, *turns) if end > at_micros), default=NEVER)

    def authorize(
        self, credentials: str | None, route: Route
    ) -> tuple[ProgramState, Respond, Respond | None]:
        """Return the program's state for a client that may ask it, what answers this client, and what does so at once.
        A program of others is as one that does not exist. Raises Refusal.
        """
        token_hash, client = self._client(credentials)
        program = self.programs.get(route.program_id)
        if program is None or client.program_id != route.program_id:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such program")
        operation = route.endpoint.operation
        if operation not in client.operations:
            raise Refusal(
                HTTPStatus.FORBIDDEN,
                f"this token may not ask for {operation}",
                ("WWW-Authenticate", _CHALLENGE + ', error="insufficient_scope"'),
            )
        endpoint = route.endpoint
        explain = endpoint.explain if client.reasons else None
        found = program, explain or endpoint.answer, None if explain else endpoint.at_once
        if len(self.known) < _MOST_RECOGNIZED:
            self.known[credentials, route] = found
        if self.uses is not None:
            self.uses.client(token_hash, day_of(self.at_micros, program.zone)[0])
        return found

    def _client(self, credentials: str | None) -> tuple[str, KnownClient]:
        if not credentials:
            raise Refusal(
                HTTPStatus.UNAUTHORIZED, "expected a bearer token", ("WWW-Authenticate", _CHALLENGE)
            )
        token = _BEARER.fullmatch(credentials)
        token_hash = digest(token.group(1)) if token else ""
        client = self.clients.get(token_hash)
        if client is None or client.ends_micros <= self.at_micros:
            raise Refusal(
                HTTPStatus.UNAUTHORIZED,
                "the bearer token is not valid",
                ("WWW-Authenticate", _CHALLENGE + ', error="invalid_token"'),
            )
        return token_hash, client


class Answering:
    """One process's state, kept at the tip of the log, and the answers from it.

    Args:
        site_url: where the server is reached from outside, for the metadata.
        lease_seconds: how long an answer may rest on one reading of the log.
        secret_key: the installation's secret, from which the key of page tokens is made.
        earlier_secret_keys: secrets before it, under which tokens are still read.
        usage_seconds: how often uses of privileges are written; 0 to keep none.
        decision_log: where decisions are logged, and which share of them (see `DecisionLog`); None for nowhere.
    """

    def __init__(
        self,
        *,
        site_url: str,
        lease_seconds: float,
        secret_key: str,
        earlier_secret_keys: Sequence[str] = (),
        usage_seconds: float = 0.0,
        decision_log: tuple[str, float] | None = None,
    ) -> None:
        self._site_url = site_url
        self.lease_seconds = lease_seconds
        self._endpoints = _endpoints(PageTokens(secret_key, earlier_secret_keys))
        self._routes: dict[str, Route] = {}
        self._revision: tuple[Revision | None, str] = (None, "None")
        self._usage_seconds = usage_seconds
        self._logged = decision_log
        self.decision_log: DecisionLog | None = None
        self.state = State(site_url=site_url)
        self._loaded: Revision | None = None
        self.follower: LogFollower | None = None
        self._recognized = _Recognized(self.state, 0)

    def load(self) -> None:
        """Load the state before anybody follows: copies of this process begin from it (`forking.in_processes`)."""
        self.state = self._empty_state()
        revision = tip_revision()
        self.state.load()
        self._loaded = revision

    def _empty_state(self) -> State:
        return State(Uses(self._usage_seconds) if self._usage_seconds else None, self._site_url)

    def follow(self) -> None:
        """Begin to follow the log, from nothing or from `load`, in a thread of this process, and to write uses in
        another.
        """
        if self._loaded is None:
            self.state = self._empty_state()
        self.follower = LogFollower(
            self.state,
            kind=KIND,
            name=f"{socket.gethostname()} process {os.getpid()}",
            lease_seconds=self.lease_seconds,
            loaded=self._loaded,
        )
        self.follower.start()
        if self.state.uses is not None:
            self.state.uses.start()
        if self._logged is not None:
            self.decision_log = DecisionLog(*self._logged)
            self.decision_log.start()

    def route(self, method: str, path: str) -> Route:
        """Return where a request to an address of ours leads. Raises Refusal."""
        found = _ENDPOINT.fullmatch(path)
        if found is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such endpoint")
        if method != "POST":
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "expected POST", ("Allow", "POST"))
        route = self._routes.get(path)
        if route is None:
            route = Route(found.group(1), self._endpoints[found.group(2)], found.group(2))
            if route.program_id in self.state.programs:
                self._routes[path] = route
        return route

    def describe(self, method: str, path: str) -> bytes:
        """Return the metadata document at an address below `WELL_KNOWN`. Raises Refusal."""
        if method not in ("GET", "HEAD"):
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "expected GET", ("Allow", "GET"))
        body = metadata(self.fresh_state().programs, path, self._site_url)
        if body is None:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such program")
        return body

    def answer(
        self,
        route: Route,
        body: bytes,
        *,
        credentials: str | None,
        content_type: str | None,
        at_least: str | None,
        at_once: bool = False,
    ) -> tuple[bytes, str]:
        """Return the body of the answer and the revision it was made at.

        Ask when the whole question has arrived: everything is judged at the moment of this call.

        Args:
            route: where the request leads.
            body: of the request.
            credentials: its header Authorization.
            content_type: its header Content-Type.
            at_least: its header `AT_LEAST`.
            at_once: whether others wait for the answer.

        Raises:
            Refusal: there is no decision to be had.
            TakesLong: the answer is to be made where nobody waits for it.
        """
        state = self.fresh_state()
        at_micros = clock.now_micros()
        recognized = self._recognized
        if (
            recognized.clients is not state.clients
            or recognized.programs is not state.programs
            or not recognized.at_micros <= at_micros < recognized.until_micros
        ):
            recognized = self._recognized = _Recognized(state, at_micros)
        found = recognized.known.get((credentials, route))
        program, respond, quick = recognized.authorize(credentials, route) if found is None else found
        if at_once:
            if quick is None:
                raise TakesLong
            respond = quick
        if content_type != "application/json" and not _JSON.fullmatch(content_type or ""):
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected the content type application/json")
        revision = self.follower.revision if self.follower else None
        if at_least is not None:
            _refuse_older(revision, at_least)
        try:
            answer = respond(program, body, at_micros)
        except Malformed as wrong:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(wrong)) from None
        except TooManyEvaluations as wrong:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(wrong)) from None
        known, text = self._revision
        if known is not revision:
            text = str(revision)
            self._revision = (revision, text)
        if self.decision_log is not None:
            self.decision_log.note((at_micros, route.program_id, route.name, body, answer, text))
        return answer, text

    def evaluate(self, program_id: str, body: bytes) -> bytes | None:
        """Answer an evaluation of the server's own pages as the endpoint answers a client's; None where that would get
        503 or 404. Who may know the answer is theirs to judge. Raises Malformed.
        """
        try:
            program = self.fresh_state().programs.get(program_id)
        except Refusal:
            return None
        return None if program is None else evaluate(program, body, clock.now_micros())

    def fresh_state(self) -> State:
        """Return the state, if it may be used at this moment. Raises Refusal."""
        follower = self.follower
        if follower is None or not follower.is_fresh():
            raise Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "the decision point is not up to date; ask again",
                ("Retry-After", "1"),
            )
        return self.state

    def stop(self) -> None:
        """Stop answering and following."""
        if self.follower is not None:
            self.follower.stop()
        if self.state.uses is not None:
            self.state.uses.stop()
        if self.decision_log is not None:
            self.decision_log.stop()


def _refuse_older(revision: Revision | None, demanded: str) -> None:
    """Raise Refusal unless a state is at least as new as the revision that a request demands.

    At the same sequence it must be the same event: a log that was restored has given the number to another.
    """
    asked = _DEMANDED.fullmatch(demanded)
    if asked is None:
        raise Refusal(
            HTTPStatus.BAD_REQUEST, f"{AT_LEAST}: expected a revision, as {REVISION} of an answer gives it"
        )
    sequence, event_hash = int(asked.group(1)), asked.group(2)
    if (
        revision is None
        or revision.sequence < sequence
        or (revision.sequence == sequence and revision.hash.hex() != event_hash)
    ):
        raise Refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "the decision point has not come to that revision; ask again",
            ("Retry-After", "1"),
        )
