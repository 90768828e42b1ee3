"""What every part of the file form is made of: strict models, and the kinds of text that stand in them."""

import re
from datetime import date
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from rolebook.policy.operations import OPERATIONS

DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def _read_date(value: Any) -> Any:
    """A day written as 2026-11-21; anything else is left for the strict check to refuse."""
    if isinstance(value, str) and DAY.match(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


Text = Annotated[str, StringConstraints(min_length=1, max_length=6000, strip_whitespace=True)]
Title = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=r"^[^\r\n]+$")
]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
OperationId = Annotated[Id, WithJsonSchema({"type": "string", "enum": list(OPERATIONS)})]
Day = Annotated[date, BeforeValidator(_read_date, json_schema_input_type=date)]
MonthDay = Annotated[str, StringConstraints(pattern=r"^\d{2}-\d{2}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
DaysBefore = list[Annotated[int, Field(ge=1, le=366)]]


class Part(BaseModel):
    """Common to every part: unknown keys and converted types are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Cited(Part):
    """What something rests on; exactly one of the three."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [name]} for name in ("row", "document", "ours")]}
    )

    row: Title | None = Field(None, description="A printed row: Table 1 / Other / iQIES role approval")
    document: Text | None = Field(None, description="Words of the program's document")
    ours: Text | None = Field(None, description="Why we say so where the document does not")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if sum(value is not None for value in (self.row, self.document, self.ours)) != 1:
            raise ValueError("one of 'row', 'document', 'ours'")
        return self
