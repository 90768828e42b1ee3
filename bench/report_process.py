"""What `bench_report` measures, in a process that has its database in the environment."""

import sys
import tempfile
from functools import partial

from django.db import connection

from bench.bench_report import REPORT_SECONDS
from bench.bench_review import peak, processor_seconds, row, seconds
from bench.review_process import COMMAND, PROGRAM, load
from rolebook.audit import clock
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.making_report_files import PDF, XLSX, csv_of, ending_of, write_report
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.models import ReviewReport


def main(number: int) -> None:
    """Load, open, make the report and its files."""
    took, _ = seconds(lambda: load(number))
    row(f"load {number:,} people", f"{took:,.1f} s")
    at = clock.now()
    campaign = open_review(
        acting_user=None, program_id=PROGRAM, review_id="annual_user_audit", at=at, origin=COMMAND
    )
    asked = ask_for_report(acting_user=None, campaign=campaign, organization=None, at=at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    told: list[tuple[int, int]] = []
    before, worked = peak(), processor_seconds(backend)
    took, _ = seconds(lambda: make_report(asked.pk, at, lambda done, total: told.append((done, total))))
    row(f"make the report, progress told {len(told):,} times", f"{took:,.1f} s", f"< {REPORT_SECONDS} s")
    row("processor time of that, here and in PostgreSQL", f"{processor_seconds(backend) - worked:,.1f} s")
    row("memory that it added to the process", f"{peak() - before:,.0f} MB", "bounded")
    report = ReviewReport.objects.select_related("campaign__rolebook_version").get(pk=asked.pk)
    row("accounts in it", f"{report.total:,}")
    took, lines = seconds(lambda: sum(1 for _ in csv_of(report)))
    row(f"write it as CSV, {lines:,} lines", f"{took:,.1f} s")
    for wanted in (XLSX, PDF):
        before, ending = peak(), ending_of(report, wanted)
        with tempfile.TemporaryFile() as target:
            took, _ = seconds(partial(write_report, report, ending, target, _quiet))
            size = target.tell() / 1_000_000
        row(f"write it as {ending.upper()}, {size:,.1f} MB", f"{took:,.1f} s")
        row("memory that it added to the process", f"{peak() - before:,.0f} MB", "bounded")


def _quiet(done: int, total: int) -> None:
    del done, total


if __name__ == "__main__":
    main(int(sys.argv[1]))
