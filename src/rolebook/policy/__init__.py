"""What a program says: its rolebook as pure data and rules.

The model, the role matrix, containment of organizations, approval stages, the legal state moves, the reader
(files to `Rolebook`, every error as file:line:column), the lint, and one file a rule under `rules/`. No
Django, no database, no clock; only `reading` and `shipped` look at files.
"""
