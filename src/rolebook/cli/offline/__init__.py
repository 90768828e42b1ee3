"""Commands that need a rolebook and nothing else: policy and decision, no Django, no database."""
