"""What happens to accounts, rolebooks and organizations: one flow a use case, each with its audit event."""
