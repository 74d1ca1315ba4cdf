"""One-shot of the Compose stack: write the web UI's login and bring Airflow's own database up to date. Repeatable.

Airflow's simple auth manager reads its passwords from a JSON file that it must be able to write, so a mounted read-only
secret does not do. The file lies in AIRFLOW_HOME, a volume that only Airflow's components share.
"""

import json
import os
import sys
from pathlib import Path

users = [user.partition(":")[0] for user in os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"].split(",")]
if users != [os.environ["MARKETPULSE_AIRFLOW_USER"]]:
    sys.exit("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS and MARKETPULSE_AIRFLOW_USER must name the same user")

path = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
path.parent.mkdir(parents=True, exist_ok=True)
path.touch(mode=0o600)
path.write_text(json.dumps({users[0]: os.environ["MARKETPULSE_AIRFLOW_PASSWORD"]}) + "\n", encoding="utf-8")

os.execvp("airflow", ["airflow", "db", "migrate"])  # noqa: S606 - no shell on purpose
