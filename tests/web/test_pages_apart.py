"""Pages of a program that holds access apart from roles (IQCS): a role is asked for, and decided, on its own."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.audit import clock
from rolebook.governance.flows import designate_role
from rolebook.governance.models import Grant, Request
from tests.support import people
from tests.web.test_pages_say import text

IQCS = "iqcs"
AT = clock.now() - timedelta(days=5)

pytestmark = pytest.mark.django_db


def office(name: str, user_id: str, role_id: str) -> people.Person:
    """Somebody who was designated, and holds the office at no organization."""
    person = people.user_with_totp(name, user_id, AT)
    designate_role(
        acting_user=None,
        program_id=IQCS,
        role_id=role_id,
        beneficiary_id=person.account.public_id,
        organization_id=None,
        reason="named",
        at=AT,
        origin=people.COMMAND,
    )
    return person


def decide(client: Client, page: str) -> None:
    """Approve the one request on the page, by its own form."""
    stage = Request.objects.get().stages.get(state="open")
    assert f"/stages/{stage.public_id}/decide/" in page
    answer = client.post(
        reverse("decide", args=[IQCS, stage.public_id]),
        {"verdict": "approved", "version": stage.request_version, "items": stage.items_hash},
    )
    assert answer.status_code in (200, 302, 303)


@pytest.mark.requirement("IQCS-05")
def test_a_role_is_asked_for_without_an_organization_and_goes_through_its_chain() -> None:
    people.activate(IQCS, AT)
    steward = people.signed_in_client(office("Stella Steward", "stella", "steward"), IQCS)
    security = people.signed_in_client(office("Simon Secure", "simon", "iqcs_security"), IQCS)
    asker = people.signed_in_client(people.user_with_totp("Nora New", "nora", AT), IQCS)

    offered = text(asker.get(reverse("request-a-role", args=[IQCS])))
    assert "In the organizations that you have access to, which is asked for on its own" in offered
    first = asker.get(reverse("request-role", args=[IQCS, "account_manager"]))
    check = reverse("review-request-everywhere", args=[IQCS, "account_manager"])
    assert first["Location"] == check
    assert "Application Steward, then IQCS security" in text(asker.get(check))
    sent = asker.post(check, {"reason": "I keep the records."}, follow=True)
    course = text(sent)
    assert course.index("Waits for an Application Steward") < course.index("an IQCS Security decides")
    assert "Where access is held" in course
    assert "The whole program" not in course

    manage = reverse("manage-access", args=[IQCS])
    assert "Nora New" not in text(security.get(manage))
    decide(steward, text(steward.get(manage)))
    decide(security, text(security.get(manage)))
    assert Request.objects.get().state == "approved"
    assert Grant.objects.filter(account__user_id="nora", role_id="account_manager").count() == 1
    assert "Where access is held" in text(asker.get(reverse("my-access", args=[IQCS])))
    # Nothing follows from the role alone: the other half of the AND is missing.
    assert asker.get(reverse("home", args=[IQCS])).status_code == 200


def test_the_stewards_pages_open_while_nobody_holds_an_office_that_reaches_lower_levels() -> None:
    people.activate(IQCS, AT)
    steward = people.signed_in_client(office("Stella Steward", "stella", "steward"), IQCS)
    for name in ("home", "manage-access", "my-access", "request-a-role", "role-matrix", "help"):
        assert steward.get(reverse(name, args=[IQCS])).status_code == 200
