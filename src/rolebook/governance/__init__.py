"""How the facts come to be: requests, stages, outcomes, grants, reviews, and every flow on authority.

Models hold no use cases. A flow is one use case in one transaction; the ledger alone opens and closes
grants; a query always takes `viewer`.
"""
