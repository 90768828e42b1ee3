"""The rows that every history of IQCS begins with, a program that holds access apart from roles."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rolebook.accounts.flows.rolebooks import activate_rolebook
from rolebook.accounts.models import Account
from rolebook.governance.flows import record_sign_in
from rolebook.governance.flows.watch_quiet import watch_quiet
from rolebook.policy.model import Rolebook
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import resolve
from tests.histories.quick import quickly
from tests.histories.replay_people import Quiet
from tests.histories.world import without_cell
from tests.support import grants, iqcs
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import COMMAND, START, WEB

QUIET = Quiet(12, ZoneInfo("America/Boise"), timedelta(days=7))
"""What the page says of accounts that nobody uses, written by hand."""
CODES = ("FWS-R6-BNR", "FWS-R6", "FWS", "USAF-ACC", "BLM-MT", "FWS-R6-BNR")
"""What people are given, and who employs them; one unit stands below a region, below an agency."""
ROLES = (MANAGER, REPRESENTATIVE, MANAGER, LEAD, MANAGER, SECURITY)
"""What is given by designation; all else is asked for."""
PRIVILEGES = ("responder_reports", "edit_training", "sessions_page", "user_audit_report", "certify_positions")
REMOVED_CELL = (MANAGER, "responder_reports")
PEOPLE = 5


@dataclass
class ApartWorld:
    """Five people whom things happen to, and four who are always there and decide."""

    people: list[Account] = field(default_factory=list)
    books: dict[str, Rolebook] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put IQCS into force; all but one of the people begin with something."""
        iqcs.begin()
        shipped = read_rolebook(resolve(PROGRAM))
        self.books = {"whole": shipped, "less": without_cell(shipped, *REMOVED_CELL)}
        self.representative = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
        self.security = iqcs.holder(SECURITY, None, "Sven Security")
        self.lead = iqcs.holder(LEAD, "FWS", "Lena Lead")
        self.steward = grants.steward("Stella Steward", PROGRAM)
        self.people = [grants.user(f"Person {number}", PROGRAM) for number in range(PEOPLE)]
        for person, code in zip(self.people, ("FWS-R6", "FWS", "USAF-ACC", "FWS-R6-BNR"), strict=False):
            grants.designated(person, MANAGER, program_id=PROGRAM)
            iqcs.gives_access(person, code)
            iqcs.employed(person, "FWS-R6-BNR")
        # The first run counts everybody, and changes nothing.
        watch_quiet(PROGRAM, at=START, origin=COMMAND)

    def stay(self, at: datetime) -> None:
        """Those who decide sign in, so that quiet ends none of them."""
        for one in (self.representative, self.security, self.lead, self.steward):
            record_sign_in(acting_user=one, program_id=PROGRAM, at=at, origin=WEB)

    def activate(self, name: str, at: datetime) -> None:
        """Put one of the rolebooks into force, as an administrator would."""
        told: dict[str, Any] = {"activated_by": "tests", "at": at, "origin": COMMAND}
        activate_rolebook(acting_user=None, folder=Path(name), **told)

    def quickly(self) -> AbstractContextManager[None]:
        """Read rolebooks from memory, and hash passwords in no time."""
        return quickly(self.books)
