"""AuthZEN metadata: what a program's decision point answers, and where (AuthZEN 1.0, section 9)."""

from collections.abc import Container, Mapping
from typing import Final

import msgspec

WELL_KNOWN = "/.well-known/authzen-configuration"
ENDPOINTS: Final[Mapping[str, str]] = {
    "access_evaluation_endpoint": "evaluation",
    "access_evaluations_endpoint": "evaluations",
    "search_subject_endpoint": "search/subject",
    "search_resource_endpoint": "search/resource",
    "search_action_endpoint": "search/action",
}
"""Name in the document, and the end of the address. Only what works is named: a missing endpoint means that it is
not supported.
"""


def metadata(programs: Container[str], path: str, site_url: str) -> bytes | None:
    """Return the document for ``WELL_KNOWN/<program>``; None when there is no such program."""
    program_id = path.removeprefix(WELL_KNOWN).removeprefix("/")
    if program_id not in programs:
        return None
    base = f"{site_url}/{program_id}"
    endpoints = {name: f"{base}/access/v1/{end}" for name, end in ENDPOINTS.items()}
    return msgspec.json.encode({"policy_decision_point": base, **endpoints})
