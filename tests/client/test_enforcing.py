"""The guide's examples run as they are printed: yes passes, no is 403, and no decision is 503."""

import asyncio
import os
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import RequestFactory, override_settings
from httpx2 import ASGITransport
from httpx2 import AsyncClient as Browser

from rolebook.client.django import PermissionRequiredMixin, permission_required
from tests.authzen.listening import in_a_loop
from tests.client.conftest import Served

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "asking-from-an-application.md"
NAMES = {
    "01a200c1-0000-7000-8000-00000000000a": "yes",
    "01a200c1-0000-7000-8000-0000000000f1": "here",
    "view_performance_data": "view",
    '"qpp"': '"made"',
}


def example(title: str, language: str = "python") -> str:
    """A block of the guide, with the names of the made program."""
    first = "" if language == "html" else f"# {title}\n"
    found = re.search(
        rf"```{language}\n{re.escape(first)}(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None, title
    code = found[1]
    for printed, ours in NAMES.items():
        code = code.replace(printed, ours)
    return code


def run(*titles: str) -> dict[str, Any]:
    """What is defined after the blocks of those titles."""
    module: dict[str, Any] = {"os": os, "asyncio": asyncio}
    for title in titles:
        exec(compile(example(title), f"<{title}>", "exec", dont_inherit=True), module)
    return module


@pytest.fixture
def settled(served: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The environment that the examples read."""
    monkeypatch.setenv("ROLEBOOK_URL", served.url)
    monkeypatch.setenv("ROLEBOOK_TOKEN", served.token)
    return served


@pytest.fixture
def django_settings(settled: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """The guide's settings; who asks is said by a header."""
    people = types.ModuleType("people")
    people.public_id_of = lambda request: request.headers.get("X-User")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "people", people)
    with override_settings(ROLEBOOK_CLIENT=run("django settings")["ROLEBOOK_CLIENT"]):
        yield settled


def of(user: str | None) -> HttpRequest:
    return RequestFactory().get("/", headers={"X-User": user} if user else {})


def test_asking_prints_what_the_guide_says(settled: Served, capsys: pytest.CaptureFixture[str]) -> None:
    module = run("ask", "many")
    module["client"].close()
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "may see the figures"
    assert said[1].startswith("True {'reason")
    assert said[2] == "[True, False]"
    assert "'yes'" in said[3]


def test_tasks_get_their_answers(settled: Served) -> None:
    figures = run("asyncio")["figures"]
    assert in_a_loop(figures("yes", ["here", "elsewhere"])) == ["here"]


def test_a_django_view_answers_those_who_may(django_settings: Served) -> None:
    figures = run("django views")["figures"]
    assert figures(of("yes"), practice_id="here").content == b"the figures"
    for user, place in (("no", "here"), ("yes", "elsewhere"), (None, "here")):
        with pytest.raises(PermissionDenied):
            figures(of(user), practice_id=place)


def test_a_django_view_of_a_class_answers_those_who_may(django_settings: Served) -> None:
    view = run("django views")["Submission"].as_view()
    assert view(of("yes"), practice_id="here", number="17").content == b"the submission"
    with pytest.raises(PermissionDenied):
        view(of("no"), practice_id="here", number="17")


def test_a_django_view_that_is_a_coroutine_answers_those_who_may(django_settings: Served) -> None:
    @permission_required("view", resource=lambda _request: "here")
    async def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("awaited")

    assert in_a_loop(view(of("yes"))).content == b"awaited"
    with pytest.raises(PermissionDenied):
        in_a_loop(view(of("no")))


def test_a_django_view_without_a_decision_answers_503(django_settings: Served) -> None:
    django_settings.fresh.fresh = False
    chosen = {"ROLEBOOK_CLIENT": {**run("django settings")["ROLEBOOK_CLIENT"], "TOKEN": "rbk_wrong"}}
    figures = run("django views")["figures"]
    assert figures(of("yes"), practice_id="here").status_code == 503
    with override_settings(**chosen):
        assert figures(of("yes"), practice_id="here").status_code == 503


def test_the_template_tag_shows_what_the_user_may(django_settings: Served) -> None:
    template = engines["django"].engine  # type: ignore[attr-defined]
    library = "rolebook.client.django.templatetags.rolebook_client"
    page = template.__class__(libraries={"rolebook_client": library}).from_string(example("", "html"))
    from django.template import Context

    for user, seen in (("yes", True), ("no", False), (None, False)):
        context = Context({"request": of(user), "practice": types.SimpleNamespace(public_id="here")})
        assert ("Figures" in page.render(context)) is seen


def test_settings_that_lack_something_say_what(settled: Served) -> None:
    view = permission_required("view", resource=lambda _request: "here")(lambda _request: HttpResponse())
    with (
        override_settings(ROLEBOOK_CLIENT={"URL": settled.url}),
        pytest.raises(ImproperlyConfigured, match="TOKEN"),
    ):
        view(of("yes"))
    wrong = {**run("django settings")["ROLEBOOK_CLIENT"], "URL": "http://a.example", "USER_ID": "builtins.id"}
    with override_settings(ROLEBOOK_CLIENT=wrong), pytest.raises(ImproperlyConfigured, match="in the clear"):
        view(of("yes"))


def test_a_view_of_a_class_must_say_what_it_needs(django_settings: Served) -> None:
    class Unsaid(PermissionRequiredMixin):
        pass

    with pytest.raises(ImproperlyConfigured, match="privilege"):
        Unsaid().dispatch(of("yes"))
    Unsaid.privilege = "view"
    with pytest.raises(ImproperlyConfigured, match="get_resource"):
        Unsaid().dispatch(of("yes"))


def test_fastapi_answers_those_who_may(settled: Served) -> None:
    module = run("fastapi")

    async def statuses() -> list[int]:
        async with Browser(transport=ASGITransport(module["app"]), base_url="http://app") as browser:
            found = []
            for user, place in (("yes", "here"), ("no", "here"), ("yes", "elsewhere"), ("", "here")):
                answer = await browser.get(f"/practices/{place}/figures", headers={"x-user": user})
                found.append(answer.status_code)
            settled.fresh.fresh = False
            found.append(
                (await browser.get("/practices/here/figures", headers={"x-user": "yes"})).status_code
            )
        await module["client"].close()
        return found

    assert in_a_loop(statuses()) == [200, 403, 403, 401, 503]


def test_starlette_endpoints_call_the_same(settled: Served) -> None:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    module = run("fastapi")

    async def endpoint(request: Request) -> PlainTextResponse:
        await module["sees_figures"](request)
        return PlainTextResponse("42")

    app = Starlette(routes=[Route("/{practice_id}", endpoint)])

    async def statuses() -> list[int]:
        async with Browser(transport=ASGITransport(app), base_url="http://app") as browser:
            found = [
                (await browser.get("/here", headers={"x-user": user})).status_code for user in ("yes", "no")
            ]
        await module["client"].close()
        return found

    assert in_a_loop(statuses()) == [200, 403]


def test_the_wsgi_wrapper_passes_on_those_who_may(settled: Served) -> None:
    application = run("wsgi")["application"]

    def status(path: str, user: str) -> str:
        environ: dict[str, Any] = {"PATH_INFO": path, "REMOTE_USER": user}
        setup_testing_defaults(environ)
        told: list[str] = []
        body = b"".join(application(environ, lambda status, headers: told.append(status)))
        assert (body == b"the figures\n") is told[0].startswith("200")
        return told[0]

    assert status("/here", "yes") == "200 OK"
    assert status("/here", "no") == "403 Forbidden"
    assert status("/here", "") == "403 Forbidden"
    assert status("/health", "") == "200 OK"
    settled.fresh.fresh = False
    assert status("/here", "yes") == "503 Service Unavailable"
    application._client.close()
