"""Pure rules of the open month."""
