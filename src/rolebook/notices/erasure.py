"""The words of mails are kept for a while after sending, for questions about them, and then erased."""

from datetime import datetime, timedelta

from rolebook.notices.bounce_models import Bounce
from rolebook.notices.models import Notice

KEPT_DAYS = 30


def erase_old_words(*, now: datetime) -> int:
    """Erase the words of notices settled for more than KEPT_DAYS days; return of how many. That they were
    sent stays.
    """
    before = now - timedelta(days=KEPT_DAYS)
    Bounce.objects.exclude(diagnostic="").filter(received_at__lt=before).update(diagnostic="")
    old = Notice.objects.exclude(state=Notice.State.WAITING).exclude(text="").filter(created_at__lt=before)
    return old.update(subject="", text="", html="", address="", name="", unsubscribe_url="")
