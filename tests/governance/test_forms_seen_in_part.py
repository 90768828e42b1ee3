"""Where agencies do not decide for one another, who decides for one reads nothing of another's part (I1, I3)."""

from dataclasses import replace

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.account_answers import CodeAnswer
from rolebook.governance.models import Request
from rolebook.governance.queries.account_detail import AccountRequestDetail, account_request_detail
from rolebook.policy.model import Rolebook
from tests.support import grants, iqcs, rolebooks
from tests.support.grants import LATER, STEWARD, decides
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE
from tests.support.people import START

pytestmark = [pytest.mark.invariant("I1"), pytest.mark.invariant("I3"), pytest.mark.fault(6)]


def each_for_itself(book: Rolebook) -> Rolebook:
    """The same rolebook, in which nobody's employer decides about the codes of others."""
    return replace(book, approval=replace(book.approval, employing_chain=False, foreign_last=()))


@pytest.fixture
def rosa(db: None) -> Account:
    """The representative of one agency, in a program in which each agency decides for itself."""
    iqcs.begin()
    rolebooks.put_in_force(each_for_itself(rolebooks.in_force(PROGRAM)))
    iqcs.holder(REPRESENTATIVE, "USAF-ACC", "Rolf Representative")
    return iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")


@pytest.fixture
def asked(rosa: Account) -> Request:
    """A form for codes of two agencies, corrected once, of somebody who holds a code of a third."""
    rita = iqcs.holder(MANAGER, "BLM-MT", "Rita Requester")
    codes = [CodeAnswer("FWS-R6"), CodeAnswer("USAF-ACC")]
    first = iqcs.asks(rita, iqcs.answers(codes=codes))
    stage = first.stages.get(items__organization__code="FWS-R6", state="open")
    decides(rosa, stage, "returned", reason="Say why.", at=START)
    codes = [CodeAnswer("FWS-R6"), CodeAnswer("USAF-ACC-1")]
    return iqcs.asks(rita, iqcs.answers(codes=codes), corrects=Request.objects.get(pk=first.pk))


def seen(viewer: Account, request: Request) -> AccountRequestDetail:
    return account_request_detail(viewer, request.public_id, PROGRAM, LATER)


def told(detail: AccountRequestDetail) -> str:
    """Everything that the page could say of what is asked, held and decided."""
    parts = (detail.changes, detail.preview, detail.versions, detail.now, detail.before, detail.leads)
    return repr((parts, detail.detail.line, detail.detail.course, detail.detail.to_decide))


def test_an_approver_reads_their_own_part_of_a_form_and_nothing_of_another_agencys(
    rosa: Account, asked: Request
) -> None:
    shown = seen(rosa, asked)
    assert [words for words, _ in shown.changes] == ["Add access to FWS Mountain-Prairie Region (FWS-R6)"]
    assert [one.decides for one in shown.now] == [("Add access to FWS Mountain-Prairie Region (FWS-R6)",)]
    assert "USAF" not in told(shown)
    assert "Air Combat" not in told(shown)
    assert "Rolf" not in told(shown)


def test_what_the_form_comes_to_names_no_code_that_the_approver_does_not_look_after(
    rosa: Account, asked: Request
) -> None:
    shown = seen(rosa, asked)
    assert shown.preview is not None
    assert any("FWS-R6" in said for said in shown.preview.afterwards)
    assert "BLM" not in told(shown)


def test_the_requester_and_the_steward_read_all_of_it(asked: Request) -> None:
    for viewer in (asked.requester, iqcs.holder(STEWARD, None, "Stella Steward")):
        shown = seen(viewer, asked)
        assert len(shown.changes) == 2
        assert "USAF-ACC-1" in told(shown)
        assert "BLM-MT" in told(shown)


@pytest.mark.requirement("IQCS-04")
def test_where_agencies_decide_for_one_another_everybody_who_decides_reads_all_of_it(db: None) -> None:
    iqcs.begin()
    iqcs.holder(REPRESENTATIVE, "USAF-ACC", "Rolf Representative")
    rosa = iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    rita = grants.user("Rita Requester", PROGRAM)
    request = iqcs.asks(rita, iqcs.answers({MANAGER: "add"}, ["FWS-R6", "USAF-ACC"]))
    assert len(seen(rosa, request).changes) == 3
