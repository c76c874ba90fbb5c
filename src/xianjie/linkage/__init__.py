"""A department's rows matched to the register's persons: exact, repaired, probable, review, none.

`link` works on relations of an engine, `link_files` from file to file. What counts as a match is declared in
`rules.yaml`; every decided row carries a reason in Chinese. A clerk's decision on a row goes before the rules.
"""

from xianjie.linkage.duplicates import find_duplicates
from xianjie.linkage.fingerprints import IDENTITY, fingerprint_of, fingerprint_sql
from xianjie.linkage.linking import LinkCounts, link, link_files, open_file, write_links

__all__ = [
    "IDENTITY",
    "LinkCounts",
    "find_duplicates",
    "fingerprint_of",
    "fingerprint_sql",
    "link",
    "link_files",
    "open_file",
    "write_links",
]
