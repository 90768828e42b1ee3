"""Commands that work on an installation: they set Django up and call flows, queries and the server."""
