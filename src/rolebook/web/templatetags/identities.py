"""Identity providers on the sign-in page, and what is linked on the security page."""

from typing import Any

from django import template

from rolebook.accounts.models import Account
from rolebook.accounts.queries.identities import identities_of, identity_providers, providers_to_link

register = template.Library()


@register.inclusion_tag("account/sign_in_with.html")
def sign_in_with(program_id: str) -> dict[str, Any]:
    """Offer the identity providers of the settings; nothing where there are none."""
    return {"providers": identity_providers(), "program_id": program_id}


@register.inclusion_tag("account/linked_identities.html", takes_context=True)
def linked_identities(context: template.Context, account: Account) -> dict[str, Any]:
    """Show what is linked to an account and what can be; nothing where there are no providers."""
    linked = identities_of(account)
    return {
        "linked": linked,
        "providers": providers_to_link(linked),
        "has_password": account.has_usable_password(),
        "program": context.get("program"),
    }
