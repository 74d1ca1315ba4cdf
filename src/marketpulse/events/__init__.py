"""The contract: what one record on the topic is, who it is, and how it is written and read."""
