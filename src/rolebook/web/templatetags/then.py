"""Words about what stood behind a line of the past."""

from django import template

from rolebook.governance.past.behind import Behind, Decided
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.then_files import by_words, end_words, state_words
from rolebook.policy.model import Rolebook

register = template.Library()


@register.filter
def ended_because(known: Behind) -> str:
    """Return why something ended, in words."""
    return end_words(known)


@register.filter
def stood(stage: Decided) -> str:
    """Return how a stage that nobody decided stood, in words."""
    return state_words(stage)


@register.simple_tag(takes_context=True)
def decided_by_role(context: template.Context, stage: Decided) -> str:
    """Return the title of the role that decides a stage."""
    book = context.get("then_book")
    return role_title(book, stage.approver_role_id) if isinstance(book, Rolebook) else stage.approver_role_id


@register.simple_tag(takes_context=True)
def designated_by(context: template.Context, known: Behind) -> str:
    """Return who designated, by name or office."""
    book = context.get("then_book")
    told = by_words(known, book) if isinstance(book, Rolebook) else known.by
    return told or "the operator"
