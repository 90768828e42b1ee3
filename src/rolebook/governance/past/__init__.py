"""Facts as they were at an earlier instant: places, statuses, what was held, and what stood behind it.

Nothing is decided here: the one walk (`rolebook.decision.walk`) reads these facts as it reads those of now. What is
known of times before an import is said in docs/guides/on-that-day.md.
"""
