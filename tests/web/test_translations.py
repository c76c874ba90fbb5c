"""Pages in English: every text has its English, with the same places in it, and none is left out of the catalogue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.web import registry_samples as sample
from xianjie.web import translations
from xianjie.web.audit.models import Event
from xianjie.web.cases.visiting_rules import frequencies
from xianjie.web.daily.kinds import warning_rules
from xianjie.web.daily.models import Run
from xianjie.web.navigation import navigation
from xianjie.web.translations import Message, messages_of

CHINESE = re.compile(r"[\u4e00-\u9fff]+")
PLACES = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}|<[^>]+>")
OWN_NAME = {"简体中文", "中文", "衔接"}  # a language and the platform are called by their own names


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(translations.CATALOGUE))


def test_every_text_said_has_english(catalogue: polib.POFile) -> None:
    known = {translations._key(entry) for entry in catalogue if not translations.lacks_english(entry)}
    missing = sorted(message.text for message in translations.said() - known)
    assert not missing, "run python -m xianjie.web.translations and write the English of these"
    assert known == translations.said(), "texts that nothing says any more"


def test_both_languages_have_the_same_places(catalogue: polib.POFile) -> None:
    for entry in catalogue:
        if translations.lacks_english(entry):
            continue
        asked = sorted(PLACES.findall(entry.msgid))
        for english in [*entry.msgstr_plural.values()] or [entry.msgstr]:
            found = sorted(PLACES.findall(english))
            # the singular may say "one" instead of its number
            assert found == asked or (entry.msgid_plural and set(found) <= set(asked)), entry.msgid
        assert not entry.msgid_plural or sorted(PLACES.findall(entry.msgstr_plural[1])) == asked


def test_the_english_is_english(catalogue: polib.POFile) -> None:
    for entry in catalogue:
        for english in [*entry.msgstr_plural.values()] or [entry.msgstr]:
            left = set(CHINESE.findall(english)) - OWN_NAME
            assert not left or all(word in entry.msgid for word in left), entry.msgid


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.html", '{% translate "上一页" %}{% trans \'下一页\' as x %}', {Message("上一页"), Message("下一页")}),
        ("a.html", '{% sheet title=_("成员") link=x %}{{ y|default:_("无") }}', {Message("成员"), Message("无")}),
        ("a.html", "{% blocktranslate trimmed with a=b %}共\n  {{ a }} 户{% endblocktranslate %}",
         {Message("共 %(a)s 户")}),
        ("a.html", "{% blocktranslate count n=k %}一户{% plural %}{{ n }} 户{% endblocktranslate %}",
         {Message("一户", "%(n)s 户")}),
        ("a.html", '{% translate "月" context "日期" %}{# _("注释") #}', {Message("月", context="日期")}),
        ("a.py", 'from django.utils.translation import gettext as _\nx = _("一段话"\n      "分两行")',
         {Message("一段话分两行")}),
        ("a.py", 'from django.utils.translation import gettext_lazy as lazy\nx = lazy("懒")', {Message("懒")}),
        ("a.py", 'from django.utils.translation import ngettext, pgettext\n'
                 'x = ngettext("%d 户", "%d 户们", n), pgettext("日期", "月")',
         {Message("%d 户", "%d 户们"), Message("月", context="日期")}),
        ("a.py", 'from django.utils.translation import gettext as _\nx = _(name), _("English"), other("别的")', set()),
    ],
)  # fmt: skip
def test_texts_are_found_in_every_form_that_pages_use(
    tmp_path: Path, name: str, content: str, found: set[Message]
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert messages_of(path) == found


def english_of(client: Client, url: str) -> str:
    """What a page shows in English, without what is data: what people, places and files are called, and what is not
    shown."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = client.get(url)
    assert answer.status_code == 200, url
    text = answer.content.decode()
    assert '<html lang="en">' in text
    text = re.sub(r"<(script|style)\b.*?</\1>|<button[^>]*>中文</button>", "", text, flags=re.S)
    return text


def chinese_in(text: str, data: set[str]) -> list[str]:
    for word in sorted(data, key=len, reverse=True):
        text = text.replace(word, "")
    return [word for word in CHINESE.findall(text) if word not in OWN_NAME]


@pytest.fixture
def county() -> Any:
    sample.regions()
    sample.household("H1", sample.VILLAGE, [{"name": "王大明"}, {"name": "王小明"}])
    return sample.user("clerk", ("county", sample.COUNTY))


# Names of places and people, and what only Chinese papers say: the sources of numbers.
DATA = {place[0] for place in sample.NAMES.values()} | {"王大明", "王小明"}
TERMS = {"低保", "特困"}  # the English of findings gives these terms in brackets
SOURCES = TERMS | {rule.source for rule in warning_rules().due.values()} | {one.source for one in frequencies()}


def pages(client: Client) -> list[str]:
    """Every page that the user's menu leads to."""
    request = client.get("/").wsgi_request
    return [page["url"] for group in navigation(request)["nav"] for page in group["pages"]]


@pytest.mark.django_db
def test_signing_in_is_english_and_chinese_without_the_choice() -> None:
    assert chinese_in(english_of(Client(), "/login/"), set()) == []
    assert "Sign in" in english_of(Client(), "/login/") and "登录" in Client().get("/login/").content.decode()


@pytest.mark.django_db
def test_every_page_of_the_menu_is_english(county: Any) -> None:
    client = Client()
    client.force_login(county)
    found = {url: chinese_in(english_of(client, url), DATA | SOURCES) for url in pages(client)}
    assert len(found) > 10 and {url: words for url, words in found.items() if words} == {}


@pytest.mark.django_db
def test_a_household_and_a_run_are_english(county: Any) -> None:
    client = Client()
    client.force_login(county)
    run = Run.everything.create(region_code=sample.COUNTY, day="2025-10-30", state=Run.FAILED)
    for url in ("/registry/households/H1/", "/registry/people/H1P0/", f"/daily/runs/{run.pk}/"):
        assert chinese_in(english_of(client, url), DATA | SOURCES) == [], url


@pytest.mark.django_db
def test_the_audit_trail_is_chinese_whatever_the_page(county: Any) -> None:
    client = Client()
    client.force_login(county)
    assert "青溪县 County staff" in english_of(client, "/")
    client.post(reverse("accounts:logout"))
    assert Event.objects.latest("seq").acting_as == "青溪县 县级工作人员"
