"""Home: what waits for me."""

from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.to_decide import Filters, count_to_decide
from rolebook.governance.queries.waiting_besides import WaitingFor, waiting_for
from rolebook.policy.model import Act


@dataclass(frozen=True, slots=True)
class Home:
    """What the first page says; ``to_decide`` is counted to 1,000 at most.

    Attributes:
        is_steward: whether the viewer may designate.
        decides: whether the viewer holds an office that decides requests anywhere.
        has_role: whether the viewer holds any grant in force (IQIES-01: without one they see only themselves).
        besides: what else waits for the viewer; not counted where ``filters`` narrow.
    """

    to_decide: int
    has_role: bool
    decides: bool
    is_steward: bool
    besides: WaitingFor


def home(viewer: Account, program_id: str, at: datetime, filters: Filters | None = None) -> Home:
    """Return what waits for the viewer in a program; ``filters`` narrow what is counted."""
    standing = viewer_standing(viewer, program_id, at)
    offices = standing.offices(Act.DECIDE)
    waiting = WaitingFor() if filters is not None else waiting_for(viewer, program_id, at)
    return Home(
        to_decide=waiting.to_decide if filters is None else count_to_decide(standing, filters=filters),
        has_role=bool(standing.person.holdings),
        decides=bool(offices),
        is_steward=bool(standing.offices(Act.DESIGNATE)),
        besides=waiting,
    )
