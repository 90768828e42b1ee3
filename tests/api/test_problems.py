"""Whatever is sent, the answer is JSON: a problem document, never a page, never a failure of the server."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolebook.api import acting, reading
from rolebook.api.edge import LARGEST_BODY
from tests.api.calling import IN_QPP, PROBLEM, ROOT, Caller, calling, problem
from tests.web.worlds import World

pytestmark = pytest.mark.django_db
ASK = f"{IN_QPP}/requests"
JSON = "application/json"


def post(caller: Caller, body: bytes, content_type: str = JSON, address: str = ASK) -> Any:
    headers = {"Authorization": f"Bearer {caller.secret}"}
    return Client().generic("POST", address, data=body, content_type=content_type, headers=headers)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/role_id"]),
        ({"role_id": 7}, ["/role_id"]),
        ({"role_id": "staff_user", "organization_ids": ["x"]}, ["/organization_ids/0"]),
        ({"role_id": "staff_user", "reason": "x" * 2_001}, ["/reason"]),
        ({"role_id": "staff_user", "reason": "a\0b"}, ["/reason"]),
        ({"role_id": "staff_user", "resaon": "x", "a/b~": 1}, ["/resaon", "/a~1b~0"]),
        ({"role_id": "staff\0user", "organization_ids": None}, ["/role_id", "/organization_ids"]),
        ([], [""]),
    ],
)
def test_each_wrong_field_is_named_by_a_pointer(world: World, body: object, pointers: list[str]) -> None:
    document = problem(post(calling(world.uma), json.dumps(body).encode()), 422)
    assert [one["pointer"] for one in document["errors"]] == pointers


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b'{"role_id": NaN}', b'{"role_id": "\\ud800"}', b"[" * 60_000, b"\0", b'"' * 3],
)
def test_a_body_that_is_no_json_is_refused(world: World, body: bytes) -> None:
    problem(post(calling(world.uma), body), 400)


def test_an_empty_body_lacks_its_fields(world: World) -> None:
    problem(post(calling(world.uma), b""), 422)


@pytest.mark.invariant("I12")
def test_a_body_of_ten_megabytes_is_refused_unread(world: World) -> None:
    problem(post(calling(world.uma), b" " * 10_000_000), 413)
    problem(post(calling(world.uma), b" " * (LARGEST_BODY + 1)), 413)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_of_another_kind_is_refused(world: World, kind: str) -> None:
    problem(post(calling(world.uma), b'{"role_id": "staff_user"}', kind), 415)


@pytest.mark.parametrize("token", [True, False])
@pytest.mark.parametrize("address", [f"{IN_QPP}/requests", f"{ROOT}/openapi.json", ASK + "/nothing"])
def test_head_is_answered_as_get_without_the_body(world: World, address: str, token: bool) -> None:
    caller = calling(world.uma) if token else Caller()
    got, headed = caller.get(address), caller.head(address)
    assert got.content
    assert headed.content == b""
    assert (headed.status_code, headed["Content-Length"]) == (got.status_code, str(len(got.content)))
    assert headed["Content-Type"] == got["Content-Type"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST"])
def test_a_method_that_there_is_not_is_refused_with_those_that_there_are(world: World, method: str) -> None:
    headers = {"Authorization": f"Bearer {calling(world.uma).secret}"}
    answer = Client().generic(method, f"{IN_QPP}/my-access", headers=headers)
    problem(answer, 405)
    assert answer["Allow"] == "GET"


@pytest.mark.parametrize(
    "address",
    ["/api/v1", "/api/v1/", "/api/v1/qpp", "/api/v1/qpp/", "/api/v1/qpp/nothing", "/api/v2/programs"],
)
def test_an_address_that_there_is_not_is_a_problem_and_no_page(world: World, address: str) -> None:
    problem(calling(world.uma).get(address), 404)
    problem(Caller().post(address, {}), 404)


def test_what_other_layers_refuse_leaves_as_a_problem(world: World) -> None:
    caller = calling(world.uma)
    headers = {"Authorization": f"Bearer {caller.secret}", "Host": "evil.example"}
    problem(Client().get(f"{IN_QPP}/my-access", headers=headers), 400)


def test_a_database_that_does_not_answer_is_asked_again_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object, **__: object) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(reading, "my_access", down)
    answer = calling(world.uma).get(f"{IN_QPP}/my-access")
    problem(answer, 503)
    assert answer["Retry-After"] == "1"


def test_a_failure_of_ours_is_told_by_a_reference_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(acting, "request_role", broken)
    detail = problem(calling(world.uma).post(ASK, {"role_id": "staff_user"}), 500)["detail"]
    assert "secret of the house" not in detail
    reference = detail.partition("(reference ")[2][:8]
    assert reference in caplog.text
    assert "secret of the house" in caplog.text


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.sampled_from(["staff_user", "approved", "closed", "\0", "\ud800", str(uuid.UUID(int=7))]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = ("role_id", "organization_ids", "reason", "verdict", "version", "items_hash", "status")
_BODIES = st.one_of(
    st.binary(max_size=300),
    _VALUES.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=7).map(lambda one: json.dumps(one).encode()),
)
_PARTS = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=30),
    st.sampled_from(["%00", "..", "%ff", str(uuid.UUID(int=7)), "9" * 40, "-1", "qpp", "a" * 5_000]),
)
_HEADER = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40)
_ACTS = (
    "requests",
    "requests/{}/withdraw",
    "stages/{}/decision",
    "organizations/{}/users/{}/remove-access",
    "designations/{}/end",
    "people/{}/status",
    "clients/{}/revoke",
)
_READS = (
    "my-access",
    "requests/{}",
    "organizations/{}/users",
    "effects/{}",
    "to-decide?after={}",
    "requests?state={}",
    "people?search={}&role_id={}",
    "organizations?limit={}",
)


@pytest.fixture
def speaker(world: World) -> Callable[..., Any]:
    """Sends whatever it is told to, with a token that counts."""
    secret = calling(world.maria).secret

    def send(method: str, address: str, body: bytes, headers: dict[str, str]) -> Any:
        told = {"Authorization": f"Bearer {secret}", **headers}
        return Client().generic(method, address, data=body, content_type=JSON, headers=told)

    return send


@pytest.mark.invariant("I12")
@pytest.mark.fault(55)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(act=st.sampled_from(_ACTS), part=_PARTS, known=st.booleans(), body=_BODIES, key=_HEADER)
def test_no_body_id_or_key_is_answered_with_a_page_or_a_failure(
    speaker: Callable[..., Any], act: str, part: str, known: bool, body: bytes, key: str
) -> None:
    named = str(uuid.UUID(int=7)) if known else part
    address = f"{IN_QPP}/{act.format(named, named)}"
    answer = speaker("POST", address, body, {"Idempotency-Key": key} if key else {})
    assert answer.status_code < 500
    assert answer["Content-Type"].partition(";")[0] in (PROBLEM, JSON)
    json.loads(answer.content)


@pytest.mark.invariant("I12")
@pytest.mark.fault(55)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(read=st.sampled_from(_READS), part=_PARTS, header=_HEADER)
def test_no_address_or_header_is_answered_with_a_page_or_a_failure(
    speaker: Callable[..., Any], read: str, part: str, header: str
) -> None:
    address = f"{IN_QPP}/{read.format(part, part)}"
    for headers in ({"Accept": header, "X-Request-ID": header}, {"Authorization": header}):
        answer = speaker("GET", address, b"", headers)
        assert answer.status_code < 500
        assert answer["Content-Type"].partition(";")[0] in (PROBLEM, JSON)
        json.loads(answer.content)


@override_settings(ALLOWED_HOSTS=["testserver"])
def test_the_openapi_document_names_every_address_and_opens_for_everybody(world: World) -> None:
    from django.urls import get_resolver

    answer = Client().get(f"{ROOT}/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, JSON)
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    ours = [one for one in _named(get_resolver()) if str(one.name).startswith("api-")]
    addresses = {str(one.pattern) for one in ours if one.name not in ("api-openapi", "api-unknown")}
    assert len(document["paths"]) == len(addresses) > 15
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["security"]
            for status in ("401", "403", "404", "422", "429", "503"):
                assert list(operation["responses"][status]["content"]) == [PROBLEM]


def _named(resolver: Any) -> list[Any]:
    found = []
    for one in resolver.url_patterns:
        found += _named(one) if hasattr(one, "url_patterns") else [one]
    return found
