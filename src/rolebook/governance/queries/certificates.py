"""What the form says about certificates of role-based training: required now, from a day on, or not (IQCS-07)."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rolebook.accounts.models import Organization
from rolebook.policy.model import Rolebook, RuleInForce, RuleOverride
from rolebook.policy.rules import settings_in_force

RULE = "certificate_required"


@dataclass(frozen=True, slots=True)
class Certificates:
    """Whether the agency that employs a person requires certificates with the roles that are added.

    Attributes:
        agency: its name; "" while the form does not say who employs the person.
        required: whether a request that is sent now needs one.
        from_day: the day of the program from which on it will, where that is still to come.
        until_day: the first day on which it no longer will, where it does now.
    """

    agency: str
    required: bool
    from_day: date | None
    until_day: date | None


def certificates_for(
    book: Rolebook, employer: Organization | None, submitted_at: datetime
) -> Certificates | None:
    """Return what holds for a request first sent at ``submitted_at``; None where the program has no such rule."""
    rule = book.rule(RULE)
    if rule is None:
        return None
    codes, agency = _chain_of(employer)
    required = settings_in_force(book, RULE, codes, submitted_at) is not None
    dates = _dated(rule, codes)
    today = submitted_at.astimezone(ZoneInfo(book.program.zone)).date()
    first, until = dates.effective_from, dates.effective_until
    coming = not required and first is not None and first > today
    return Certificates(
        agency=agency,
        required=required,
        from_day=first if coming else None,
        until_day=until if required else None,
    )


def _chain_of(employer: Organization | None) -> tuple[tuple[str, ...], str]:
    """Return the codes above and of an organization, top down, and the name of the one at the top."""
    if employer is None:
        return (), ""
    above = [int(step) for step in employer.path.split("/") if step]
    found = {place.pk: place for place in Organization.objects.filter(pk__in=above)}
    places = [found[pk] for pk in above if pk in found]
    return tuple(place.code for place in places), places[0].name if places else ""


def _dated(rule: RuleInForce, codes: tuple[str, ...]) -> RuleInForce | RuleOverride:
    """Return whose dates count: those of the last override that names one of the codes, else the rule's."""
    named = [one for one in rule.overrides if set(one.organizations) & set(codes)]
    return named[-1] if named else rule
