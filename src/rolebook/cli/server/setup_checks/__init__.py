"""What `rolebook check-setup` looks at: one function a thing, each of which says what it found and what to do."""
