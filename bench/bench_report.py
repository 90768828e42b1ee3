"""The User Audit Report over 20,000 accounts on PostgreSQL: made, and written as CSV, XLSX and PDF; time and memory.

Loads the made-up IQCS of the benchmark of reviews, opens a campaign and makes the report of all of it, as the worker
does. Prints one table. Nobody else's product is compared: none reads a database of ours.
"""

from bench.beside_postgres import asked_people, measured

ACCOUNTS, REPORT_SECONDS = 20_000, 30


def main() -> None:
    """Measure in a process of its own, beside a database of its own."""
    measured("bench.report_process", asked_people(__doc__, ACCOUNTS))
