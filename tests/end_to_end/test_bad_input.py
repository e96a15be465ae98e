"""What an operator gets wrong ends with exit code 2, one sentence that names what to mend, and nothing half-written."""

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadgen_assets.cli.main import app
from leadgen_assets.runtime.sole_use import sole_use
from tests.rehearsals import processes_of, run_leadgen

pytestmark = pytest.mark.xdist_group("bad input")
MUST_ACT = 2
SOUND = "source_id,name\n1,A Bakery\n"

# Starting the command costs seconds, so all those that end before anything starts share one process.
RUN_ALL = """
import json, os, sys
from typer.testing import CliRunner
from leadgen_assets.cli.main import app

found = {}
for name, folder, arguments, variables in json.load(sys.stdin):
    os.chdir(folder)
    done = CliRunner().invoke(app, arguments, env={"LEADGEN_HOME": f"{folder}/home"} | variables)
    found[name] = [done.exit_code, done.stdout, done.stderr, repr(done.exception)]
sys.__stdout__.write(json.dumps(found))
"""
FILES = {
    "sound.csv": SOUND.encode(),
    "no_id.csv": b"name,city\nA Bakery,Helsinki\n",
    "no_rows.csv": b"source_id,name\n",
    "empty.csv": b"",
    "punctuation.csv": b"source_id,name\n1,!!!\n",
    "cut.parquet": b"PAR1" + bytes(range(256)) * 8,
    "binary.csv": bytes(range(256)) * 8,
    "town.json": b"{",
}
UNUSABLE_PLACES = {
    "no_id.csv": "no column source_id",
    "no_rows.csv": "holds no record",
    "empty.csv": "it is empty",
    "punctuation.csv": "no record",
    "cut.parquet": "not a readable Parquet or CSV file",
    "binary.csv": "not a readable Parquet or CSV file",
    "missing.csv": "does not exist",
    ".": "Is a directory",
}
# arguments, variables, what the sentence names
OTHER_INPUTS = {
    "a town": (["rehearse", "--town", "town.json"], {}, "town.json"),
    "no town": (["rehearse", "--town", "missing.json"], {}, "missing.json"),
    "the places of a run": (["run", "--dry-run"], {"PLACES_FILE": "missing.csv"}, "missing.csv does not exist"),
    "no places for a run": (["run"], {}, "PLACES_FILE"),
    "a day before the first": (["run", "--date", "2020-01-01"], {"PLACES_FILE": "sound.csv"}, "--date"),
    "a day to come": (["run", "--date", "2999-01-01"], {"PLACES_FILE": "sound.csv"}, "--date"),
    "a call sheet of no day": (["call-sheet", "--date", "2026-03-02"], {}, "no call sheet of 2026-03-02"),
    "a home that is a file": (["migrate"], {"LEADGEN_HOME": "sound.csv"}, "LEADGEN_HOME"),
    "a home that cannot be": (["rehearse"], {"LEADGEN_HOME": "/proc/leadgen"}, "LEADGEN_HOME"),
}
# arguments, what the sentence names, the command whose help it names
NO_OPTIONS = {
    "a seed": (["rehearse", "--seed", "abc"], "--seed", "leadgen rehearse"),
    "leads": (["rehearse", "--leads", "0"], "--leads", "leadgen rehearse"),
    "days": (["rehearse", "--days", "-1"], "--days", "leadgen rehearse"),
    "faults": (["rehearse", "--faults", "banana"], "--faults", "leadgen rehearse"),
    "a date": (["run", "--date", "yesterday"], "--date", "leadgen run"),
    "a command": (["banana"], "banana", "leadgen"),
    "a command misspelt": (["reprot"], "Did you mean 'report'?", "leadgen"),
    "an option": (["doctor", "--banana"], "--banana", "leadgen doctor"),
    "an option of all": (["--banana"], "--banana", "leadgen"),
    "an argument": (["why"], "Missing argument 'lead'.", "leadgen why"),
    "an argument in a group": (["targets", "add"], "Missing argument 'city'.", "leadgen targets add"),
    "what goes together": (["approve", "--sent"], "✗ Name messages or --all; ", "leadgen approve"),
    "markup": (["[red]banana"], "[red]banana", "leadgen"),
}
COMMANDS = {name: [name] for name in ("rehearse", "migrate", "doctor", "report", "run", "up")} | {
    "targets": ["targets", "list"]
}
HALF_FILLED = """SMTP_HOST=127.0.0.1
PROBE_TIMEOUT_SECONDS=-1
OPERATOR_TIMEZONE=Mars
IMAP_HOST=imap.example.test
"""
ONLY_REHEARSED = {"WEB_DIAL_MAP": '{"*:80": "127.0.0.1:80"}', "CA_FILE": "x", "CLOCK_FILE": "y"}
PORTS = ("TRACKING_PORT", "DAGSTER_PORT")


