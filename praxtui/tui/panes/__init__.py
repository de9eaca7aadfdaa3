"""The parts of the campaign screen, each a view of what a source shows."""
