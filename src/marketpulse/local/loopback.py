"""The name under which Airflow's components know this machine. Imported by each of them, so it imports nothing."""


def host_name() -> str:
    """The loopback address: whatever the machine is called, its components talk to each other there."""
    return "127.0.0.1"
