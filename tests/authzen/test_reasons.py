"""Why, on the wire: whoever asks gets the code, two sentences, what is behind it, and the way on."""

from typing import Any

import pytest

from rolebook.accounts.models import Account, Client, Organization
from tests.authzen.asking import VIEW, ask, decision_point, evaluation, token_for
from tests.support import grants, people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp")]
WHY = {"reasons": True}


def told(asked: dict[str, Any]) -> dict[str, Any]:
    token = token_for(name=f"Portal {Client.objects.count()}")
    said = ask(decision_point(), asked, token).json["context"]
    assert isinstance(said, dict)
    return said


@pytest.fixture
def official(practice: Organization) -> Account:
    return grants.official(practice)


def test_a_yes_names_its_grant_its_printed_row_and_no_other_role(
    official: Account, practice: Organization
) -> None:
    why = told(evaluation(official, VIEW, practice, context=WHY))
    assert why["reason"]["code"] == "granted"
    assert why["grant"] == str(official.grants.get().public_id)
    assert [row["role"] for row in why["rows"]] == [grants.OFFICIAL]
    assert why["reason_user"]["en"].startswith("Yes: ")
    assert "this organization" in why["reason_user"]["en"]
    assert str(practice.public_id) in why["reason_admin"]["en"]
    assert "roles" not in why


def test_a_no_names_the_roles_that_would_do_and_where_to_ask(official: Account) -> None:
    elsewhere = people.practice("Elsewhere Clinic")
    why = told(evaluation(official, VIEW, elsewhere, context=WHY))
    assert why["reason"]["code"] == "outside_reach"
    assert grants.STAFF in {role["id"] for role in why["roles"]}
    assert why["ask"] == f"https://access.example.org/qpp/which-role/?privilege={VIEW}"
    assert "another organization" in why["reason_user"]["en"]
    assert why["reason_user"]["en"] != why["reason_admin"]["en"]


@pytest.mark.invariant("I8")
def test_the_sentence_for_the_user_names_no_organization_and_nobody(official: Account) -> None:
    elsewhere = people.practice("Elsewhere Clinic")
    said = told(evaluation(official, VIEW, elsewhere, context=WHY))["reason_user"]["en"]
    ids = (
        official.public_id,
        elsewhere.public_id,
        *(grant.organization_id for grant in official.grants.all()),
    )
    assert not [one for one in ids if len(str(one)) > 10 and str(one) in said]
    assert official.name not in said


def test_an_unknown_person_and_an_unknown_privilege_have_sentences_as_well(
    official: Account, practice: Organization
) -> None:
    nobody = told(evaluation("01a200c1-0000-7000-8000-00000000000a", VIEW, practice, context=WHY))
    assert nobody["reason_user"]["en"] == "No: this person is not known."
    nothing = told(evaluation(official, "fly", practice, context=WHY))
    assert nothing["reason_user"]["en"] == "No: the program has no privilege \u201cfly\u201d."
    assert "roles" not in nothing
