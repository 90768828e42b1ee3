"""Ends in words: what ends with a day is held until the end of that day, and not until the next one."""

from datetime import datetime

from django import template
from django.utils.html import format_html

from rolebook.governance.instants import DEFAULT_ZONE
from rolebook.governance.queries.held_days import end_in_zone

register = template.Library()


@register.simple_tag(takes_context=True)
def as_end(context: template.Context, at: datetime | None) -> str:
    """Write an end in the program's zone: "the end of Dec 31, 2026", with the time where it is within a day."""
    if at is None:
        return ""
    program = context.get("program")
    zone = DEFAULT_ZONE if program is None else program.zone
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), end_in_zone(zone, at))
