"""Facts in, facts out: SQLite or PostgreSQL behind one set of statements, and the spool that stands in while neither answers."""
