"""What a person, a household, a house, a bill is: declared once, in this room's YAML.

Excel templates, column mapping, validation, schemas and the dictionary's page in the docs all follow
from it. `dictionary()` gives it.
"""

from xianjie.dictionary.catalogue import (
    Dictionary,
    dictionary,
    header_multiplier,
    normal_header,
    normal_word,
    writing,
)
from xianjie.dictionary.model import CodeList, CodeValue, Department, DictionaryField, Entity

__all__ = [
    "CodeList",
    "CodeValue",
    "Department",
    "Dictionary",
    "DictionaryField",
    "Entity",
    "dictionary",
    "header_multiplier",
    "normal_header",
    "normal_word",
    "writing",
]
