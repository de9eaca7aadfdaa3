"""The screens: home, a campaign, an experiment, and the small ones."""
