"""Where the panes get a campaign from: the live record, or the same record on a clock of its own."""
