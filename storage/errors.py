"""What can go wrong with storage, as one tree; each message is one line that says what, where and what to do.

Not here: `hotline.ports.StorageUnavailable`, which is no error of ours: the database is away for a while, the facts
wait in the spool.

StorageError
+-- FactRejected      this one fact can never be stored; it is set aside, the others go on
+-- BadDatabaseUrl    the configuration names a database we cannot speak with
+-- SchemaMismatch    the database is older or newer than this program
+-- SpoolInUse        another process works on the same spool
+-- BackupFailed      the backup was not made
"""


class StorageError(Exception):
    """Root of this package's errors."""


class FactRejected(StorageError):
    """The database refuses a fact for what it says (a number out of range, a broken reference): trying again is vain."""


class BadDatabaseUrl(StorageError):
    """Neither SQLite nor PostgreSQL, or not a URL at all."""


class SchemaMismatch(StorageError):
    """The tables are not those this program knows."""


class SpoolInUse(StorageError, OSError):
    """Two writers on one spool would delete each other's facts."""


class BackupFailed(StorageError):
    """No backup was made; a file that was there before is untouched."""
