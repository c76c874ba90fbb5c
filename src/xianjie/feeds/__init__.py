"""Departments' files in: found, read, checked row by row, and given back with remarks.

What a file looks like stands in `layouts/*.yaml`. `discover` finds the files, `read_feed` and `read_feeds`
read them, `read_entity` reads the data folder's own tables, `write_giveback` writes what goes back.
"""

from xianjie.feeds.discovery import discover
from xianjie.feeds.entities import EntityReading, read_entities, read_entity
from xianjie.feeds.giveback import write_giveback
from xianjie.feeds.layout import Layout, read_layouts
from xianjie.feeds.model import Counts, FeedFile, FeedReading, Limits, Problem, Term
from xianjie.feeds.reading import read_feed, read_feeds

__all__ = [
    "Counts",
    "EntityReading",
    "FeedFile",
    "FeedReading",
    "Layout",
    "Limits",
    "Problem",
    "Term",
    "discover",
    "read_entities",
    "read_entity",
    "read_feed",
    "read_feeds",
    "read_layouts",
    "write_giveback",
]
