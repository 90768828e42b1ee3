"""Words of a report's records, which are kept as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template

from rolebook.governance.files.review_lines import came_from as words_of_origin
from rolebook.governance.files.review_lines import outcome_words, submitted_by_another
from rolebook.web.templatetags.rolebook import day

register = template.Library()


@register.filter
def what_became(told: Mapping[str, Any]) -> str:
    """Return what became of something that was asked about, in words."""
    return outcome_words(dict(told))


@register.filter
def came_from(moved: Mapping[str, Any]) -> str:
    """Return from where something came with its person, in words."""
    return words_of_origin(dict(moved))


@register.filter
def submitter(told: Mapping[str, Any]) -> str:
    """Return who submitted an answer where that is somebody else than who gave it."""
    return submitted_by_another(dict(told))


@register.simple_tag(takes_context=True)
def report_day(context: template.Context, text: str | None) -> str:
    """Write the day of an instant of a record; "never" for none."""
    return "never" if not text else day(context, datetime.fromisoformat(text))
