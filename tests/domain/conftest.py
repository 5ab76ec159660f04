"""How hard properties are tried: quickly by default, thoroughly with --hypothesis-profile=nightly."""

from hypothesis import settings

# No deadline per example: on a shared machine a stall of 200 ms says nothing about the code.
settings.register_profile("default", max_examples=40, deadline=None)
settings.register_profile("nightly", max_examples=5_000, deadline=None)
