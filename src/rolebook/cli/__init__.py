"""The `rolebook` command: `offline` commands need a rolebook only, `server` commands the database."""
