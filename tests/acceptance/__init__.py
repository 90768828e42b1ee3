"""What the tests prove: every requirement, invariant and fault with the tests that name it.

`python -m tests.acceptance` prints the whole table as Markdown; `python -m tests.acceptance QPP-04 I6 17` some lines.
"""
