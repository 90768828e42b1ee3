"""Between a page and a passkey: the challenge that the session keeps, once, and what the browser answers to it."""

import json

from django.http import HttpRequest, JsonResponse

from rolebook.accounts.challenges import Asked, PasskeyAnswer
from rolebook.accounts.models import canonical_id
from rolebook.accounts.passkeys import LONGEST_ANSWER, PasskeyRefused
from rolebook.accounts.throttling import TooManyAttempts

_CHALLENGE = "rolebook.passkey_challenge"
FIELD = "passkey"
"""The hidden field of a form that the script fills with what the browser answered."""


def give(request: HttpRequest, asked: Asked) -> JsonResponse:
    """Keep the challenge in the session, one at a time, and answer with what to ask the device."""
    request.session[_CHALLENGE] = str(asked.challenge_id)
    return JsonResponse({"options": asked.options})


def taken_answer(request: HttpRequest) -> PasskeyAnswer:
    """Return what a form brings as the browser's answer, with this session's challenge, which is taken out of it.

    Raises PasskeyRefused for no answer, and for one that is none.
    """
    challenge_id = request.session.pop(_CHALLENGE, None)
    text = request.POST.get(FIELD, "")
    if not text or len(text) > LONGEST_ANSWER:
        raise PasskeyRefused("found no answer of a passkey, or one that is too long")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise PasskeyRefused("found an answer that is no JSON") from wrong
    if not isinstance(answer, dict):
        raise PasskeyRefused("found an answer that is no JSON object")
    return PasskeyAnswer(canonical_id(challenge_id or ""), answer)


def refused(sentence: str, *, field: str = "", status: int = 422) -> JsonResponse:
    """Say beside a field, or above the form, why a device is not asked."""
    return JsonResponse({"problem": sentence, "field": field}, status=status)


def too_many_times(limit: TooManyAttempts) -> JsonResponse:
    """Say that it was asked too often."""
    del limit
    return refused("Too many attempts from here. Please try again in some minutes.", status=429)
