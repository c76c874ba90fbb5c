"""A department's rows matched to the register's persons: exact, repaired, probable, review, none.

`link` works on relations of an engine, `link_files` from file to file. What counts as a match is declared in
`rules.yaml`; every decided row carries a reason in Chinese.
"""

from xianjie.linkage.linking import LinkCounts, link, link_files, open_file, write_links

__all__ = ["LinkCounts", "link", "link_files", "open_file", "write_links"]
