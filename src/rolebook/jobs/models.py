"""The schedule: when each recurring job is due next, shared by all workers of an installation."""

from django.db import models


class ScheduledJob(models.Model):
    """One recurring job. Whoever moves ``due_at`` on (a conditional update) runs it; nobody else does."""

    name = models.CharField(max_length=60, primary_key=True)
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True, default="")

    def __str__(self) -> str:
        return self.name
