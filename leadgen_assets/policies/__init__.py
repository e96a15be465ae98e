"""Rules as data: which countries may be written to and why, and who is no customer whatever their site is like."""
