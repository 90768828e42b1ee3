"""What follows from a rolebook for this person, here, now: pure functions over compact structures.

The compiled program (bit masks), the organization tree (preorder intervals), the one decision walk and what
stands on it: check, search, explain, who-can and which-role. No Django, no I/O; instants are parameters.
"""
