"""Who proposes: the Researcher protocol, and the researchers that need no model (`sweep`, `null`)."""
