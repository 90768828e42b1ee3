"""A delegate who is named while they decide, and an extension that is approved while it is revoked (I13).

As in `test_decisions`: each race runs with the locks, and must be found wrong with the locks taken out.
"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import cycle

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.governance.flows import Removal, remove_access
from rolebook.governance.flows.record_absence import record_absence
from rolebook.governance.laying_out import lay_out_request
from rolebook.governance.models import (
    Absence,
    Access,
    Designation,
    Outcome,
    Participation,
    Request,
    RequestItem,
    Stage,
)
from rolebook.governance.refusals import Refused
from tests.support import grants, iqcs, people, rolebooks
from tests.support.databases import CommittedDatabase
from tests.support.grants import LATER, OFFICIAL, decides
from tests.support.iqcs import REPRESENTATIVE
from tests.support.people import START, WEB
from tests.support.racing import Round, sequence_of, with_and_without_locks

AGENCIES = ("USAF-ACC", "BLM-MT")
pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.invariant("I13")]


@pytest.mark.invariant("I6")
@pytest.mark.fault(9)
def test_nobody_signs_second_once_they_are_the_delegate_of_who_signed_first(
    committed_db: CommittedDatabase,
) -> None:
    people.activate()
    rolebooks.put_in_force(rolebooks.two_official_stages(rolebooks.in_force()))

    def prepare(lane: int) -> Callable[[], Round]:
        practice = people.practice(f"Lane {lane}")

        def next_round() -> Round:
            first, second = (grants.user(f"Official {n}") for n in (1, 2))
            for one in (first, second):
                grants.placed(one, OFFICIAL, practice)
            request = _signed_first(first, practice)
            stage = Stage.objects.get(request=request, position=1)
            return Round(
                [
                    lambda: decides(second, stage),
                    lambda: _goes(first, second, OFFICIAL, "qpp"),
                ],
                {"first": first, "request": request},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        signed, named = one.results[0], one.results[1]
        if not isinstance(named, Absence) or not isinstance(signed, (Outcome, Refused)):
            return f"ended with {one.results!r}"
        if isinstance(signed, Refused):
            return None
        request, first = one.about["request"], one.about["first"]
        approved = sequence_of("outcome:approved", request_id=request.public_id)  # type: ignore[attr-defined]
        recorded = sequence_of("absence:recorded", beneficiary_id=first.public_id)  # type: ignore[attr-defined]
        late = approved is None or recorded is None or approved > recorded
        return f"signed at {approved} as delegate since {recorded}" if late else None

    with_and_without_locks(committed_db, prepare, wrong)


def _signed_first(first: Account, practice: Organization) -> Request:
    """A request of two stages of which one has been signed, by rows alone."""
    version, book = rolebook_in_force("qpp", START)
    person = grants.user()
    request = Request.objects.create(
        program_id="qpp",
        requester=person,
        beneficiary=person,
        rolebook_version=version,
        submitted_at=START,
    )
    item = RequestItem.objects.create(
        program_id="qpp",
        request=request,
        request_version=1,
        position=0,
        kind=RequestItem.Kind.ADD_ROLE,
        role_id=grants.STAFF,
        organization=practice,
    )
    one, two = lay_out_request(request, [item], book)
    for stage, state in ((one, Stage.State.OPEN), (two, Stage.State.OPEN)):
        stage.state, stage.opened_at = state, START
        stage.save(update_fields=["state", "opened_at"])
    _signs(one, first)
    return request


def _signs(stage: Stage, approver: Account) -> None:
    """Somebody has approved an open stage, by rows alone."""
    Outcome.objects.create(
        program_id=stage.program_id,
        request=stage.request,
        request_version=1,
        chain_id=stage.chain_id,
        stage=stage,
        approver=approver,
        verdict=Outcome.Verdict.APPROVED,
        items_hash=stage.items_hash,
        decided_at=START,
    )
    stage.state, stage.settled_at = Stage.State.APPROVED, START
    stage.save(update_fields=["state", "settled_at"])


@pytest.mark.requirement("IQCS-04")
@pytest.mark.invariant("I6")
@pytest.mark.fault(9)
def test_a_delegate_who_decides_at_two_agencies_at_once_signs_one_of_them(
    committed_db: CommittedDatabase,
) -> None:
    def prepare(lane: int, places: Sequence[Organization]) -> Callable[[], Round]:
        away, delegate = (_of_two_agencies(f"Both {lane} {n}") for n in (1, 2))
        _goes(away, delegate, REPRESENTATIVE, "iqcs")

        def next_round() -> Round:
            one, other = _at_both(grants.user(f"Rita {lane}", "iqcs"), places)
            return Round([lambda: decides(delegate, one), lambda: decides(delegate, other)])

        return next_round

    def wrong(one: Round) -> str | None:
        signed = [result for result in one.results.values() if isinstance(result, Outcome)]
        kept = [result for result in one.results.values() if isinstance(result, Refused)]
        return None if (len(signed), len(kept)) == (1, 1) else f"ended with {one.results!r}"

    _race(committed_db, prepare, wrong)


@pytest.mark.requirement("IQCS-04")
@pytest.mark.invariant("I6")
@pytest.mark.fault(9)
def test_who_signed_at_one_agency_is_not_named_a_delegate_while_they_sign_at_another(
    committed_db: CommittedDatabase,
) -> None:
    def prepare(lane: int, places: Sequence[Organization]) -> Callable[[], Round]:
        away, delegate = (_of_two_agencies(f"Both {lane} {n}") for n in (1, 2))

        def next_round() -> Round:
            Absence.objects.filter(account=away, ended_at=None).update(ended_at=LATER)
            signed, stage = _at_both(grants.user(f"Rita {lane}", "iqcs"), places)
            _signs(signed, delegate)
            return Round(
                [lambda: decides(delegate, stage), lambda: _goes(away, delegate, REPRESENTATIVE, "iqcs")],
                {"request": stage.request},
            )

        return next_round

    def wrong(one: Round) -> str | None:
        signed, named = one.results[0], one.results[1]
        if not isinstance(named, Absence) or not isinstance(signed, (Outcome, Refused)):
            return f"ended with {one.results!r}"
        if isinstance(signed, Refused):
            return None
        request = one.about["request"]
        approved = sequence_of("outcome:approved", request_id=request.public_id)  # type: ignore[attr-defined]
        recorded = sequence_of("absence:recorded", content__contains=str(named.public_id))
        late = approved is None or recorded is None or approved > recorded
        return f"signed at {approved} as delegate since {recorded}" if late else None

    _race(committed_db, prepare, wrong)


def _race(
    database: CommittedDatabase,
    prepare: Callable[[int, Sequence[Organization]], Callable[[], Round]],
    wrong: Callable[[Round], str | None],
) -> None:
    """Race decisions at two agencies."""
    iqcs.begin()
    places = [iqcs.place(code) for code in AGENCIES]
    with_and_without_locks(database, lambda lane: prepare(lane, places), wrong)


def _of_two_agencies(name: str) -> Account:
    """A representative of both agencies."""
    account = iqcs.holder(REPRESENTATIVE, AGENCIES[0], name, at=START)
    iqcs.gives_access(account, AGENCIES[1], at=START)
    return account


def _goes(account: Account, delegate: Account, role_id: str, program_id: str) -> Absence:
    """Somebody is away from now on, for today, and names a delegate."""
    return record_absence(
        acting_user=account,
        program_id=program_id,
        first_on=START.date(),
        last_on=START.date(),
        delegates={role_id: delegate.public_id},
        at=LATER,
        origin=WEB,
    )


def _at_both(person: Account, places: Sequence[Organization]) -> list[Stage]:
    """The open stages of the representatives of two agencies in one request, by rows alone."""
    version, book = rolebook_in_force("iqcs", START)
    request = Request.objects.create(
        program_id="iqcs", requester=person, beneficiary=person, rolebook_version=version, submitted_at=START
    )
    items = [
        RequestItem.objects.create(
            program_id="iqcs",
            request=request,
            request_version=1,
            position=position,
            kind=RequestItem.Kind.ADD_ACCESS,
            organization=place,
        )
        for position, place in enumerate(places)
    ]
    laid = lay_out_request(request, items, book)
    first = [stage for stage in laid if stage.approver_role_id == REPRESENTATIVE]
    for stage in first:
        stage.state, stage.opened_at = Stage.State.OPEN, START
        stage.save(update_fields=["state", "opened_at"])
    return first


@pytest.mark.requirement("IQCS-11")
@pytest.mark.fault(18)
def test_an_extension_never_outlives_what_is_revoked_at_that_instant(committed_db: CommittedDatabase) -> None:
    iqcs.begin()
    place = iqcs.place("FWS-R6")

    def prepare(lane: int) -> Callable[[], Round]:
        approver, remover = (
            iqcs.holder(iqcs.SECURITY, None, f"Security {lane} {n}", at=START) for n in (1, 2)
        )

        delays = cycle((0, 5, 10, 20, 40, 80))

        def next_round() -> Round:
            person = grants.user(f"Rita {lane}", "iqcs")
            stage, delay = _extension(person, place), next(delays)

            def revokes() -> Removal:
                time.sleep(delay / 1000)
                return remove_access(
                    acting_user=remover,
                    program_id="iqcs",
                    organization_id=place.public_id,
                    beneficiary_id=person.public_id,
                    at=LATER,
                    origin=WEB,
                )

            return Round([lambda: decides(approver, stage), revokes], {"person": person})

        return next_round

    def wrong(one: Round) -> str | None:
        if not isinstance(one.results[1], Removal) or not isinstance(one.results[0], (Outcome, Refused)):
            return f"ended with {one.results!r}"
        still = Access.objects.filter(account=one.about["person"], closed_at=None).count()  # type: ignore[misc]
        return f"{still} still open: {one.results!r}" if still else None

    with_and_without_locks(committed_db, prepare, wrong)


def _extension(person: Account, place: Organization) -> Stage:
    """The last stage of a request to hold for longer what is held for some days, by rows alone."""
    version, book = rolebook_in_force("iqcs", START)
    part = Participation.objects.create(account=person, program_id="iqcs", created_at=START)
    given = Designation.objects.create(
        program_id="iqcs", account=person, organization=place, designated_at=START
    )
    Access.objects.create(
        program_id="iqcs",
        participation=part,
        account=person,
        organization=place,
        lower_levels=False,
        starts_at=START,
        ends_at=START + timedelta(days=5),
        designation=given,
    )
    request = Request.objects.create(
        program_id="iqcs", requester=person, beneficiary=person, rolebook_version=version, submitted_at=START
    )
    item = RequestItem.objects.create(
        program_id="iqcs",
        request=request,
        request_version=1,
        position=0,
        kind=RequestItem.Kind.ADD_ACCESS,
        organization=place,
        ends_at=START + timedelta(days=50),
    )
    *earlier, last = lay_out_request(request, [item], book)
    for stage in earlier:
        stage.state, stage.settled_at = Stage.State.APPROVED, START
        stage.save(update_fields=["state", "settled_at"])
    last.state, last.opened_at = Stage.State.OPEN, START
    last.save(update_fields=["state", "opened_at"])
    return last
