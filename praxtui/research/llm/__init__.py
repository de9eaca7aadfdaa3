"""A language model as researcher: its brief, its tools, its calls."""
