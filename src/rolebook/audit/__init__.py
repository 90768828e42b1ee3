"""The append-only audit log: events, their tags, the only writer, verification, followers and leases.

Every change of the governed facts is committed together with its event or not at all. The log is the
outbox that notices derive from and the change feed that decision points follow.
"""
