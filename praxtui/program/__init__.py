"""Read, check, explain and edit `program.md`; find leaves and whether they are ready."""
