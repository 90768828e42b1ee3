"""Passwords of tests are hashed by the algorithm of production with next to no work in it: quick, and else the same."""

from django.contrib.auth.hashers import Argon2PasswordHasher

QUICK = "tests.support.hashing.QuickArgon2"


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 that takes no time; a server in a process of its own makes such a hash a proper one at a sign-in."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
