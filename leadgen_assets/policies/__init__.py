"""Rules of law as data: which countries may be written to, why, and where that is written."""
