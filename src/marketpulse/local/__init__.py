"""The embedded stack: what to start, where, and how to stop it so that nothing stays behind."""
