"""Pages of the reports of reviews (IQCS-13)."""
