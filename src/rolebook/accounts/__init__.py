"""Who people are: accounts, credentials, sign-in, participations in programs, and organizations.

Flows and queries on identity; nothing here opens or closes a grant.
"""
