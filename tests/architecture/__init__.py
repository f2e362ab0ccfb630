"""What holds for all of the repository: sizes, names, who imports whom, what no file may contain, what documents promise."""
