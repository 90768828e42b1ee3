"""The HTTP API (`/api/v1`) for people's own programs: the flows and queries of the pages, as JSON."""
