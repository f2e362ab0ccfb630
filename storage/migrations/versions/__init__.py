"""The changes in their order. They only add: tables, columns that may be null, indices."""
