"""Keep fast, claim slowly: verdicts, audits and claims as pure functions. See docs/judge.md."""
