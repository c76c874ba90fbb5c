"""Reading the audit trail: what an auditor may see of it, and how a value looks there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from xianjie.dictionary import dictionary
from xianjie.dictionary.model import DictionaryField
from xianjie.messages import UserError, catalogue, say
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.models import Event
from xianjie.web.regions.selectors import root
from xianjie.web.sealing import VERSION, unseal
from xianjie.web.words import code_label, label

SEARCH = "audit.search"
HIDDEN, AFTER_ALL = "***", 2**62


def events(scope: Scope) -> QuerySet[Event]:
    """The events of an auditor's area; those that belong to no place are for who audits the whole instance."""
    seen = scope.where(SEARCH)
    whole = root()
    if whole and scope.contains(SEARCH, whole):
        seen |= Q(region_code="")
    return Event.objects.filter(seen)


def filtered(rows: QuerySet[Event], given: Mapping[str, Any]) -> QuerySet[Event]:
    """The events of a search; days are local days."""
    if given.get("actor"):
        rows = rows.filter(actor=given["actor"])
    if given.get("verb"):
        rows = rows.filter(verb=given["verb"])
    if given.get("kind"):
        rows = rows.filter(subject_kind=given["kind"])
    if given.get("subject"):
        rows = rows.filter(subject_id=given["subject"])
    if given.get("place"):
        low, high = given["place"]
        rows = rows.filter(region_code__gte=low, region_code__lt=high)
    if given.get("since"):
        rows = rows.filter(seq__gte=_first_from(given["since"]))
    if given.get("until"):
        rows = rows.filter(seq__lt=_first_from(given["until"] + timedelta(days=1)))
    if given.get("why"):
        rows = rows.filter(why__icontains=given["why"])
    return rows


def _first_from(day: date) -> int:
    """The number of the first event of a day or later. Events are in order of time, so that days are ranges of them."""
    begin = timezone.make_aware(datetime.combine(day, time.min)).astimezone(UTC)
    found = Event.objects.filter(at__gte=begin.strftime("%Y-%m-%dT%H:%M:%S")).order_by("at")
    return found.values_list("seq", flat=True).first() or AFTER_ALL


def verb_words(verb: str) -> str:
    """What a verb is called; the verb itself when nobody has said."""
    app, _dot, name = verb.partition(".")
    code = f"{app}.verb_{name}"
    return say(code) if code in catalogue() else verb


def known_verbs() -> list[tuple[str, str]]:
    """The verbs that have a name, by app."""
    verbs = [code.replace(".verb_", ".", 1) for code in catalogue() if ".verb_" in code]
    return [(verb, verb_words(verb)) for verb in sorted(verbs)]


def sides(event: Event, scope: Scope) -> list[tuple[str, Any, Any]]:
    """Before and after, fact by fact: label, value before, value after, as this auditor may see them."""
    before, after = dict(_flat(event.before)), dict(_flat(event.after))
    rows = []
    for path in [*before, *(path for path in after if path not in before)]:
        known = _field(event.subject_kind, path)
        rows.append(
            (
                _label(path, known),
                _shown(known, before.get(path), event, scope),
                _shown(known, after.get(path), event, scope),
            )
        )
    return rows


def _flat(content: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict) and content:
        for name, value in content.items():
            yield from _flat(value, f"{path}.{name}" if path else str(name))
    elif isinstance(content, list) and any(isinstance(one, dict | list) for one in content):
        for position, value in enumerate(content, 1):
            yield from _flat(value, f"{path}.{position}" if path else str(position))
    elif content is not None:
        yield path, content


def _field(kind: str, path: str) -> DictionaryField | None:
    name = next((part for part in reversed(path.split(".")) if not part.isdigit()), "")
    entities = dictionary().entities
    if kind in entities and name in entities[kind].fields:
        return entities[kind].fields[name]
    found = [entity.fields[name] for entity in entities.values() if name in entity.fields]
    return max(found, key=lambda one: _RANK.index(one.sensitivity)) if found else None


_RANK = ["public", "internal", "personal", "health", "secret"]


def _label(path: str, known: DictionaryField | None) -> str:
    *above, last = path.split(".")
    if last.isdigit() and above:
        above, last = above[:-1], f"{above[-1]} {last}"
    word = label(known) if known else _word(last)
    return " / ".join([*map(_word, above), word])


def _word(name: str) -> str:
    code = f"audit.word_{name}"
    return say(code) if code in catalogue() else name


def _shown(known: DictionaryField | None, value: Any, event: Event, scope: Scope) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return "、".join(str(_shown(known, one, event, scope)) for one in value)
    sealed = isinstance(value, str) and value.startswith(VERSION) and len(value) > 40
    if sealed:
        if known is None:
            return HIDDEN
        try:
            value = unseal(value)
        except (UserError, ValueError):
            return HIDDEN
    if known is None:
        return value
    seen = scope.show(known, value, event.region_code)
    if known.codes and seen == value:
        return code_label(known.codes, str(value))
    return seen


def kind_words(kind: str) -> str:
    """What a kind of subject is called: the dictionary's entity, or the catalogue's word."""
    entity = dictionary().entities.get(kind)
    return label(entity) if entity else _word(kind)
