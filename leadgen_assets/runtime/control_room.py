"""The processes behind the UI: Dagster's code server, daemon and web server, kept running until they are stopped.

The tracking service and the town are started by whoever needs them.
"""

import json
import shutil
import tempfile
from pathlib import Path

from leadgen_assets.runtime.dagster_home import dagster_home
from leadgen_assets.runtime.processes import Processes
from leadgen_assets.settings import Settings

_START_SECONDS = 60.0


class ControlRoom:
    """Starts Dagster's three processes under a `Processes` that its owner stops."""

    def __init__(self, settings: Settings, processes: Processes) -> None:
        self._settings = settings
        self._processes = processes
        self._socket_folder = Path(tempfile.mkdtemp(prefix="leadgen-"))
        self._workspace = dagster_home(settings) / "workspace.yaml"

    def start(self) -> str:
        """Start the processes and return the address of the UI once it answers."""
        socket = self._socket_folder / "code.sock"
        server = {"grpc_server": {"socket": str(socket), "location_name": "leadgen"}}
        self._workspace.write_text(json.dumps({"load_from": [server]}))  # JSON is YAML
        workspace, port = str(self._workspace), str(self._settings.dagster_port)
        code = [
            "-m",
            "dagster",
            "api",
            "grpc",
            "-s",
            str(socket),
            "-m",
            "leadgen_assets.definitions",
            "--location-name",
            "leadgen",
        ]
        self._processes.start("code_server", code)
        self._processes.await_path("code_server", socket, _START_SECONDS)
        self._processes.start("daemon", ["-m", "dagster._daemon", "run", "-w", workspace])
        self._processes.start("webserver", ["-m", "dagster_webserver", "-h", "127.0.0.1", "-p", port, "-w", workspace])
        self._processes.await_port("webserver", self._settings.dagster_port, _START_SECONDS)
        return f"http://127.0.0.1:{port}"

    def close(self) -> None:
        """Remove the socket's folder; the processes are stopped by their owner."""
        shutil.rmtree(self._socket_folder, ignore_errors=True)
