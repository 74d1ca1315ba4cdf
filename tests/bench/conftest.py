"""The benchmark's modules import each other as they do when it runs: from its own folder."""

import sys

from marketpulse.local.layout import project_dir

sys.path.insert(0, str(project_dir() / "bench"))
