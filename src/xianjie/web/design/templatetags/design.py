"""`{% load design %}`: the parts that pages are made of. `docs/design.md` and the gallery show each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django import forms, template
from django.forms import BaseForm, BoundField
from django.http import QueryDict
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from xianjie.web.design import comparing, values
from xianjie.web.design.comparing import Pair
from xianjie.web.design.tables import Table
from xianjie.web.words import label as label_of

register = template.Library()
register.simple_tag(values.asset, name="asset")
register.simple_tag(values.icon, name="icon")
register.filter("number", values.number)
register.filter("percent", values.percent)
LEVELS = {"debug": "neutral", "info": "info", "success": "good", "warning": "warn", "error": "bad"}


@register.filter
def yuan(fen: int | None, decimals: int = 2) -> str:
    """Fen as yuan: `{{ income|yuan }}` 12,345.60, `{{ income|yuan:0 }}` 12,346."""
    return values.yuan(fen, decimals)


@register.filter
def day(value: date | datetime | None) -> str:
    """2025-10-31."""
    return values.day(value)


@register.filter("label")
def in_words(labelled: Any) -> str:
    """What is declared in both languages, in the language of the page: `{{ step|label }}`."""
    return label_of(labelled)


@register.filter
def moment(value: datetime | None) -> str:
    """2025-10-31 09:05, local time."""
    return values.moment(value)


@register.filter
def day_or_text(value: Any) -> Any:
    """A date as a date; a text ("2025 年春") as it stands."""
    return values.day(value) if isinstance(value, date) or value is None else value


@register.filter
def number_or_text(value: Any) -> Any:
    """A number with separators; a text as it stands."""
    return values.number(value) if isinstance(value, int | float) or value is None else value


@register.filter
def known(value: Any) -> Any:
    """The value, or the sign for "unknown" when there is none."""
    return values.unknown() if value in (None, "") else value


@register.filter
def tone(level_tag: str) -> str:
    """A Django message's level as a tone."""
    return LEVELS.get(level_tag, "info")


@register.simple_tag
def status(word: str, tone: str = "neutral") -> SafeString:
    """A state: `{% status "已消除" "good" %}`."""
    return values.Status(word, tone).html()


@register.simple_tag
def trust(code: str) -> SafeString:
    """How far a number can be trusted: stated, regulation, local, unverified."""
    return values.Trust(code).html()


@register.simple_tag
def masked(text: str, url: str = "", what: str = "") -> SafeString:
    """A masked value with its "查看" link: `{% masked person.masked_id reveal_url "身份证号" %}`."""
    return values.Masked(text, url, what).html()


@register.simple_tag
def bar(value: float, most: float, text: str = "", tone: str = "") -> SafeString:
    """A number with a bar: `{% bar 37 50 %}`."""
    return values.Bar(value, most, text, tone).html()


@register.simple_tag
def spark(numbers: Sequence[float | None], label: str) -> SafeString:
    """A small line: `{% spark incomes "近六年人均纯收入" %}`."""
    return values.Spark(numbers, label).html()


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(*parts: str) -> dict[str, Any]:
    """`{% breadcrumbs "农户档案" list_url "张样例" %}`: words with addresses between; the last has none."""
    pairs = list(zip(parts[0::2], (*parts[1::2], ""), strict=False))
    return {"crumbs": [{"label": label, "url": url} for label, url in pairs]}


@register.inclusion_tag("components/button.html")
def button(
    label: str, kind: str = "", icon: str = "", name: str = "", value: str = "", key: str = "", type: str = "submit"
) -> dict[str, Any]:
    """A button of a form. `kind`: primary, danger, bare, small (several words allowed)."""
    return {"label": label, "kind": kind, "icon": icon, "name": name, "value": value, "key": key, "type": type}