@dataclass
class Ended:
    """How every command ended: exit code, both outputs and the exception; and the folders they ran in."""

    folder: Path
    ports: dict[str, int]
    found: dict[str, tuple[int, str, str, str]] = field(default_factory=dict)

    def sentence(self, name: str) -> str:
        """The one sentence that a command ended with."""
        code, output, errors, exception = self.found[name]
        assert code == MUST_ACT, (code, output, errors, exception)
        assert output == ""
        errors = errors.strip()
        assert errors.startswith("✗ "), errors
        assert errors.endswith("."), errors
        assert len(errors.splitlines()) == 1, errors
        return errors

    def written(self, folder: str) -> list[Path]:
        """What commands left in the home under a folder, but for the locks that keep two of them apart."""
        return [path for path in (self.folder / folder / "home").rglob("*") if path.is_file() and path.suffix != ".lock"]  # fmt: skip


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> Ended:
    top = tmp_path_factory.mktemp("bad")
    files, settings, no_text, taken, second = folders = [
        top / name for name in ("files", "settings", "no_text", "taken", "second")
    ]
    for folder in folders:
        folder.mkdir()
    for name, content in FILES.items():
        (files / name).write_bytes(content)
    (settings / ".env").write_text(HALF_FILLED)
    (no_text / ".env").write_bytes(b"\xff\xfe\x00")
    rehearsed = second / "home" / "rehearsal"
    rehearsed.mkdir(parents=True)
    (rehearsed / "kept").touch()
    with ExitStack() as stack:
        listeners = {name: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for name in PORTS}
        ports = {name: listener.getsockname()[1] for name, listener in listeners.items()}
        down = stack.enter_context(socket.socket())
        down.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there, and nobody can begin to
        database = {
            "DATABASE_URL": f"postgresql+asyncpg://leadgen:secret@127.0.0.1:{down.getsockname()[1]}/leadgen",
            "PLACES_FILE": str(files / "sound.csv"),
        }
        stack.enter_context(sole_use(rehearsed))
        stack.enter_context(sole_use(second / "home" / "town"))
        cases = [
            *((f"places {name}", files, ["rehearse", "--json", "--places", name], {}) for name in UNUSABLE_PLACES),
            *((name, files, arguments, variables) for name, (arguments, variables, _) in OTHER_INPUTS.items()),
            *((f"option {name}", files, arguments, {}) for name, (arguments, _, _) in NO_OPTIONS.items()),
            *((f"settings {name}", settings, COMMANDS[name], {}) for name in COMMANDS if name != "doctor"),
            ("settings doctor", settings, ["doctor"], database),
            *((f"no text {name}", no_text, arguments, {}) for name, arguments in COMMANDS.items()),
            ("live", files, ["up"], {"LEADGEN_MODE": "live"} | ONLY_REHEARSED),
            *(
                (f"down {name}", taken, COMMANDS[name], database)
                for name in ("migrate", "report", "run", "targets", "doctor")
            ),
            *(
                (name, taken, ["up"], {"TRACKING_PORT": "0", "DAGSTER_PORT": "1"} | {name: str(ports[name])})
                for name in PORTS
            ),
            ("second", second, ["rehearse", "--leads", "3"], {}),
            ("second up", second, ["up", "--leads", "3"], {"TRACKING_PORT": "0", "DAGSTER_PORT": "1"}),
        ]
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", RUN_ALL],
            input=json.dumps(cases, default=str),
            env={"PATH": "/usr/bin:/bin", "HOME": str(top), "COLUMNS": "1000"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return Ended(top, ports, json.loads(done.stdout))


@pytest.mark.parametrize("name", UNUSABLE_PLACES)
def test_a_places_file_that_cannot_be_used_is_named(ended: Ended, name: str):
    assert UNUSABLE_PLACES[name] in ended.sentence(f"places {name}")


@pytest.mark.parametrize("name", OTHER_INPUTS)
def test_another_input_that_cannot_be_used_is_named(ended: Ended, name: str):
    assert OTHER_INPUTS[name][2] in ended.sentence(name)


@pytest.mark.parametrize("name", NO_OPTIONS)
def test_an_option_that_means_nothing_is_refused(ended: Ended, name: str):
    _, said, command = NO_OPTIONS[name]
    sentence = ended.sentence(f"option {name}")
    assert said in sentence
    assert sentence.endswith(f" See `{command} --help`.")


@pytest.mark.parametrize("arguments", [[], ["targets"]])
def test_without_a_command_the_help_is_shown(arguments: list[str]):
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == MUST_ACT
    assert "Commands" in done.output
    assert "✗" not in done.output


def test_nothing_is_written_for_input_that_cannot_be_used(ended: Ended):
    assert ended.written("files") == []


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "doctor"])
def test_settings_are_refused_all_at_once(ended: Ended, command: str):
    """A half-filled group, a wrong number, an unknown zone, an address outside loopback in a rehearsal."""
    sentence = ended.sentence(f"settings {command}")
    for words in ("SMTP_USER and SMTP_PASSWORD", "PROBE_TIMEOUT_SECONDS", "'Mars'", "IMAP_HOST", ".env"):
        assert words in sentence
    assert ended.written("settings") == []


