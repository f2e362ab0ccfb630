"""How the tables came to be what they are: one file per change in `versions`, and `env.py`, which alembic runs."""
