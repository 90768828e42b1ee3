"""Pages about parts in a program that end for want of a sign-in, and about who asks that they come back."""
