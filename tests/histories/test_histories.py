"""The flows of two programs come to what a small model says, over generated histories; and faults are found.

`python -m tests.histories --runs 2000 --steps 40` makes new ones, and many; `--mutant NAME` those with a fault.
"""

import pytest
from hypothesis import Phase

from tests.histories.mutants import QUICK, sabotaged
from tests.histories.running import run_histories
from tests.histories.world import World


@pytest.mark.slow
@pytest.mark.requirement("QPP-04", "QPP-05", "QPP-10", "QPP-11", "QPP-13", "QPP-14")
@pytest.mark.requirement(
    "IQIES-02", "IQIES-04", "IQIES-05", "IQIES-07", "IQIES-08", "IQIES-12", "IQIES-13", "IQIES-15"
)
@pytest.mark.invariant("I1", "I2", "I3", "I4", "I5", "I6", "I7", "I9", "I10", "I11", "I13")
@pytest.mark.fault(2, 3, 7, 9, 17, 22, 23, 24, 26)
@pytest.mark.timeout(0)
def test_two_programs_come_to_what_the_model_says(db: None) -> None:
    run_histories(World(), runs=30, steps=10, same=True)


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.timeout(0)
def test_the_histories_find_what_is_wrong(db: None) -> None:
    """Each fault leads to a difference, or to a crash of the flow, within as many histories as the suite plays."""
    world = World()
    missed = []
    for name in QUICK:
        try:
            with sabotaged(name):
                run_histories(world, runs=40, steps=15, phases=(Phase.generate,), same=True)
        except Exception:  # whatever it led to: it was found
            continue
        missed.append(name)
    assert missed == []
