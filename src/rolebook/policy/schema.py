"""JSON Schema (draft 2020-12) of rolebook.yaml and of case files, generated from the models, for editors."""

import json
from typing import Any

from rolebook.policy.cases import CasesForm
from rolebook.policy.form import RolebookForm

SCHEMA_FILE = "rolebook.schema.json"
CASES_SCHEMA_FILE = "cases.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema of rolebook.yaml."""
    return {"$schema": DIALECT, "title": "Rolebook", **RolebookForm.model_json_schema(mode="validation")}


def cases_schema() -> dict[str, Any]:
    """The schema of a file under cases/."""
    return {"$schema": DIALECT, "title": "Rolebook cases", **CasesForm.model_json_schema(mode="validation")}


def schema_text(document: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
