"""Never a stale yes, at length, whatever happens to processes, connections, clocks and the database.

python -m tests.staleness --removals 20000
python -m tests.staleness --removals 200 --mutant lease    # must find one
"""