@register.inclusion_tag("components/button.html")
def link_button(label: str, url: str, kind: str = "", icon: str = "", key: str = "") -> dict[str, Any]:
    """A link that looks like a button."""
    return {"label": label, "url": url, "kind": kind, "icon": icon, "key": key}


@register.simple_block_tag
def notice(content: str, tone: str = "info", title: str = "") -> SafeString:
    """`{% notice tone="warn" title="…" %}…{% endnotice %}`."""
    head = format_html("<strong>{}</strong> ", title) if title else ""
    return format_html(
        '<div class="notice {}">{}<div>{}{}</div></div>', tone, values.icon(tone), head, mark_safe(content)
    )


@register.simple_block_tag
def sheet(content: str, title: str = "", id: str = "", link: str = "", link_label: str = "") -> SafeString:
    """A white sheet with a heading: `{% sheet title="家庭成员" link=url link_label="变更" %}…{% endsheet %}`."""
    action = format_html('<a href="{}">{}</a>', link, link_label) if link else ""
    head = format_html('<div class="sheet-head"><h2>{}</h2>{}</div>', title, action) if title else ""
    name = format_html(' id="{}"', id) if id else ""
    return format_html('<section class="sheet"{}>{}{}</section>', name, head, mark_safe(content))


@register.simple_block_tag
def fieldset(content: str, legend: str, hint: str = "") -> SafeString:
    """Fields that belong together: `{% fieldset "收入" hint="…" %}…{% endfieldset %}`."""
    explained = format_html('<p class="hint">{}</p>', hint) if hint else ""
    return format_html(
        '<fieldset class="fieldset"><legend>{}</legend>{}<div>{}</div></fieldset>',
        legend,
        explained,
        mark_safe(content),
    )


@register.inclusion_tag("components/field.html")
def field(field: BoundField, hint: str = "") -> dict[str, Any]:
    """One field of a form with label, hint and error. A file field becomes an upload box."""
    widget = field.field.widget
    kind = "line"
    if isinstance(widget, forms.CheckboxInput):
        kind = "check"
    elif isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        kind = "choices"
    elif isinstance(widget, forms.FileInput):
        kind = "upload"
    return {"field": field, "kind": kind, "hint": hint or field.help_text}


@register.inclusion_tag("components/form_fields.html")
def form_fields(form: BaseForm) -> dict[str, Any]:
    """What is wrong with the form as a whole, then all its fields."""
    return {"form": form}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """What is wrong, at the top of the form, with links to the fields. `form_fields` has it already."""
    wrong = [(field, error) for field in form for error in field.errors]
    return {"form": form, "wrong": wrong}


@register.inclusion_tag("components/filters.html", takes_context=True)
def filters(context: dict[str, Any], form: BaseForm, target: str = "results") -> dict[str, Any]:
    """A GET form's fields in a row, and what is filtered by now as chips that can be taken away one by one.

    With script the part of the page with the id `target` is fetched anew at each change.
    """
    request = context["request"]
    return {
        "form": form,
        "target": target,
        "path": request.path,
        "sort": request.GET.get("sort", ""),
        "chips": list(_chips(form, request.GET)),
    }


def _chips(form: BaseForm, query: QueryDict) -> Iterable[dict[str, str]]:
    if not form.is_bound:
        return
    form.is_valid()
    for bound in form:
        given = [text for text in query.getlist(bound.html_name) if text != ""]
        if not given or isinstance(bound.field.widget, forms.HiddenInput):
            continue
        rest = query.copy()
        for name in (bound.html_name, "after", "before"):
            rest.pop(name, None)
        yield {"label": str(bound.label), "value": _chip_words(form, bound, given), "url": "?" + rest.urlencode()}


