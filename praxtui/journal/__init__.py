"""The record: typed facts, the store that keeps them, and the pure fold that turns them into state."""
