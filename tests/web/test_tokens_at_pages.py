"""What an application's token confers: answers, and nothing else. No address of SCIM, or of anything, changes a person.

Until provisioning is there, this is what holds fault 52; its own tests then take the place of this one.
"""

import json

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.accounts.flows.clients import OPERATIONS
from tests.authzen.asking import token_for
from tests.web.test_every_address import ADDRESSES, _parts, _state
from tests.web.worlds import World

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_OPEN = 400


@pytest.mark.invariant("I2", "I3", "I9")
@pytest.mark.fault(52)
def test_a_token_of_an_application_changes_nobody_at_any_address_by_any_method(world: World) -> None:
    token = token_for(at=world.start, operations=OPERATIONS)
    victim = world.maria.account
    user = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "externalId": str(victim.public_id),
        "id": str(victim.public_id),
        "userName": victim.user_id,
        "emails": [{"value": "evil@example.org", "primary": True}],
        "active": False,
        "groups": [{"value": str(world.hilltop.public_id), "display": "security_official"}],
    }
    before = _state(0)
    scim = ["/scim/v2/Users", f"/scim/v2/Users/{victim.public_id}", "/scim/v2/Groups", "/scim/v2/Bulk"]
    pages = [reverse(name, kwargs=_parts(world, pattern)) for name, pattern in ADDRESSES]
    asks = Client(headers={"Authorization": f"Bearer {token}"})
    for address in (*scim, *pages):
        for method in METHODS:
            answer = asks.generic(method, address, json.dumps(user), content_type="application/scim+json")
            assert answer.status_code < 500, f"{method} {address}"
            if address in scim:
                assert answer.status_code >= _OPEN, f"{method} {address}: {answer.status_code}"
        assert _state(0) == before, address
