"""The demo's made-up world: organizations and people of no real program, in every state that there is.

Everything is done through the real flows with an injected clock, over the weeks before the demo starts, so that the
audit log of the demo verifies like any other. The same seed gives the same names and the same story. Benchmarks use it.
"""
