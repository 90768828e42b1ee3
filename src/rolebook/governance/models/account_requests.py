"""Account requests: the form as it was submitted, the supervisor's word, drafts, and who employs a person (IQCS-02)."""

from django.db import models

from rolebook.accounts.models import Account, Organization, Program
from rolebook.audit.ids import new_public_id
from rolebook.governance.models.attachments import Attachment
from rolebook.governance.models.grants import Access
from rolebook.governance.models.participation import Participation
from rolebook.governance.models.requests import Request


class Employment(models.Model):
    """The organization that employs a person, as recorded in a program; the newest one is the present one."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="employments")
    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="employments")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="employments")
    recorded_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="employments_recorded"
    )
    """Null when the operator recorded it at the command line."""
    reason = models.TextField(blank=True, default="")
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["participation", "-recorded_at"], name="employment_present")]


class AccessCheck(models.Model):
    """That the codes a person holds are to be looked at, because another organization employs them now."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT, related_name="access_checks")
    employment = models.OneToOneField(Employment, on_delete=models.PROTECT, related_name="check_of_access")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="access_checks_closed"
    )
    note = models.TextField(blank=True, default="")


class AccessCheckAnswer(models.Model):
    """What was found about one code in a check: the person keeps it, or IQCS security removes it."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    access_check = models.ForeignKey(AccessCheck, on_delete=models.PROTECT, related_name="answers")
    access = models.ForeignKey(Access, on_delete=models.PROTECT, related_name="check_answers")
    keep = models.BooleanField()
    answered_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()
    carried_out_at = models.DateTimeField(null=True)
    """When the code was removed that was not to be kept; set once."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["access_check", "access"], name="one_answer_a_code")]


class AccountForm(models.Model):
    """What the form of an account request said in one version; what is asked stands in the request's items."""

    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="forms")
    request_version = models.PositiveIntegerField()
    request_type = models.CharField(max_length=20)
    """What the request was: "new" or "modification" (IQCS-02)."""
    employing_organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, related_name="account_forms"
    )
    work_email = models.EmailField(max_length=254)
    work_phone = models.CharField(max_length=40, blank=True, default="")
    job_title = models.CharField(max_length=120, blank=True, default="")
    supervisor_name = models.CharField(max_length=150)
    supervisor_email = models.EmailField(max_length=254)
    comments = models.TextField(blank=True, default="")
    attachments = models.ManyToManyField(Attachment, related_name="forms")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "request_version"], name="one_form_per_version")
        ]


class SupervisorWord(models.Model):
    """A supervisor's authorization of one version of an account request: asked, then given or refused, once."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked"
        GIVEN = "given", "Given"
        REFUSED = "refused", "Refused"
        VOID = "void", "No longer asked"

    class Way(models.TextChoices):
        SIGNED_IN = "signed in", "Signed in"
        MAILED_LINK = "mailed link", "By the mailed link"

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    form = models.OneToOneField(AccountForm, on_delete=models.PROTECT, related_name="supervisor_word")
    state = models.CharField(max_length=20, choices=State, default=State.ASKED)
    token_hash = models.CharField(max_length=64, blank=True, default="")
    """SHA-256 of the mailed link's secret; emptied when it was used."""
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="supervisor_words"
    )
    """Who answered signed in; null by the mailed link."""
    way = models.CharField(max_length=20, choices=Way, blank=True, default="")
    reason = models.TextField(blank=True, default="")


class AccountDraft(models.Model):
    """An account request that is being written, for oneself or for another person; gone once it is submitted."""

    public_id = models.UUIDField(unique=True, default=new_public_id, editable=False)
    program = models.ForeignKey(Program, on_delete=models.PROTECT)
    author = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="account_drafts")
    beneficiary = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="account_drafts_for")
    request = models.ForeignKey(Request, on_delete=models.PROTECT, null=True, related_name="drafts")
    """The returned request that it corrects, or null."""
    content = models.JSONField(default=dict)
    attachments = models.ManyToManyField(Attachment, related_name="drafts")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["program", "author", "beneficiary"], name="one_draft_for_a_person"
            )
        ]
