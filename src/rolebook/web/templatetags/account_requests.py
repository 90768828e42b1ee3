"""What the templates of account requests need besides the common tags."""

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def at(found: Mapping[object, object], key: object) -> object:
    """Return what a mapping has under a key, or nothing."""
    return found.get(key)
