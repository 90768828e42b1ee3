"""Benchmarks, each against named peers in one run: `./run bench` for all, `./run bench NAME` for one.

A benchmark is a module of this package whose name begins with `bench_` and which has `main() -> None`; it
prints what it measured, on what, beside which peers.
"""
