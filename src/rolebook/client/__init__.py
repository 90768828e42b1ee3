"""What applications import to ask a decision point. It imports nothing else of Rolebook."""
