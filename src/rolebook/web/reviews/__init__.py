"""The pages of reviews: who answers in them, and the steward who opens and closes them (IQCS-12)."""
