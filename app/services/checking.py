"""Checking: gather the facts that the rules of a form need, and run them."""
