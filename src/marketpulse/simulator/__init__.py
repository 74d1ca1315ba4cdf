"""A deterministic market that speaks the providers' wire formats over HTTP, and a control API to steer it."""
