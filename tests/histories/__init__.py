"""Histories of two programs: what people do one after another, in the flows and in a small model beside them.

`python -m tests.histories --runs 2000 --steps 40` makes that many; `--mutant NAME` puts a fault into the flows first,
which must be found.
"""
