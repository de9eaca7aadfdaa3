"""How each kind of fact changes the state: the parts of the fold, one module a subject."""
