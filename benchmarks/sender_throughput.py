"""How much the sender adds: messages with a 250 kB PDF, without pacing, against a bare loop over one connection.

`uv run python benchmarks/sender_throughput.py [--mails 40] [--rounds 5]` lets both send the same bytes to the same kind of
server, a process of its own, in turns. The bare loop is `smtplib.sendmail` over messages that it holds in memory; the
sender reads each frozen file and checks its hash, asks every stop rule, and commits twice to a PostgreSQL that syncs.
Exits 0 if the sender's rate is at least 0.7 of the loop's (the median of the rounds) and each mail arrived once.
"""

import argparse
import json
import multiprocessing
import smtplib
import sys
import tempfile
import time
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median

from benchmarks.outreach_mails import PASSWORD, USER, ledger_url, queue_mails, unpaced_settings, watching_connection
from benchmarks.watched_mail_server import WatchedMailServer
from leadgen_assets.domain.identity import reply_address
from leadgen_assets.sender.batch import send_due
from leadgen_assets.settings import Settings
from leadgen_assets.storage.messages import MessageFiles

FLOOR = 0.7


def serve(pipe: Pipe) -> None:
    """A mail server in a process of its own: tells its port, then how often it took each recipient's mail when asked."""
    server = WatchedMailServer()
    server.start()
    pipe.send(server.port)
    while pipe.recv() == "taken":
        pipe.send([entry.recipient for entry in server.accepted()])
        server.log.clear()
    server.close()


def time_sender(settings: Settings) -> float:
    """Seconds in which one batch sends everything that is queued."""
    began = time.perf_counter()
    summary = send_due(settings, settings.clock)
    seconds = time.perf_counter() - began
    if summary.stopped or summary.waiting_for != "nothing is due":
        raise AssertionError(f"the batch ended early: {summary.stopped or summary.waiting_for}")
    return seconds


def time_bare_loop(port: int, mails: list[tuple[str, str, bytes]]) -> float:
    """Seconds in which `smtplib` alone sends the same."""
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.login(USER, PASSWORD)
        for sender, recipient, content in mails:
            smtp.sendmail(sender, [recipient], content)
    return time.perf_counter() - began


def measure(asked: argparse.Namespace, folder: Path) -> dict:
    """Both in turns, each first as often as second; figures of every round."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port, rounds, problems = ours.recv(), [], []
    with ledger_url(folder, asked.database) as url, watching_connection(url) as ledger:
        settings = unpaced_settings(folder, url, port)
        files = MessageFiles(settings.messages_folder)
        for number in range(asked.rounds):
            queued = queue_mails(settings, url, asked.mails, pdf_bytes=asked.pdf_bytes, first=number * asked.mails)
            rows = ledger.execute(
                "SELECT id, to_email, message_sha256 FROM email_outreach WHERE status = 'queued'"
            ).fetchall()
            mails = [
                (reply_address(settings.reply_to_email, row["id"]), row["to_email"], files.read(row["message_sha256"]))
                for row in rows
            ]
            seconds = {}
            for who in ("sender", "loop") if number % 2 else ("loop", "sender"):
                seconds[who] = time_sender(settings) if who == "sender" else time_bare_loop(port, mails)
                ours.send("taken")
                if sorted(ours.recv()) != sorted(queued):
                    problems.append(f"round {number + 1}: the server did not take each mail of the {who} once")
            rounds.append(
                {
                    "round": number + 1,
                    "sender_ms_per_mail": round(1000 * seconds["sender"] / asked.mails, 1),
                    "loop_ms_per_mail": round(1000 * seconds["loop"] / asked.mails, 1),
                    "ratio": round(seconds["loop"] / seconds["sender"], 3),
                }
            )
    ours.send("end")
    server.join()
    ratio = median(one["ratio"] for one in rounds)
    if ratio < asked.floor:
        problems.append(f"the sender reaches {ratio:.2f} of the bare loop's rate, less than {asked.floor}")
    return {"mails": asked.mails, "pdf_bytes": asked.pdf_bytes, "ratio": ratio, "rounds": rounds, "problems": problems}


def main() -> int:
    """Measure and print; 0 where nothing falls short."""
    parser = argparse.ArgumentParser(description="Compare the sender with a bare loop.")
    parser.add_argument("--mails", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pdf-bytes", type=int, default=250_000)
    parser.add_argument("--floor", type=float, default=FLOOR)
    parser.add_argument("--database", help="an empty PostgreSQL database; without, one is started for this")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(asked, Path(folder))
    if asked.json:
        print(json.dumps(found))
    else:
        for one in found["rounds"]:
            print(", ".join(f"{name} {value}" for name, value in one.items()))
        print("\n".join(found["problems"]) or f"The sender's rate is {found['ratio']:.2f} of the bare loop's (median).")
    return 1 if found["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
