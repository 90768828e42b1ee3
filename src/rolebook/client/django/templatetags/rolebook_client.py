"""``{% load rolebook_client %} {% may "edit_idr" organization.public_id as editable %} {% if editable %}…``."""

from typing import Any

from django import template

from rolebook.client.django.asking import client, user_id_of
from rolebook.client.words import Resource

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], privilege: str, resource: Resource | str) -> bool:
    """Return whether the request's user has the privilege for the resource; no when there is no decision."""
    user_id = user_id_of(context["request"])
    return bool(user_id) and client().allows(str(user_id), privilege, resource)
