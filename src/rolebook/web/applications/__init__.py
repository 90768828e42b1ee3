"""Applications: which may ask the decision point."""
