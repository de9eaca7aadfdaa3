"""The cockpit: screens over the record of campaigns. It reads a campaign's folder and writes to its inbox; no more."""
