"""Where experiments execute: the shim that outlives the engine, places, and the reading of what a run prints."""
