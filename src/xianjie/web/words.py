"""Labels of data in the language of the page: of whatever is declared with `zh` and `en`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language

from xianjie.dictionary import dictionary


def label(labelled: Any, language: str = "") -> str:
    """The label of an object or mapping that has `zh` and perhaps `en`; in `language` where one is asked for."""
    known = labelled if isinstance(labelled, Mapping) else {name: getattr(labelled, name, "") for name in ("zh", "en")}
    wanted = language or ("en" if get_language() == "en" else "zh")
    return str(known.get(wanted) or known["zh"])


def department_name(department: str, language: str = "") -> str:
    """What a department is called; its id when the dictionary has no such department."""
    known = dictionary().departments.get(department)
    return label(known, language) if known else department


def code_label(codes: str, value: str | None) -> str:
    """What a value of a code list is called; the value itself when the list does not know it."""
    words = dictionary().codes[codes].values.get(value or "")
    return label(words) if words else value or ""
