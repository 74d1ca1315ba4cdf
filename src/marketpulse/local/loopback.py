"""The name under which a stack's components know this machine. Imported by each of Airflow's: it imports nothing."""

LOOPBACK = "127.0.0.1"


def host_name() -> str:
    """The loopback address: whatever the machine is called, its components talk to each other there."""
    return LOOPBACK
