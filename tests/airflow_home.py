"""An Airflow of its own for the tests, in a temporary folder. Import this before anything that imports airflow."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

if "airflow" in sys.modules:
    raise RuntimeError("airflow was imported before its temporary home was chosen: import tests.airflow_home first")

REPOSITORY = Path(__file__).resolve().parents[1]
DAGS = REPOSITORY / "dags"
PLUGINS = REPOSITORY / "plugins"
AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="marketpulse-airflow-"))
atexit.register(shutil.rmtree, AIRFLOW_HOME, ignore_errors=True)

os.environ |= {
    "AIRFLOW_HOME": str(AIRFLOW_HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__FERNET_KEY": "81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs=",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{AIRFLOW_HOME}/airflow.db",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
}

# Airflow does the same when it starts.
sys.path.append(str(PLUGINS))
