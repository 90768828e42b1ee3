"""Beyond one machine: 10⁹ accounts and 10⁶ changes a day, in programs spread over databases; a simulation, not a run.

A thousand programs whose sizes fall as 1/rank are put on databases, the largest first, each on the one with the fewest
accounts. Then every change of the busiest hour of the busiest database goes through the loop of a follower
(`rolebook.audit.following`): told by NOTIFY, up to 1,000 events a look, each applied in the time that `./run bench
size` measures, one write of the follower's row a look, and a pause between looks. docs/decisions/0041 reads the table.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

ACCOUNTS, CHANGES_A_DAY, PROGRAMS = 1_000_000_000, 1_000_000, 1000
DATABASES = (1, 4, 16, 64)
PROCESSES = 16
"""Decision points of one database: four machines with four each."""
BUSIEST_HOUR = 0.15
"""Of a day's changes; a working day spread evenly over its hours would have 0.1."""
TOGETHER, IN_ONE_PRESS = 0.2, 100
"""Which share of changes comes from pressing once for so many."""
BYTES_AN_ACCOUNT = 400
"""Of a decision point's memory, with three grants and a tenth of an organization (`./run bench size`)."""
APPLY_MS = 4.0
"""To read an account and put it in place: twice what `./run bench size` finds, for a database on another machine."""
NOTICE_MS, LOOK_MS, PAUSE_MS = 2.0, 2.0, 5.0
MOST_EVENTS, STATEMENTS_A_CHANGE, STATEMENTS_A_LOOK = 1000, 3, 2
BYTES_A_CHANGE = 2_000
"""On the wire from the database: the event, and the rows of one account."""
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Hour:
    """What became of an hour's changes at one decision point: times in seconds."""

    median: float
    p99: float
    longest: float
    busy: float
    looks: int


def main() -> None:
    """Print the table."""
    print(
        f"{ACCOUNTS:,} accounts in {PROGRAMS:,} programs, {CHANGES_A_DAY:,} changes a day, {PROCESSES} decision points"
    )
    print("a database; the busiest hour of the busiest database:\n")
    print(
        f"{'data-':>5} {'most accounts':>14} {'GB a':>7} {'changes':>8} {'changes':>8} {'until applied, ms':>24} ",
        end="",
    )
    print(f"{'busy':>6} {'statements':>11} {'MB/s from':>10}")
    print(
        f"{'bases':>5} {'on one':>14} {'process':>7} {'an hour':>8} {'a second':>8} {'median':>8} {'99 %':>7} ",
        end="",
    )
    print(f"{'most':>7} {'':>6} {'a second':>11} {'database':>10}")
    for databases in DATABASES:
        accounts = max(spread(databases))
        changes = CHANGES_A_DAY * accounts / ACCOUNTS * BUSIEST_HOUR
        arrivals = list(presses(Random(databases), changes))
        hour = follow(arrivals)
        statements = PROCESSES * (len(arrivals) * STATEMENTS_A_CHANGE + hour.looks * STATEMENTS_A_LOOK) / HOUR
        print(
            f"{databases:>5} {accounts:>14,} {accounts * BYTES_AN_ACCOUNT / 1e9:>7,.0f} {len(arrivals):>8,} "
            f"{len(arrivals) / HOUR:>8.1f} {hour.median * 1e3:>8.1f} {hour.p99 * 1e3:>7.0f} "
            f"{hour.longest * 1e3:>7.0f} {hour.busy:>6.1%} {statements:>11,.0f} "
            f"{PROCESSES * len(arrivals) * BYTES_A_CHANGE / HOUR / 1e6:>10.2f}"
        )
    print(
        f"\nthe largest program alone has {max(sizes()):,} accounts: {max(sizes()) * BYTES_AN_ACCOUNT / 1e9:,.0f} GB"
    )


def sizes() -> list[int]:
    """Return the accounts of each program, the largest first."""
    whole = sum(1 / rank for rank in range(1, PROGRAMS + 1))
    return [round(ACCOUNTS / whole / rank) for rank in range(1, PROGRAMS + 1)]


def spread(databases: int) -> list[int]:
    """Return the accounts of each database."""
    filled = [(0, number) for number in range(databases)]
    for size in sizes():
        accounts, number = heapq.heappop(filled)
        heapq.heappush(filled, (accounts + size, number))
    return [accounts for accounts, _ in filled]


def presses(random: Random, changes: float) -> Iterator[float]:
    """Yield the seconds at which an hour's changes are committed, in order: single ones, and many at once."""
    rate = changes * (1 - TOGETHER + TOGETHER / IN_ONE_PRESS) / HOUR
    share = TOGETHER / IN_ONE_PRESS / (1 - TOGETHER + TOGETHER / IN_ONE_PRESS)
    at = random.expovariate(rate)
    while at < HOUR:
        yield from [at] * (IN_ONE_PRESS if random.random() < share else 1)
        at += random.expovariate(rate)


def follow(arrivals: list[float]) -> Hour:
    """Let one decision point follow; it hears of a change a moment after its commit."""
    at, busy, looks, done = 0.0, 0.0, 0, 0
    waited: list[float] = []
    while done < len(arrivals):
        at = max(at, arrivals[done] + NOTICE_MS / 1e3)
        looks += 1
        end = done
        while end < len(arrivals) and arrivals[end] <= at and end - done < MOST_EVENTS:
            end += 1
        took = (LOOK_MS + APPLY_MS * (end - done)) / 1e3
        at, busy = at + took, busy + took
        waited += [at - arrival for arrival in arrivals[done:end]]
        done = end
        at += PAUSE_MS / 1e3
    waited.sort()
    return Hour(waited[len(waited) // 2], waited[len(waited) * 99 // 100], waited[-1], busy / HOUR, looks)


if __name__ == "__main__":
    main()
