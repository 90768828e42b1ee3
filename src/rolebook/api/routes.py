"""The one list of addresses: what is read and what is changed at one address stand in it together."""

from ninja import Router

router = Router()
PROGRAM = "/{slug:program_id}/"
"""How the addresses in a program begin."""
