"""Facts in, facts out: SQLite or PostgreSQL behind one set of statements, and the spool while neither answers."""
