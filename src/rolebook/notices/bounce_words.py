"""The words of mails about rejected mail: to who represents the person (the person's own mail does not arrive)."""

from collections.abc import Iterable

from rolebook.accounts.models import Account
from rolebook.governance.models import Participation
from rolebook.governance.representatives import representatives_of
from rolebook.notices.facts import Facts
from rolebook.notices.letter import Letter


def the_representatives(facts: Facts) -> Iterable[Account]:
    """Who represents the person in the program, where their part in it was deactivated because mail was rejected."""
    if facts.new("cause") != Participation.Cause.BOUNCE:
        return []
    return representatives_of(facts.book, facts.beneficiary, facts.now)


def deactivated_by_bounce(facts: Facts) -> Letter:
    """To who represents somebody: their mail was rejected, and their part in the program is deactivated."""
    person, program = facts.beneficiary, facts.book.program
    return Letter(
        subject=f"{program.short_name}: Account deactivated, mail was rejected: {person.name}",
        first_line=(
            f"A mail to {person.name} was rejected, so their {program.short_name} account was deactivated. "
            "What they hold is kept."
        ),
        facts=(
            ("Who", f"{person.name} ({person.user_id})"),
            ("Address", person.email),
            ("When", facts.instant()),
        ),
        paragraphs=(
            "Tell them by another way than mail. They sign in, and give an address at which mail arrives.",
            facts.book.hint("reactivation") or "",
        ),
        whom_to_ask=facts.contact,
        reason_for_mail="You get this because you represent this person. Others who do got it too.",
    )