def test_doctor_names_each_wrong_setting_and_goes_on_with_the_rest(ended: Ended):
    code, output, errors, _ = ended.found["settings doctor"]
    assert code == MUST_ACT
    lines = errors.splitlines()
    for words in ("SMTP_USER and SMTP_PASSWORD", "PROBE_TIMEOUT_SECONDS must", "'Mars'", "IMAP_HOST names"):
        assert [line for line in lines if words in line and line.startswith("✗ settings: ")], errors
    assert "mend DATABASE_URL" in errors
    assert "imap.example.test is not asked" in output
    assert "enough for a rehearsal, not for live: POSTAL_ADDRESS" in output


@pytest.mark.parametrize("command", COMMANDS)
def test_a_settings_file_that_is_no_text_is_named(ended: Ended, command: str):
    assert ".env cannot be read" in ended.sentence(f"no text {command}")
    assert ended.written("no_text") == []


def test_live_mode_refuses_what_only_a_rehearsal_sets(ended: Ended):
    for setting in ONLY_REHEARSED:
        assert f"{setting} is only set by a rehearsal" in ended.sentence("live")


@pytest.mark.parametrize("command", ["migrate", "report", "run", "targets"])
def test_a_database_that_is_down_is_one_sentence(ended: Ended, command: str):
    sentence = ended.sentence(f"down {command}")
    assert "Connection refused" in sentence
    assert "mend DATABASE_URL" in sentence
    assert "secret" not in sentence
    assert ended.written("taken") == []


def test_doctor_names_a_database_that_is_down_and_goes_on_with_the_rest(ended: Ended):
    code, output, errors, _ = ended.found["down doctor"]
    assert code == MUST_ACT
    assert "mend DATABASE_URL" in errors
    assert "Groq" in output
    assert "leadgen:secret" not in output + errors  # the password of its URL


@pytest.mark.parametrize("setting", PORTS)
def test_a_port_in_use_is_named_before_anything_starts(ended: Ended, setting: str):
    assert f"Port {ended.ports[setting]}" in ended.sentence(setting)
    assert setting in ended.sentence(setting)
    assert ended.written("taken") == []


def test_a_second_rehearsal_leaves_the_first_ones_home_alone(ended: Ended):
    folder = ended.folder / "second" / "home" / "rehearsal"
    assert f"{folder} is in use" in ended.sentence("second")
    assert (folder / "kept").exists()


def test_a_second_up_names_the_process_to_end(ended: Ended):
    assert f"is in use by the process {os.getpid()}: end that one" in ended.sentence("second up")


def test_a_report_that_is_not_there_is_one_sentence_and_its_database_is_stopped(tmp_path: Path):
    done = run_leadgen("report", home=tmp_path / "home")
    assert done.returncode == MUST_ACT
    assert "no report" in done.stderr
    assert processes_of(tmp_path / "home") == []
