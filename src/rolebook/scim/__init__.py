"""The SCIM 2.0 endpoint (`/scim/v2`). It will live here; provisioning calls the same flows as the pages."""
