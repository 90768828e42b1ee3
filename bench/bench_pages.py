"""Every listing page with 100,000 people, 10,000 pending requests and 50,000 organizations on PostgreSQL.

Starts a PostgreSQL and a `rolebook serve` of its own in a temporary folder, makes the demo's organizations and people
in the thousands (`pages_world`), and asks for each page over HTTP as a steward, an official of one practice with nine
tenths of all people, an official of 500 practices, an official of a state and somebody with no office do. Prints a
table: the median time to the first byte over interleaved rounds, the statements and the size of each page. Nobody
else's product is compared: none shows a world of ours. BENCH_PEOPLE is another number of people.
"""

from bench.beside_postgres import asked_people, measured

PEOPLE = 100_000
PAGE_MILLISECONDS, STATEMENTS = 150, 12
ROUNDS = 15


def main() -> None:
    """Measure in a process of its own, beside a database of its own."""
    measured("bench.pages_process", asked_people(__doc__, PEOPLE), hosts="testserver,127.0.0.1")
