"""The pages of a program: each view translates, asks a query or calls a flow, and translates back."""
