"""The `rolebook` command: `offline` commands need policy and decision only, `server` commands need the database."""
