"""SQLite for many writers: a queue in front of its write lock."""
