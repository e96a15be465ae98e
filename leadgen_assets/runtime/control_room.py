"""The control room: Dagster's code server, daemon and web server, kept running until they are stopped.

The tracking service and the town are started by whoever needs them.
"""

import json

from leadgen_assets.runtime.dagster_home import dagster_home
from leadgen_assets.runtime.processes import Processes
from leadgen_assets.settings import Settings
from leadgen_assets.storage.socket_folder import remove_socket_folder, socket_folder

_START_SECONDS = 60.0


class ControlRoom:
    """Starts Dagster's three processes under a `Processes` that its owner stops."""

    def __init__(self, settings: Settings, processes: Processes) -> None:
        self._port = settings.dagster_port
        self._processes = processes
        self._home = dagster_home(settings)
        self._socket = socket_folder(self._home) / "code.sock"
        processes.environment["DAGSTER_HOME"] = str(self._home)

    def start(self) -> str:
        """Start the processes and return the address of the UI once it answers.

        Raises:
            StartError: if one of them does not start.
        """
        workspace = self._home / "workspace.yaml"
        server = {"grpc_server": {"socket": str(self._socket), "location_name": "leadgen"}}
        workspace.write_text(json.dumps({"load_from": [server]}))  # JSON is YAML
        self._socket.parent.mkdir(mode=0o700, exist_ok=True)
        self._processes.at_end.callback(remove_socket_folder, self._home)
        self._socket.unlink(missing_ok=True)  # of a killed code server
        code = ["dagster", "api", "grpc", "-m", "leadgen_assets.definitions", "--location-name", "leadgen"]
        web = ["dagster_webserver", "-h", "127.0.0.1", "-p", str(self._port), "-w", str(workspace)]
        self._processes.start("code_server", ["-m", *code, "-s", str(self._socket)])
        self._processes.await_path("code_server", self._socket, _START_SECONDS)
        self._processes.start("daemon", ["-m", "dagster._daemon", "run", "-w", str(workspace)])
        self._processes.start("webserver", ["-m", *web])
        self._processes.await_port("webserver", self._port, _START_SECONDS)
        return f"http://127.0.0.1:{self._port}"
