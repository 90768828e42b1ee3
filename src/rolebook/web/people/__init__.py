"""Pages about people: the steward's list of them, status, duplicates and merging, FSIDs, and vouching for somebody."""
