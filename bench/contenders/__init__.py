"""What drains the backlog: ours, and what a user would pick instead."""
