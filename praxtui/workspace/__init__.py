"""Git worktrees, edits to levers, commits and refs, the seal, and the data that runs may read."""
