"""Cases 案件: a household's way from clue to truly removed risk, moved by its flow and by nothing else."""
