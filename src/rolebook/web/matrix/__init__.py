"""Pages about what roles may do: Role Matrix with its exports, "Which role do I need?", "Can they?"."""
