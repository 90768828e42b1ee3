"""What the templates say over and over: icons, instants, ages, form controls, numbers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms, template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from rolebook.accounts.identifiers import punctuated
from rolebook.audit import clock
from rolebook.governance.instants import DEFAULT_ZONE, day_in_words, instant_in_words
from rolebook.governance.queries.counting import COUNTED_TO
from rolebook.web.instants import age_in_words
from rolebook.web.zones import viewer_zone

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of ``img/icons.svg``; decoration only, the words stand beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("rolebook/img/icons.svg"),
        name,
    )


def _zone(context: template.Context) -> str:
    program = context.get("program")
    return program.zone if program is not None else DEFAULT_ZONE


def _viewers(context: template.Context) -> str:
    request = context.get("request")
    return _zone(context) if request is None else viewer_zone(request, _zone(context))


@register.simple_tag(takes_context=True)
def zone(context: template.Context) -> str:
    """Name the zone that the page's times are in, as the time zone database does: "America/New_York"."""
    return _viewers(context)


@register.simple_tag(takes_context=True)
def instant(context: template.Context, at: datetime | None) -> str:
    """Write an instant in the viewer's zone, which it names, with its machine-readable form."""
    if at is None:
        return ""
    return format_html(
        '<time datetime="{}">{}</time>', at.isoformat(), instant_in_words(at, _viewers(context))
    )


@register.simple_tag(takes_context=True)
def shown(context: template.Context, value: str | datetime) -> str:
    """Write a value of an event: an instant in the viewer's zone, a text as it is, whatever way it is written."""
    if isinstance(value, datetime):
        return instant(context, value)
    return format_html("<bdi>{}</bdi>", value)


@register.simple_tag(takes_context=True)
def day(context: template.Context, at: datetime | None) -> str:
    """Write the day of an instant in the program's zone."""
    if at is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), day_in_words(at, _zone(context)))


@register.simple_tag(takes_context=True)
def age(context: template.Context, at: datetime | None) -> str:
    """Write how long ago an instant was; the instant itself is there on hover and for screen readers."""
    if at is None:
        return ""
    zone = _viewers(context)
    exact = instant_in_words(at, zone)
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="usa-sr-only"> ({})</span></time>',
        at.isoformat(),
        exact,
        age_in_words(at, clock.now(), zone),
        exact,
    )


@register.filter
def grouped(number: int) -> str:
    """Write a number with its thousands grouped."""
    return f"{number:,}"


@register.filter
def at_most(number: int) -> str:
    """Write a number that was counted to COUNTED_TO and no further: "999", "1,000+"."""
    return f"{number:,}{'+' if number >= COUNTED_TO else ''}"


@register.filter
def counted_on(number: int, words: str) -> str:
    """Write a number that was counted to COUNTED_TO with its noun: "1 person", "1,000+ people"."""
    one, many = words.split(",")
    return f"{at_most(number)} {one if number == 1 else many}"


@register.filter
def counted(number: int, words: str) -> str:
    """Write a number with its noun; ``words`` is "request,requests"."""
    one, many = words.split(",")
    return f"{number:,} {one if number == 1 else many}"


_CONTROLS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.Textarea, "usa-textarea"),
    (forms.CheckboxInput, "usa-checkbox__input"),
    (forms.RadioSelect, "usa-radio__input"),
    (forms.Select, "usa-select"),
    (forms.Widget, "usa-input"),
)


@register.simple_tag
def control(field: forms.BoundField) -> SafeString:
    """Draw a form field's control in the system's dress; hint and error are tied to it by Django's own ids."""
    widget = field.field.widget
    dress = next(css for kind, css in _CONTROLS if isinstance(widget, kind))
    if field.errors and dress in ("usa-input", "usa-textarea"):
        dress += f" {dress}--error"
    attributes: dict[str, Any] = {"class": dress}
    return field.as_widget(attrs=attributes)


@register.filter
def is_checkbox(field: forms.BoundField) -> bool:
    """Whether a form field is a single check box, whose label stands after it."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.simple_tag(takes_context=True)
def identified(context: template.Context, code: str | None, kind_id: str | None) -> SafeString | str:
    """Write what an organization is known by, with its name: "TIN 12-3456789"."""
    kind = context["request"].rolebook.kind(kind_id or "")
    if not code or kind is None:
        return code or ""
    return _number(kind.identifier_title, punctuated(code, kind))


@register.simple_tag(takes_context=True)
def numbers(context: template.Context, identifiers: Sequence[tuple[str, str]]) -> SafeString:
    """Write the numbers that an organization is known by: "TIN 12-3456789, …"."""
    kinds = {kind.identifier_title: kind for kind in context["request"].rolebook.organization_kinds}
    written = (
        (title, punctuated(value, kinds[title]) if title in kinds else value) for title, value in identifiers
    )
    return format_html_join(", ", "{}", ((_number(title, value),) for title, value in written))


def _number(title: str, value: str) -> SafeString:
    return format_html('<span class="nowrap">{} {}</span>', title, value)


@register.simple_tag(takes_context=True)
def privilege(context: template.Context, privilege_id: str) -> str:
    """Write a privilege's title."""
    found = context["request"].rolebook.privilege(privilege_id)
    return found.title if found is not None else privilege_id
