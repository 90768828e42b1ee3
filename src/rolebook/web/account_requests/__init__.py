"""Pages of account requests: the form, its check, the request, the supervisor's page, employers and their checks."""