def _chip_words(form: BaseForm, bound: BoundField, given: list[str]) -> str:
    if isinstance(bound.field.widget, forms.CheckboxInput):
        return _("是")
    cleaned = getattr(form, "cleaned_data", {}).get(bound.name)
    if isinstance(bound.field, forms.ModelChoiceField):
        several = cleaned if isinstance(bound.field, forms.ModelMultipleChoiceField) else [cleaned]
        return "、".join(str(one) for one in several or [] if one)
    if isinstance(bound.field, forms.ChoiceField):
        words = {str(code): str(word) for code, word in _flat(bound.field.choices)}
        return "、".join(words.get(code, code) for code in given)
    return "、".join(given)


def _flat(choices: Any) -> Iterable[tuple[Any, Any]]:
    for code, word in choices:
        if isinstance(word, list | tuple):
            yield from word
        else:
            yield code, word


@register.inclusion_tag("components/data_table.html", takes_context=True)
def data_table(context: dict[str, Any], table: Table) -> dict[str, Any]:
    """A `Table`: `{% data_table table %}`."""
    request = context.get("request")
    if request is not None:
        table.query = request.GET
    count = values.number(table.count) if isinstance(table.count, int) else table.count
    return {"table": table, "body": table.body(), "count": count, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("components/empty.html")
def empty(title: str, text: str = "", url: str = "", label: str = "", icon: str = "inbox") -> dict[str, Any]:
    """Nothing to show, why, and what to do."""
    return {"title": title, "text": text, "url": url, "label": label, "icon": icon}


@register.inclusion_tag("components/tiles.html")
def tiles(items: Iterable[Any]) -> dict[str, Any]:
    """Numbers that lead somewhere: label, figure, url, unit, note, tone (good, warn, bad)."""
    return {"items": items}


@register.inclusion_tag("components/facts.html")
def facts(items: Iterable[Any]) -> dict[str, Any]:
    """Label, value, source (optional), wide (optional) of each fact, densely."""
    return {"items": items}


@register.inclusion_tag("components/timeline.html")
def timeline(events: Iterable[Any]) -> dict[str, Any]:
    """A story: date, title, text, source, url, icon, tone, status (a `Status`) of each event; newest first."""
    return {"events": events}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Any], label: str = "") -> dict[str, Any]:
    """Pages of one record: label, url, active, count of each."""
    return {"items": items, "label": label or _("分页")}


@register.inclusion_tag("components/job.html", takes_context=True)
def job(context: dict[str, Any], job: Any) -> dict[str, Any]:
    """A background job: id, label, state, done, total, text, url, cancel_url, result_url, result_label."""
    return {"job": job, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("components/compare.html")
def compare(left: Any, right: Any, pairs: Iterable[Pair]) -> dict[str, Any]:
    """Two records: `left` and `right` have title and source; `pairs` are `Pair`s."""
    return {"left": left, "right": right, "rows": comparing.rows(pairs)}


@register.inclusion_tag("components/explanation.html")
def explanation(steps: Iterable[Any]) -> dict[str, Any]:
    """From rule to number: label, of, value, text, inputs, parameters, cite of each step, values in words."""
    return {"steps": steps}


@register.simple_block_tag
def chart(content: str, spec: dict[str, Any], title: str, tall: bool = False) -> SafeString:
    """A chart over its own table: `{% chart spec "标题" %}<table…>{% endchart %}`.

    `spec`: kind (bar, line, pie, map), categories, series [{name, data}], unit, stacked, lying, boundaries.
    Without script the table is all there is. The page needs `{% chart_script %}` in its `scripts` block.
    """
    island = mark_safe(str(json_script(spec)).replace("<script ", "<script data-chart ", 1))
    return format_html(
        '<figure class="chart"><figcaption><h2>{}</h2></figcaption>{}<div class="plot{}" hidden></div>'
        "<details open><summary>{}</summary>{}</details></figure>",
        title,
        island,
        " tall" if tall else "",
        _("数据表"),
        mark_safe(content),
    )


@register.simple_tag
def chart_script() -> SafeString:
    """The charts' script, for the `scripts` block of pages that have charts."""
    return format_html('<script src="{}" defer></script>', values.asset("charts.js"))
