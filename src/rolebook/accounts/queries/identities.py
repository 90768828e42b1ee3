"""Outside identity providers that the settings name, and what is linked to an account."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from rolebook.accounts.identity_providers import IdentityProvider
from rolebook.accounts.models import Account, LinkedIdentity


@dataclass(frozen=True, slots=True)
class Linked:
    """An identity that its person may sign in with.

    Attributes:
        link_id: names the link on pages.
        provider_id: which provider of the settings it came by.
        issuer: who vouches for it.
        name: what people call the provider.
        linked_at: when it was linked.
        signed_in_at: when somebody last signed in with it and its second factor; None for never.
        usable: whether the settings still name the provider.
    """

    link_id: uuid.UUID
    provider_id: str
    issuer: str
    name: str
    linked_at: datetime
    signed_in_at: datetime | None
    usable: bool


def identity_providers() -> tuple[IdentityProvider, ...]:
    """Return the outside identity providers that people may sign in with."""
    found: tuple[IdentityProvider, ...] = settings.ROLEBOOK.identity_providers
    return found


def provider_of(provider_id: str) -> IdentityProvider | None:
    """Return the identity provider of that id, or None when the settings name none."""
    return next((provider for provider in identity_providers() if provider.id == provider_id), None)


def provider_name(provider_id: str) -> str:
    """Return what people call a provider; its id when the settings no longer name it."""
    provider = provider_of(provider_id)
    return provider.name if provider is not None else provider_id


def identities_of(viewer: Account) -> tuple[Linked, ...]:
    """Return what is linked to the viewer's own account, oldest first."""
    issuers = {provider.issuer for provider in identity_providers()}
    return tuple(
        Linked(
            link_id=link.public_id,
            provider_id=link.provider_id,
            issuer=link.issuer,
            name=provider_name(link.provider_id),
            linked_at=link.linked_at,
            signed_in_at=link.signed_in_at,
            usable=link.issuer in issuers,
        )
        for link in LinkedIdentity.objects.filter(account=viewer).order_by("linked_at", "pk")
    )


def providers_to_link(linked: Iterable[Linked]) -> tuple[IdentityProvider, ...]:
    """Return the providers of which somebody to whom those are linked has linked no identity yet."""
    issuers = {one.issuer for one in linked}
    return tuple(provider for provider in identity_providers() if provider.issuer not in issuers)
