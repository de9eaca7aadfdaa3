"""What a model is told: the protocol once a session, the brief once a draft. Text from the record, and nothing else."""
