"""Regions by their 12-digit statistical code.

A code's leading digits are the region above (2 province, 4 prefecture, 6 county, 9 township, 12 village), so an
area is a half-open range of codes and needs no tree walk.
"""

from __future__ import annotations

from django.db import models

DIGITS = {"province": 2, "prefecture": 4, "county": 6, "township": 9, "village": 12}
LEVELS = tuple(DIGITS)
ABOVE_ALL = "A"  # after every digit, in SQLite's order and in every collation of PostgreSQL


def level_of(code: str) -> str:
    """The level of a 12-digit code, by its trailing zeros; `country` for the whole."""
    for level in LEVELS:
        if code[DIGITS[level] :].strip("0") == "":
            return level if code.strip("0") else "country"
    return "village"


def area_of(code: str) -> tuple[str, str]:
    """The half-open range [low, high) of village codes under a region; both of 12 digits or longer."""
    level = level_of(code)
    if level == "country":
        return ("0" * 12, ABOVE_ALL)
    significant = code[: DIGITS[level]]
    following = str(int(significant) + 1).zfill(len(significant))
    high = following.ljust(12, "0") if len(following) == len(significant) else ABOVE_ALL
    return (significant.ljust(12, "0"), high)


class Region(models.Model):
    """A region from a day to a day 行政区; a renamed or merged one ends and names its successor."""

    region_code = models.CharField(max_length=12)
    name = models.CharField(max_length=100)
    level = models.CharField(max_length=12)
    parent_code = models.CharField(max_length=12, blank=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)  # the first day on which it no longer holds
    successor_code = models.CharField(max_length=12, blank=True)
    outline = models.TextField(blank=True)
    takes = models.JSONField(default=list)  # households that come over on its first day, from a village that is split

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region_code", "valid_from"], name="one_region_a_time")]
        indexes = [
            models.Index(fields=["parent_code"], name="region_parent"),
            models.Index(fields=["name"], name="region_name"),
        ]

    def __str__(self) -> str:
        return self.name
