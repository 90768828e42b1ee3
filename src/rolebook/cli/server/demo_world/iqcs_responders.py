"""In IQCS, somebody registers for their own record, and a request with an attachment comes back and is corrected."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from rolebook.accounts.models import Account
from rolebook.cli.server.demo_world.acts import OPERATOR, Acts
from rolebook.cli.server.demo_world.cast import DALE, HANK, HELEN, IDA, Person
from rolebook.cli.server.demo_world.story import Step
from rolebook.governance.account_answers import AccountAnswers, CodeAnswer
from rolebook.governance.attachment_store import attachment_store
from rolebook.governance.flows.account_drafts import save_account_draft
from rolebook.governance.flows.answer_as_supervisor import answer_as_supervisor
from rolebook.governance.flows.attachments import GivenFile, attach_file, detach_files
from rolebook.governance.flows.import_responder_records import import_responder_records
from rolebook.governance.flows.register_own_record import ask_for_own_record, prove_own_record
from rolebook.governance.flows.submit_account_request import submit_account_request
from rolebook.governance.models import AccountDraft, Request
from rolebook.governance.own_records import RecordMail
from rolebook.governance.supervisor_links import SupervisorMail

RECORDS = f"""identifier,name,email,organization
R-104233,{IDA.name},{IDA.email},FWS-R6-BNR
R-104234,Frank Ironcloud,frank.ironcloud@demo.example,FWS-R6-BNR
R-104235,Joan Whitefeather,,FWS-R6-BNR
"""
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_SEED = 20
"""Their secrets come from a sequence of their own, so that the rest of the story stays as it is."""


def _certificate(title: str) -> bytes:
    """Return a PDF file without a page, with a title to tell it from another."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"3 0 obj<</Title(" + title.encode() + b")>>endobj\ntrailer<</Root 1 0 R/Info 3 0 R>>\n%%EOF\n"
    )


@dataclass(slots=True)
class Responders:
    """What happens in IQCS with records and attachments before ``now``; ``acts`` are of that program."""

    acts: Acts
    now: datetime

    def steps(self) -> list[Step]:
        """Return what happens, in no order."""
        self.acts = replace(self.acts, chance=random.Random(_SEED))  # noqa: S311  # made-up people
        box: list[Request] = []
        return [
            self._step(44 * _DAY, self._import),
            self._step(43 * _DAY, partial(self.acts.register, IDA)),
            self._step(43 * _DAY - _HOUR, self._registers),
            self._step(42 * _DAY, partial(self.acts.register, DALE)),
            self._step(3 * _DAY, partial(self._sends, box)),
            self._step(2 * _DAY + 8 * _HOUR, partial(self._returns, box)),
            self._step(20 * _HOUR, partial(self._corrects, box)),
        ]

    def _import(self, at: datetime) -> None:
        import_responder_records(
            program_id=self.acts.program_id,
            data=RECORDS.encode(),
            file="responders.csv",
            at=at,
            origin=OPERATOR,
        )

    def _registers(self, at: datetime) -> None:
        ida = self.acts.sign_in(IDA, at)
        mails: list[RecordMail] = []
        origin = self.acts.origin(IDA)
        made = ask_for_own_record(
            acting_user=ida,
            program_id=self.acts.program_id,
            identifier="R-104233",
            way="mailed code",
            send=mails.append,
            at=at + timedelta(minutes=2),
            origin=origin,
        )
        prove_own_record(
            acting_user=ida,
            program_id=self.acts.program_id,
            registration_id=made.public_id,
            code=mails[0].code,
            at=at + timedelta(minutes=5),
            origin=origin,
        )

    def _sends(self, box: list[Request], at: datetime) -> None:
        dale = self.acts.sign_in(DALE, at)
        self._draft(dale, _ANSWERS, None, at)
        self._attach(dale, "certificate 2019.pdf", at)
        box.append(self._submit(dale, _ANSWERS, None, at + timedelta(minutes=9)))

    def _returns(self, box: list[Request], at: datetime) -> None:
        self.acts.decide(
            HELEN, box[0], "returned", at, reason="The certificate is of 2019. Attach this year's."
        )

    def _corrects(self, box: list[Request], at: datetime) -> None:
        dale = self.acts.sign_in(DALE, at)
        returned = Request.objects.get(pk=box[0].pk)
        told = replace(_ANSWERS, comments="With this year's certificate.")
        self._draft(dale, told, returned, at)
        old = AccountDraft.objects.get(program_id=self.acts.program_id, author=dale).attachments.all()
        detach_files(
            acting_user=dale,
            program_id=self.acts.program_id,
            beneficiary=dale,
            attachment_ids=[one.public_id for one in old],
            at=at,
        )
        self._attach(dale, f"certificate {at.year}.pdf", at)
        self._submit(dale, told, returned, at + timedelta(minutes=7))

    def _draft(self, dale: Account, told: AccountAnswers, returned: Request | None, at: datetime) -> None:
        save_account_draft(
            acting_user=dale,
            program_id=self.acts.program_id,
            beneficiary=dale,
            answers=told,
            corrects=returned,
            copied=returned,
            at=at,
        )

    def _attach(self, dale: Account, name: str, at: datetime) -> None:
        attach_file(
            acting_user=dale,
            program_id=self.acts.program_id,
            beneficiary=dale,
            given=GivenFile(name, _certificate(name), is_certificate=True),
            store=attachment_store(),
            at=at,
        )

    def _submit(self, dale: Account, told: AccountAnswers, returned: Request | None, at: datetime) -> Request:
        mails: list[SupervisorMail] = []
        request = submit_account_request(
            acting_user=dale,
            program_id=self.acts.program_id,
            beneficiary=dale,
            answers=told,
            shown_type="new",
            send=mails.append,
            corrects=None if returned is None else returned.public_id,
            at=at,
            origin=self.acts.origin(DALE),
        )
        answer_as_supervisor(
            program_id=self.acts.program_id,
            authorize=True,
            token=mails[0].token,
            at=at + _HOUR,
            origin=self.acts.origin(HANK),
        )
        return request

    def _step(self, ago: timedelta, do: Callable[[datetime], object]) -> Step:
        return Step(self.now - ago, do)


def _answers_of(person: Person) -> AccountAnswers:
    return AccountAnswers(
        work_email=person.email,
        job_title="Training Specialist",
        employer_code="BLM-MT-BDO",
        supervisor_name=HANK.name,
        supervisor_email=HANK.email,
        roles={"training_officer": "add"},
        codes=(CodeAnswer("BLM-MT-BDO"),),
        comments="I keep the training sessions of the field office.",
    )


_ANSWERS = _answers_of(DALE)
