"""Pages about organizations, designations and what runs beside requests: for who is connected, and for stewards."""
