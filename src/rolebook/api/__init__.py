"""The REST API (`/api/v1`). It will live here; it calls the same flows and queries as the pages."""
