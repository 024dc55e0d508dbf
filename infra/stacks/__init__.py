"""The stacks, one per concern. Each takes a `Stage` and what it needs of the others."""
