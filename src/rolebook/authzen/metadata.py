"""AuthZEN metadata: what a program's decision point answers, and where (AuthZEN 1.0, section 9)."""

from collections.abc import Container

import msgspec

WELL_KNOWN = "/.well-known/authzen-configuration"


def metadata(programs: Container[str], path: str, site_url: str) -> bytes | None:
    """Return the document for ``WELL_KNOWN/<program>``; None when there is no such program.

    Only what works is named: a missing endpoint means that it is not supported.
    """
    program_id = path.removeprefix(WELL_KNOWN).removeprefix("/")
    if program_id not in programs:
        return None
    base = f"{site_url}/{program_id}"
    return msgspec.json.encode(
        {"policy_decision_point": base, "access_evaluation_endpoint": f"{base}/access/v1/evaluation"}
    )
