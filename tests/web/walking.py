"""Walking through the application's addresses: the URL table, keys that fit its parameters, what pages say and send."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.db.models import AutoField, BigAutoField, IntegerField
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve

from xianjie.web.accounts.scope import Scoped
from xianjie.web.regions.models import Region, area_of

Keys = dict[str, list[str]]
SHOWN_BY = {"api": "intake"}  # an app without records of its own, and whose it shows
MOST = 40  # addresses tried for one route


@dataclass(frozen=True)
class Address:
    """An entry of the URL table: its route, its name, its parameters with their converters, its view."""

    route: str
    name: str
    converters: dict[str, Any]
    view: Any

    @property
    def app(self) -> str:
        return self.name.split(":")[0]


def addresses(patterns: Any = None, prefix: str = "", space: str = "") -> Iterator[Address]:
    """Every address of the application."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from addresses(entry.url_patterns, prefix + str(entry.pattern), inner)
        elif isinstance(entry, URLPattern):
            route = prefix + str(entry.pattern)
            yield Address(route, f"{space}{entry.name}", dict(entry.pattern.converters), entry.callback)


def scoped_models() -> list[type[Scoped]]:
    return [model for model in apps.get_models() if issubclass(model, Scoped)]


def keys_inside(code: str, each: int = 1) -> Keys:
    """Keys of records of an area, a few of each kind: texts by the name that an address gives them, numbers by the
    app whose pages ask for them (with those of its records that have no area of their own)."""
    low, high = area_of(code)
    found: dict[str, set[str]] = {}
    for model in apps.get_models():
        rows = getattr(model, "everything", model._default_manager).order_by("pk")
        if issubclass(model, Scoped):
            rows = rows.filter(**{f"{model.region_field}__gte": low, f"{model.region_field}__lt": high})
        key = model._meta.pk
        name = model._meta.app_label if isinstance(key, AutoField | BigAutoField | IntegerField) else str(key.attname)
        found.setdefault(name, set()).update(str(pk) for pk in rows.values_list("pk", flat=True)[:each])
    regions = Region.objects.filter(region_code__gte=low, region_code__lt=high).order_by("-region_code")
    found["code"] = set(regions.values_list("region_code", flat=True)[:2])
    return {name: in_order(keys) for name, keys in found.items()}


def in_order(keys: set[str]) -> list[str]:
    """Numbers as numbers, texts as texts."""
    return sorted(keys, key=lambda key: (len(key), key) if key.isdigit() else (0, key))


def together(*parts: Keys) -> Keys:
    """The keys of several areas."""
    names = {name for part in parts for name in part}
    return {name: in_order({key for part in parts for key in part.get(name, ())}) for name in names}


def filled(address: Address, keys: Keys, words: Mapping[str, list[str]]) -> Iterator[str]:
    """Paths made of an address with keys and words that fit its parameters."""
    choices = []
    for name, converter in address.converters.items():
        if name == "key":
            fitting = keys.get("person_id", [])[:3] + keys.get("household_id", [])[:3]
        elif name in words:
            fitting = words[name]
        else:
            fitting = keys.get(name) or keys.get(SHOWN_BY.get(address.app, address.app), [])
        if type(converter).__name__ == "IntConverter":
            fitting = [key for key in fitting if key.isdigit()]
        choices.append(fitting)
    # The first of each go together first: rows that were made for one another were made one after the other.
    combined = sorted(itertools.product(*map(enumerate, choices)), key=lambda one: sum(place for place, _ in one))
    for chosen in combined[:MOST]:
        path = address.route
        for _, key in chosen:
            start = path.index("<")
            path = path[:start] + key + path[path.index(">", start) + 1 :]
        yield "/" + path


def name_of(link: str) -> str:
    """The name of the address that a link or a form leads to; empty for none of ours."""
    try:
        return str(resolve(urlsplit(link).path).view_name)
    except Resolver404:
        return ""


def text_of(response: Any) -> str:
    """Everything that a response says: page, JSON, or the parts of a workbook."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"\n".join(archive.read(name) for name in archive.namelist())
    return str(content.decode("utf-8", "replace"))


class Page(HTMLParser):
    """What a page leads to: its links, and the forms that send something with what stands in their fields."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, dict[str, Any]]] = []
        self._fields: dict[str, Any] | None = None
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        here = dict(attrs)
        if tag == "a" and here.get("href"):
            self.links.append(str(here["href"]))
        if tag == "form" and (here.get("method") or "").lower() == "post":
            self._fields = {}
            self.forms.append((here.get("action") or "", self._fields))
        if self._fields is not None:
            self._field(tag, here)

    def _field(self, tag: str, here: dict[str, str | None]) -> None:
        """Take a field of the present form in, with a value that its kind takes."""
        assert self._fields is not None
        if tag == "option" and self._select:
            if here.get("value") and ("selected" in here or not self._fields[self._select]):
                self._fields[self._select] = here["value"]
            return
        if not here.get("name"):
            return
        name, value = str(here["name"]), here.get("value") or ""
        if tag in ("input", "button", "textarea") and name != "csrfmiddlewaretoken":
            kind = here.get("type")
            self._fields.setdefault(name, value or {"date": "2025-10-30", "number": "1"}.get(str(kind), "走查测试"))
        elif tag == "select":
            self._select = name
            self._fields.setdefault(name, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if tag == "form":
            self._fields = None
