"""Use cases of the open month."""
