"""JSON Schema (draft 2020-12) of rolebook.yaml and of case files, generated from the models, for editors."""

import json
from typing import Any

from rolebook.policy.cases import CasesForm
from rolebook.policy.form import RolebookForm
from rolebook.policy.rules import RULES

SCHEMA_FILE = "rolebook.schema.json"
CASES_SCHEMA_FILE = "cases.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema of rolebook.yaml."""
    document = RolebookForm.model_json_schema(mode="validation")
    document["$defs"]["RuleForm"]["properties"]["id"] = {"title": "Id", "type": "string", "enum": list(RULES)}
    return _named("Rolebook", document)


def cases_schema() -> dict[str, Any]:
    """The schema of a file under cases/."""
    return _named("Rolebook cases", CasesForm.model_json_schema(mode="validation"))


def _named(title: str, document: dict[str, Any]) -> dict[str, Any]:
    """A schema with its dialect and title, in which a key that has no form is refused, as the reader does."""
    waiting: list[Any] = [document]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "patternProperties" in part:
                part["additionalProperties"] = False
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return {"$schema": DIALECT, **document, "title": title}


def schema_text(document: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
