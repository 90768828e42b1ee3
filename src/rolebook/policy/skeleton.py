"""A new program's first rolebook: small, complete, and clean under the lint; to be edited, data only."""

import re
from collections.abc import Mapping

from rolebook.policy.reading import MATRIX_FILE, ROLEBOOK_FILE
from rolebook.policy.schema import CASES_SCHEMA_FILE, SCHEMA_FILE, cases_schema, schema, schema_text

NOT_IN_IDS = re.compile(r"[^a-z0-9]+")

ROLEBOOK = """\
# yaml-language-server: $schema=rolebook.schema.json
format: 1

# What the program is, and whom people ask.
program:
  id: "{id}"
  name: "{name}"
  short_name: "{name}"
  version: "1"
  date: 2026-01-01
  source: Where the roles and the matrix come from. Say here what is your own and not the document's.
  zone: America/New_York
  contact:
    name: "{name} support"
    email: support@{id_dashes}.example
    have_ready: your organization's code
  hints:
    find_a_role: Choose what you need to do; the roles that allow it are shown.

# A role is held AT an organization. (The other way: roles and organizations as two lists, "apart from roles".)
access: with each role

# The office that names the first official of an organization, and stands in where nobody can decide.
steward:
  title: "{name} office"

# People of an exclusive category may hold roles of no other category.
categories:
  - {{id: member, title: Member, exclusive: true}}

organization_kinds:
  - id: office
    title: Office
    plural: Offices
    identifier: {{scheme: office_code, title: code, pattern: '[A-Z0-9-]+', example: OFFICE-1}}

roles:
  - id: official
    title: Official
    category: Member
    description: Decides who may work for the office.
    obtained: request
    reach: {{scope: organization, kinds: [Office]}}
    recommended: {{at_least: 2, ours: somebody should always be there to decide}}
  - id: clerk
    title: Clerk
    category: Member
    description: Keeps the office's records.
    obtained: request
    reach: {{scope: organization, kinds: [Office]}}
  - id: guest
    title: Guest
    category: Member
    description: Sees what the office marks as shared, and the own record.
    obtained: designation
    reach: {{scope: organization, kinds: [Office]}}

# The headings inside the tables of matrix.csv, in order.
areas: [Records, Manage access]

# By id. The id is written once and never changes; the title is what the rows of matrix.csv say.
# The first word of a title tells the operation; where it does not: {{title: Role approval, operation: approve}}
privileges:
  view_records: View records
  create_records: Create records
  edit_records: Edit records
  approve_requests: {{title: Approve or deny requests, operation: approve}}

# Cells are yes or no, or a mark that is defined here.
marks:
  - {{mark: own, title: own record, meaning: Only the own record of the person who asks., own_record: true}}

# The tables of matrix.csv; the id stands in its first column.
tables:
  - {{id: Table 1, title: What each role may do}}

# Who may do what in governing the program. Say for each what it rests on: a printed row, the document's words, or ours.
authority:
  decide:
    - {{role: Official, row: Table 1 / Manage access / Approve or deny requests}}
  view_users:
    - {{role: Official, ours: who decides sees who asks}}
  remove:
    - {{role: Official, ours: who gives access takes it away}}
  view_audit:
    - {{role: Official, ours: who answers for access may see how it came to be}}

# Who decides about a request, in order.
approval:
  chains:
    - id: office
      title: The office's officials decide
      kinds: [Office]
      stages:
        - {{id: official, title: Official, approver: Official, place: organization}}

rules:
  - {{id: own_decision, source: "ours: nobody decides for themselves"}}

lifecycle:
  temporary_details: true
  warn_days_before_end: [14, 3]
"""

MATRIX = """\
table,area,privilege,Official,Clerk,Guest
Table 1,Records,View records,yes,yes,own
Table 1,Records,Create records,no,yes,no
Table 1,Records,Edit records,no,yes,no
Table 1,Manage access,Approve or deny requests,yes,no,no
"""

CASES = """\
# yaml-language-server: $schema=../cases.schema.json
about: What must hold, whatever changes. Run with `rolebook test`.

world:
  now: 2026-01-15T12:00:00Z
  organizations:
    - {kind: Office, code: OFFICE-1, name: First office}
    - {kind: Office, code: OFFICE-2, name: Second office}
  people:
    clerk:
      holds:
        - {role: Clerk, at: OFFICE-1}
    guest:
      record: R-1
      holds:
        - {role: Guest, at: OFFICE-1}

cases:
  - claim: a clerk edits records of the own office, and of no other
    person: clerk
    questions:
      - {do: Edit records, at: OFFICE-1, answer: "yes", reason: granted}
      - {do: Edit records, at: OFFICE-2, answer: "no", reason: outside_reach}
  - claim: a guest views the own record only
    person: guest
    questions:
      - {do: View records, at: OFFICE-1, record: R-1, answer: "yes", reason: granted}
      - {do: View records, at: OFFICE-1, record: R-2, answer: "no", reason: own_record_only}
  - claim: a guest's role cannot be asked for
    person: clerk
    questions:
      - {ask_for: Guest, at: OFFICE-1, answer: "no", reason: by_designation_only}
"""


def program_id(name: str) -> str:
    """The id that a program of this name gets: small letters, digits and `_`, beginning with a letter."""
    found = NOT_IN_IDS.sub("_", name.casefold()).strip("_")[:60]
    return found if found[:1].isalpha() else f"program_{found}".strip("_")


def skeleton(name: str) -> Mapping[str, str]:
    """The files of a new rolebook by path in its folder. `name` is the program's name, on one line."""
    text = "".join(character if character.isprintable() else " " for character in name)
    shown = " ".join(text.split()).replace('"', "'").replace("\\", "/")[:100] or "New program"
    found = program_id(shown)
    return {
        ROLEBOOK_FILE: ROLEBOOK.format(id=found, id_dashes=found.replace("_", "-"), name=shown),
        MATRIX_FILE: MATRIX,
        "cases/first.yaml": CASES,
        SCHEMA_FILE: schema_text(schema()),
        CASES_SCHEMA_FILE: schema_text(cases_schema()),
    }
