"""Kill the sender with SIGKILL at every boundary of its work, and compare the ledger with the mail server's own log.

`uv run python benchmarks/kill_sender.py [--kills-each 30] [--mails 320]` queues invented mails with the limits in time
wide open, starts the real sender process again and again, and kills it where the mail server or PostgreSQL shows that a
boundary is reached: nothing in the sender helps. Exits 0 only if the server got each mail at most once, every `unknown`
is the mail that was in hand at a kill, every other mail is `sent` and was taken over, and none is lost.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event, Thread

from benchmarks.outreach_mails import ledger_url, queue_mails, unpaced_settings, watching_connection
from benchmarks.watched_mail_server import Stop, WatchedMailServer
from leadgen_assets.storage.ledger import Connection

# In order: what shows the boundary from outside, and whether a mail killed there may be anything but `sent` or `queued`.
BOUNDARIES = {
    "before claim": ("pacing lock", False),
    "after connect": ("login", False),
    "after claim": ("mail", True),
    "during DATA": ("body", True),
    "taken over, before its 250": ("accepted", True),
    "after 250, before commit": ("lead's row", True),
    "after commit": ("pacing lock", False),
}
PACING_LOCK = 7_310_573  # every claim takes it first
DEADLINE_SECONDS = 60.0
NAME = "sender to be killed"


@dataclass(slots=True)
class Kill:
    """One kill: where, how the process ended, and the mail that was in its hands, if there was one."""

    boundary: str
    in_hand: str = ""
    exit_code: int | None = None


@dataclass(slots=True)
class Killer:
    """Runs senders and kills each at its boundary; what it knows, it sees from outside."""

    server: WatchedMailServer
    ledger: Connection
    database_url: str
    random: Random
    process: subprocess.Popen[bytes] | None = None
    started: Event = field(default_factory=Event)
    over: Event = field(default_factory=Event)

    def kill_at(self, boundary: str) -> Kill:
        """Run one sender up to a boundary, past it once or not at all, and kill it there."""
        self.await_nobody()
        self.started.clear()
        self.over.clear()
        kill, (sign, _) = Kill(boundary), BOUNDARIES[boundary]
        if boundary == "before claim":
            self._kill_when_it_waits(kill)
        else:
            in_server = sign if sign in {"login", "mail", "body", "accepted"} else "accepted"
            passes = 0 if sign == "login" else self.random.choice((0, 1))
            kill_now = in_server == sign
            self.server.stop = Stop(
                in_server,
                lambda recipient: (
                    self._kill(kill, recipient) if kill_now else self._kill_when_it_waits(kill, recipient)
                ),
                passes,
            )
        self.process = start_sender()
        self.started.set()
        if not self.over.wait(DEADLINE_SECONDS):
            self.process.kill()
            said = self.process.communicate()[0].decode()
            raise AssertionError(
                f"the boundary {boundary!r} was not reached in {DEADLINE_SECONDS:.0f} s; it said: {said}"
            )
        return kill

    def await_nobody(self) -> None:
        """Wait until PostgreSQL has let go of the dead sender's connection."""
        self._await("the dead sender's connection is gone", lambda: not self._connections("TRUE"))

    def _kill(self, kill: Kill, recipient: str = "") -> None:
        self.started.wait()
        assert self.process is not None
        kill.in_hand = recipient or self._transmitting()
        self.process.kill()
        kill.exit_code = self.process.wait()
        self.over.set()

    def _kill_when_it_waits(self, kill: Kill, recipient: str = "") -> None:
        """Hold what the sender needs next; a thread kills it when PostgreSQL shows it waiting, and lets go."""
        held = Event()

        def hold() -> None:
            with watching_connection(self.database_url) as holder:
                if BOUNDARIES[kill.boundary][0] == "pacing lock":
                    holder.execute("SELECT pg_advisory_lock(%s)", (PACING_LOCK,))
                else:
                    holder.execute("BEGIN")
                    holder.execute(
                        "SELECT 1 FROM leads l JOIN email_outreach o ON o.lead_id = l.id WHERE o.to_email = %s FOR UPDATE OF l",
                        (recipient,),
                    )
                held.set()
                self._await("the sender waits for a lock", lambda: self._connections("wait_event_type = 'Lock'"))
                self._kill(kill, recipient)

        Thread(target=hold, daemon=True).start()
        held.wait(DEADLINE_SECONDS)

    def _transmitting(self) -> str:
        rows = self.ledger.execute("SELECT to_email FROM email_outreach WHERE status = 'transmitting'").fetchall()
        return rows[0]["to_email"] if len(rows) == 1 else ""

    def _connections(self, condition: str) -> int:
        query = f"SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = %s AND {condition}"
        with watching_connection(self.database_url) as connection:
            return connection.execute(query, (NAME,)).fetchone()["n"]

    def _await(self, what: str, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {DEADLINE_SECONDS:.0f} s in vain until {what}")
            time.sleep(0.005)


def start_sender() -> subprocess.Popen[bytes]:
    """The sender as the pipeline starts it; libpq shows its connections under a name."""
    return subprocess.Popen(
        [sys.executable, "-m", "leadgen_assets.sender"], stdout=subprocess.PIPE, env=os.environ | {"PGAPPNAME": NAME}
    )


def send_the_rest() -> dict:
    """One sender that nobody kills; its summary."""
    process = start_sender()
    output, _ = process.communicate()
    return json.loads(output)


def problems_of(kills: list[Kill], rows: list[dict], server: WatchedMailServer) -> list[str]:
    """What contradicts "at most once, and known", one sentence each."""
    taken, found = Counter(entry.recipient for entry in server.accepted()), []
    content = {entry.recipient: entry.sha256 for entry in server.accepted()}
    explained = {kill.in_hand: kill.boundary for kill in kills if BOUNDARIES[kill.boundary][1]}
    found += [
        f"{kill.boundary}: the process was not killed ({kill.exit_code})" for kill in kills if kill.exit_code != -9
    ]
    found += [f"{recipient} was taken over {times} times" for recipient, times in taken.items() if times > 1]
    for row in rows:
        to, status = row["to_email"], row["status"]
        if status == "sent" and not (taken[to] == 1 and content[to] == row["message_sha256"]):
            found.append(f"{to} is sent, but the server did not take over these bytes")
        elif status == "unknown" and to not in explained:
            found.append(f"{to} is unknown, and no kill explains it")
        elif status not in {"sent", "unknown"}:
            found.append(f"{to} is {status} at the end")
    certain = {row["to_email"] for row in rows if row["status"] == "sent"}
    found += [f"{to} is sent, although its sender was killed {at}" for to, at in explained.items() if to in certain]
    unknown = sum(row["status"] == "unknown" for row in rows)
    found += [f"{unknown} are unknown after {len(kills)} kills"] if unknown > len(kills) else []
    return found


def table_of(kills: list[Kill], rows: list[dict], server: WatchedMailServer) -> list[dict]:
    """One row for each boundary."""
    status = {row["to_email"]: row["status"] for row in rows}
    taken = {entry.recipient for entry in server.accepted()}
    lines = []
    for boundary in BOUNDARIES:
        here = [kill for kill in kills if kill.boundary == boundary]
        hands = [kill.in_hand for kill in here if kill.in_hand]
        lines.append(
            {
                "boundary": boundary,
                "kills": len(here),
                "mail_in_hand": len(hands),
                "unknown": sum(status[to] == "unknown" for to in hands),
                "of_these_the_server_has": sum(status[to] == "unknown" and to in taken for to in hands),
                "sent": sum(status[to] == "sent" for to in hands),
            }
        )
    return lines


def prove(asked: argparse.Namespace, folder: Path) -> dict:
    """Queue, kill, send the rest, compare; everything that the output says."""
    server = WatchedMailServer(narrow=True)
    server.start()
    try:
        with ledger_url(folder, asked.database) as url, watching_connection(url) as ledger:
            settings = unpaced_settings(folder, url, server.port)
            queued = queue_mails(settings, url, asked.mails, pdf_bytes=asked.pdf_bytes)
            random = Random(asked.seed)
            order = list(BOUNDARIES) * asked.kills_each
            random.shuffle(order)
            killer, began = Killer(server, ledger, url, random), time.monotonic()
            kills = [killer.kill_at(boundary) for boundary in order]
            killer.await_nobody()
            last = send_the_rest()
            rows = ledger.execute("SELECT to_email, status, message_sha256 FROM email_outreach").fetchall()
            problems = problems_of(kills, rows, server)
            if {row["to_email"] for row in rows} != set(queued):
                problems.append("a queued mail is not in the ledger any more")
    finally:
        server.close()
    return {
        "kills": len(kills),
        "mails": len(queued),
        "sent": sum(row["status"] == "sent" for row in rows),
        "unknown": sum(row["status"] == "unknown" for row in rows),
        "taken_over_by_the_server": len(server.accepted()),
        "taken_over_twice": len(server.accepted()) - len({entry.recipient for entry in server.accepted()}),
        "sent_after_the_last_kill": last["sent"],
        "wall_seconds": round(time.monotonic() - began, 1),
        "problems": problems,
        "boundaries": table_of(kills, rows, server),
    }


def main() -> int:
    """Run it and print what was seen; 0 where nothing contradicts."""
    parser = argparse.ArgumentParser(description="Kill the sender at every boundary.")
    parser.add_argument("--kills-each", type=int, default=30)
    parser.add_argument("--mails", type=int, default=320)
    parser.add_argument("--pdf-bytes", type=int, default=250_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="an empty PostgreSQL database; without, one is started for this")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = prove(asked, Path(folder))
    if asked.json:
        print(json.dumps(found))
    else:
        columns = list(found["boundaries"][0])
        print(" | ".join(columns))
        for line in found["boundaries"]:
            print(" | ".join(str(line[column]) for column in columns))
        print(", ".join(f"{name} {value}" for name, value in found.items() if name not in {"boundaries", "problems"}))
        print("\n".join(found["problems"]) or "Nothing contradicts: at most once, and known.")
    return 1 if found["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
