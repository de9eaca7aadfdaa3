"""The command line: one verb a module, imported only when asked for."""
