"""The catalogue of events: complete, and safe against names that would forge entries."""

from collections.abc import Iterable
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.accounts.flows.clients import OPERATIONS
from rolebook.accounts.flows.signing_in import Method
from rolebook.accounts.models import Account
from rolebook.accounts.person_models import Recovery, SamePerson
from rolebook.accounts.token_models import PersonalToken
from rolebook.audit.tags import TAGS
from rolebook.governance.models import (
    Outcome,
    Participation,
    QuietWatch,
    Registration,
    Request,
    Stage,
    SupervisorWord,
)
from rolebook.governance.queries import audit_words as words
from rolebook.governance.queries.audit_words_values import VALUES, value_told
from rolebook.jobs.housekeeping import JOBS
from rolebook.notices.bounce_models import Bounce
from rolebook.notices.models import Reminder
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import shipped_folder


def test_every_tag_has_its_words_and_no_words_are_left_over() -> None:
    assert set(words.SENTENCES) == set(TAGS)


def test_every_kind_of_event_can_be_chosen_and_finds_something() -> None:
    assert {told.kind for told in words.SENTENCES.values()} == set(words.KINDS)
    assert sum(len(words.tags_of(kind)) for kind in words.KINDS) == len(TAGS)
    assert words.tags_of("nothing of that kind") == ()


def test_every_detail_is_told_or_said_to_be_left_out() -> None:
    details = {detail for tag in TAGS.values() for detail in tag.details}
    assert set(words.LABELS) | words.UNTOLD == details
    assert not set(words.LABELS) & words.UNTOLD


def test_every_field_of_personal_data_is_told() -> None:
    fields = {name for tag in TAGS.values() for name in tag.personal} | {"origin_address"}
    assert set(words.PERSONAL) == fields


@pytest.mark.parametrize(
    ("detail", "values"),
    [
        ("cadence", Reminder.Cadence.values),
        ("cause", [one for one in Participation.Cause.values if one]),
        ("how", Recovery.How.values),
        ("job", [job.name for job in JOBS]),
        ("method", get_args(Method.__value__)),
        ("operations", OPERATIONS),
        ("rejection", Bounce.Kind.values),
        ("reported_by", Bounce.Source.values),
        ("source", SamePerson.Source.values),
        ("state", {*Request.State.values, *Stage.State.values}),
        ("status", {*Account.Status.values, *Participation.Status.values}),
        ("verdict", {*Outcome.Verdict.values, *Participation.Status.values}),
        ("way", {*Registration.Way.values, *SupervisorWord.Way.values}),
        ("why", {*Stage.Why.values, *QuietWatch.Why.values, *PersonalToken.Ending.values}),
    ],
)
def test_every_choice_that_an_event_tells_has_its_words(detail: str, values: Iterable[str]) -> None:
    assert set(values) <= set(VALUES[detail])


def test_what_the_rolebook_names_is_told_by_its_title_and_what_it_no_longer_has_as_it_is() -> None:
    book = read_rolebook(shipped_folder("iqcs"))
    told = {
        ("kind_id", "agency"): "Agency",
        ("kind_id", "gone"): "gone",
        ("review_id", book.reviews[0].id): "IQCS Annual User Audit",
        ("escalate_to", "agency_lead"): "Agency Lead",
        ("opened_on", "2026-11-02"): "Nov 2, 2026",
        ("counted_by", "12 America/Denver"): "12 months, by the days of America/Denver",
        ("identifiers", "organization_code FWS"): "organization code FWS",
        ("hour", "0"): "12 a.m.",
        ("reason_code", "identity-provider-nonce"): (
            "an answer of the identity provider that could not be trusted"
        ),
    }
    assert {key: value_told(book, *key) for key in told} == told


def test_refused_attempts_are_a_kind_of_their_own() -> None:
    refused = {tag for tag in TAGS if tag.startswith(words.REFUSED)}
    assert refused == set(words.tags_of("refused"))


@pytest.mark.fault(32)
@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_every_character_of_what_people_write_shows_and_stays_on_its_line(text: str) -> None:
    shown = words.visible(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    assert words.visible(shown) == shown


@pytest.mark.fault(32)
def test_a_name_that_turns_the_writing_round_shows_how_it_does_it() -> None:
    assert words.visible("Ma\u202eria\n\x1b[2J") == "Ma[U+202E]ria⏎[U+001B][2J"
    assert words.visible("José אבי 李") == "José אבי 李"
