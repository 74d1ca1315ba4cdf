"""The backlog that every contender drains: its records, its topic, its stack, what a run took, whether it is right."""
