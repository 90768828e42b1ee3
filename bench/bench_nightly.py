"""The nightly run over 1,000,000 participations on PostgreSQL: inactivity (1 % due) and ends that are near (1 %).

Starts a server of its own in a temporary folder (as the tests do), loads a made-up IQCS by SQL, and runs what the job
runs. The bound on memory is shown by a second world of a tenth: the peak must not follow the number. Nobody else's
product is compared: none closes accounts in a database of ours.
"""

from bench.beside_postgres import asked_people, measured

PEOPLE = 1_000_000
BOUND_SECONDS = 60
BOUND_MEGABYTES = 30


def main() -> None:
    """Measure a tenth and the whole, each in a process and a database of its own."""
    people = asked_people(__doc__, PEOPLE)
    print(f"{'nightly run':<46} {'participations':>16} {'result':>16}  bound")
    peaks = [_measured(number) for number in (people // 10, people)]
    grown = peaks[1] - peaks[0]
    print(f"{'peak memory: ten times as many cost':<46} {'':>16} {grown:>13.1f} MB  ≤ {BOUND_MEGABYTES} MB")


def _measured(number: int) -> float:
    """Run one world, let it print its lines, and return the megabytes that the run took."""
    *lines, last = measured("bench.nightly_process", number, told=True).splitlines()
    print("\n".join(lines), flush=True)
    return float(last)
