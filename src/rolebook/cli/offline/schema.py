"""`rolebook schema`: what editors check rolebooks and cases with."""

import click

from rolebook.policy.schema import cases_schema, schema_text
from rolebook.policy.schema import schema as rolebook_schema


@click.command()
@click.option("--cases", is_flag=True, help="The schema of a file under cases/ instead.")
def schema(cases: bool) -> None:
    """Print the JSON Schema of rolebook.yaml, which editors complete and check it with.

    \b
    Examples:
      rolebook schema > rolebook.schema.json
      rolebook schema --cases > cases.schema.json
    """
    click.echo(schema_text(cases_schema() if cases else rolebook_schema()), nl=False)
