"""A real, tiny language model behind real HTTP."""
