"""Data files that are packaged with the product; their licences are in the README beside them. No code belongs here."""
