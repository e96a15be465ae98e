"""What makes a folder a rehearsal's home; names only, so that looking for one costs no import of Dagster."""

ENV_FILE = "rehearsal.env"
