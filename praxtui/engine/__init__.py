"""The loop: a process without a terminal that drafts, runs, measures, judges and records."""
