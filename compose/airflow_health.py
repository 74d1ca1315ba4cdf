"""Health check of an Airflow component that listens on no port: ask the API server how fresh its heartbeat is.

`airflow jobs check` says the same and starts a whole Airflow for it, which costs seconds of CPU every time.
Usage: airflow_health.py URL COMPONENT; exit status 0 when healthy.
"""

import json
import sys
from urllib.request import urlopen

url, component = sys.argv[1:]
with urlopen(f"{url}/api/v2/monitor/health", timeout=5) as answer:  # noqa: S310 - the address is ours
    status = json.load(answer)[component]["status"]
sys.exit(0 if status == "healthy" else f"{component} is {status}")
