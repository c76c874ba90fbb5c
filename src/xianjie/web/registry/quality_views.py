"""Data-quality findings 数据质量: by village with a score, as a worklist, answered, taken out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from xianjie.dictionary import dictionary
from xianjie.messages import UserError, say
from xianjie.screening.check_shapes import SEVERITIES
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.design.tables import Action, Column, Table
from xianjie.web.design.values import Bar, Status
from xianjie.web.exporting import Column as ExportColumn
from xianjie.web.exporting import Listing, workbook_response
from xianjie.web.paging import Page
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry import run_results, settling
from xianjie.web.registry.conflict_views import _word, unword
from xianjie.web.registry.forms import LongSelect, place_choices
from xianjie.web.registry.models import Household, Person, QualityAnswer
from xianjie.web.registry.run_results import FindingsAsked
from xianjie.web.registry.selectors import places
from xianjie.web.registry.settling import ANSWER
from xianjie.web.words import department_name, label

QUALITY, EXPORT = "quality.view", "registry.export"
TONES = {"error": "bad", "warning": "warn", "suspect": "info"}


class FindingFilter(forms.Form):
    """What the worklist is narrowed to."""

    place = forms.ChoiceField(label=gettext_lazy("地区"), required=False, widget=LongSelect)
    check = forms.ChoiceField(label=gettext_lazy("检查"), required=False, widget=LongSelect)
    severity = forms.ChoiceField(label=gettext_lazy("级别"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("状态"), required=False)

    def __init__(self, data: Any, scope: Scope) -> None:
        super().__init__(data)
        everything = ("", say("registry.all"))
        known = {
            "place": place_choices(places(scope, QUALITY), say("registry.all")),
            "check": [everything, *((check.id, check.title) for check in run_results.checks())],
            "severity": [everything, *((name, severity_words(name)) for name in SEVERITIES)],
            "state": [everything, ("open", say("registry.open")), ("answered", say("registry.answered"))],
        }
        for name, choices in known.items():
            chosen = self.fields[name]
            assert isinstance(chosen, forms.ChoiceField)
            chosen.choices = choices

    def asked(self) -> FindingsAsked | None:
        """What is asked for; None when something makes no sense."""
        return FindingsAsked(**self.cleaned_data) if self.is_valid() else None


class AnswerForm(forms.Form):
    """What was done about the findings picked."""

    answer = forms.ChoiceField(
        label=gettext_lazy("核实结果"),
        choices=[
            ("mended", gettext_lazy("已更正")),
            ("real", gettext_lazy("确属实情")),
            ("passed_on", gettext_lazy("转交部门")),
        ],
    )
    department = forms.ChoiceField(label=gettext_lazy("转交给"), required=False)
    note = forms.CharField(label=gettext_lazy("说明"), required=False, max_length=500)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        chosen = self.fields["department"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [("", "—"), *((name, label(one)) for name, one in dictionary().departments.items())]


def _answers(scope: Scope, permission: str = QUALITY) -> dict[tuple[str, str, str], QualityAnswer]:
    rows = QualityAnswer.objects.within(scope, permission).filter(closed_on__isnull=True)
    return {(row.check_id, row.household_id, row.person_id): row for row in rows}


def severity_words(severity: str) -> str:
    """What a severity of a finding is called."""
    return say(f"registry.severity_{severity}")


def answer_words(answer: QualityAnswer) -> str:
    """An answer in a line."""
    words = say(f"registry.answer_{answer.answer}")
    if answer.department:
        words += f"（{department_name(answer.department)}）"
    return f"{words} {answer.note}".strip()


@needs(QUALITY)
def quality(request: Any) -> HttpResponse:
    """Findings and score by village, by check and by source."""
    scope: Scope = request.scope
    form = FindingFilter(request.GET, scope)
    asked = form.asked()
    place = asked.place if asked else ""
    run = run_results.newest_run(scope, QUALITY, place)
    context: dict[str, Any] = {"page_title": _("数据质量"), "run": run, "form": form}
    if run is None:
        context["counties"] = run_results.counties(scope, QUALITY) if not place else {}
        return render(request, "registry/quality.html", context)
    with run_results.open_run(run, "checks/findings", "households") as engine:
        run_results.with_answers(engine, list(_answers(scope)))
        villages = run_results.village_scores(engine, scope, QUALITY, place)
        counts = run_results.check_counts(engine, scope, QUALITY, place)
    names = full_names({row["region_code"] for row in villages})
    findings_url = reverse("registry:findings")
    households = sum(row["households"] for row in villages)
    faulty = sum(row["faulty"] for row in villages)
    tiles = [
        {"label": _("数据质量得分"), "figure": f"{100 * (households - faulty) / households:.1f}" if households else "—",
         "note": _("满分 100")},
        *({"label": severity_words(name), "figure": sum(row[name] for row in villages),
           "tone": TONES[name].replace("info", ""),
           "url": f"{findings_url}?severity={name}&state=open&place={place}"} for name in SEVERITIES),
        {"label": _("已反馈"), "figure": sum(row["answered"] for row in villages),
         "url": f"{findings_url}?state=answered&place={place}"},
    ]  # fmt: skip
    table = Table(
        [
            Column(_("村"), lambda row: names.get(row["region_code"], row["region_code"]), main=True,
                   link=lambda row: f"{findings_url}?place={row['region_code']}&state=open"),
            Column(_("户数"), "households", "number"),
            *(Column(severity_words(name), name, "number") for name in SEVERITIES),
            Column(_("已反馈"), "answered", "number"),
            Column(_("有问题的户"), "faulty", "number"),
            Column(_("得分"), lambda row: Bar(row["score"] * 100, 100, f"{row['score'] * 100:.1f}"), "status"),
        ],
        villages, _("各村数据质量"), count=len(villages), id="villages", empty_title=_("没有可看的村"),
    )  # fmt: skip
    context |= {"tiles": tiles, "table": table, "checks": _check_table(counts, place), "sources": _sources(counts),
                "definition": label(run_results.checks().score)}  # fmt: skip
    return render(request, "registry/quality.html", context)


def _check_table(counts: Sequence[Mapping[str, Any]], place: str) -> Table:
    url = reverse("registry:findings")
    return Table(
        [
            Column(_("检查"), lambda row: _title(row["check_id"]), main=True, second="check_id",
                   link=lambda row: f"{url}?check={row['check_id']}&state=open&place={place}"),
            Column(_("级别"), lambda row: Status(severity_words(row["severity"]), TONES[row["severity"]]), "status"),
            Column(_("待核实"), "open", "number"),
            Column(_("已反馈"), "answered", "number"),
            Column(_("建议"), lambda row: _advice(row["check_id"]), "long", minor=True),
        ],
        counts, _("各项检查"), count=len(counts), id="checks", empty_title=_("没有发现问题"),
    )  # fmt: skip


def _sources(counts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Open findings by the department whose data the check looks at."""
    by: dict[str, int] = {}
    for row in counts:
        check = run_results.check_of(row["check_id"])
        name = run_results.source_of(check) if check else "revitalisation"
        by[name] = by.get(name, 0) + row["open"]
    ranked = sorted(by.items(), key=lambda one: -one[1])
    return [{"label": department_name(name), "figure": count} for name, count in ranked]


def _title(check_id: str) -> str:
    check = run_results.check_of(check_id)
    return check.title if check else check_id


def _advice(check_id: str) -> str:
    check = run_results.check_of(check_id)
    return check.advice if check else ""


def _value(row: Mapping[str, Any]) -> str:
    return json.dumps([row["check_id"], row["household_id"], row["person_id"]])


@needs(QUALITY)
def findings(request: Any) -> HttpResponse:
    """The worklist of findings."""
    scope: Scope = request.scope
    form = FindingFilter(request.GET, scope)
    asked = form.asked()
    run = run_results.newest_run(scope, QUALITY, asked.place if asked else "")
    context = {"page_title": _("数据质量问题"), "form": form, "run": run, "quality_url": reverse("registry:quality")}
    if run is None or asked is None:
        context["counties"] = run_results.counties(scope, QUALITY) if asked and not asked.place else {}
        return render(request, "registry/findings.html", context)
    answers = _answers(scope)
    with run_results.open_run(run, "checks/findings", "households") as engine:
        run_results.with_answers(engine, list(answers))
        sql = run_results.findings_sql(scope, QUALITY, asked)
        try:
            after = unword(request.GET.get("after", ""), len(run_results.FINDING_KEY))
        except UserError:
            after = []
        rows, following = run_results.finding_page(engine, sql, after)
        count = engine.value(f"SELECT count(*) FROM ({sql})")
    names = full_names({row["region_code"] for row in rows})
    heads, people = _heads_and_people(rows)
    may_answer, may_export = scope.has(ANSWER), scope.has(EXPORT)
    query = request.GET.urlencode()
    table = Table(
        [
            Column(_("问题"), lambda row: _title(row["check_id"]), main=True, second="value"),
            Column(_("级别"), lambda row: Status(severity_words(row["severity"]), TONES[row["severity"]]), "status"),
            Column(_("户主"), lambda row: heads.get(row["household_id"]), second="household_id",
                   link=lambda row: _household_url(row, heads)),
            Column(_("人员"), lambda row: people.get(row["person_id"])),
            Column(_("乡镇村"), lambda row: names.get(row["region_code"], row["region_code"])),
            Column(_("建议"), lambda row: _advice(row["check_id"]), "long", minor=True),
            Column(_("反馈"), lambda row: _answered(row, answers), "long"),
        ],
        rows, _("数据质量问题"), count=count, page=Page(rows, _word(following), ""), walk=True,
        pick="picked" if may_answer else "", pick_value=_value, muted=lambda row: row["answered"],
        actions=[Action(_("填写核实结果"), "do", "answer", kind="primary")] if may_answer else [],
        action_url=f"{reverse('registry:answer')}?{query}",
        export=f"{reverse('registry:export_findings')}?{query}" if may_export else "",
        empty_title=_("没有符合条件的问题"), empty_text=_("可放宽筛选条件查看。"),
    )  # fmt: skip
    return render(request, "registry/findings.html", {**context, "table": table})


def _household_url(row: Mapping[str, Any], heads: Mapping[str, str]) -> str:
    return reverse("registry:household", args=[row["household_id"]]) if row["household_id"] in heads else ""


def _heads_and_people(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], dict[str, str]]:
    """Names for rows that were found within the scope already."""
    homes = {row["household_id"] for row in rows if row["household_id"]}
    persons = {row["person_id"] for row in rows if row["person_id"]}
    return (
        dict(Household.everything.filter(pk__in=homes).values_list("household_id", "head_name")),
        dict(Person.everything.filter(pk__in=persons).values_list("person_id", "name")),
    )


def _answered(row: Mapping[str, Any], answers: Mapping[tuple[str, str, str], QualityAnswer]) -> str | None:
    answer = answers.get((row["check_id"], row["household_id"], row["person_id"]))
    if answer is None:
        return None
    changed = _("（情况已有变化）") if answer.value != row["value"] else ""
    return f"{answer_words(answer)} · {answer.answered_by} {answer.answered_on}{changed}"


@needs(EXPORT)
def export_findings(request: Any) -> HttpResponse:
    """Take the worklist out as Excel, as it is filtered."""
    scope: Scope = request.scope
    asked = FindingFilter(request.GET, scope).asked()
    run = run_results.newest_run(scope, EXPORT, asked.place if asked else "")
    if run is None or asked is None:
        raise Http404
    answers = _answers(scope, EXPORT)
    listing = Listing(
        _("数据质量问题"),
        [
            ExportColumn(_("乡镇村"), "place", 24), ExportColumn(_("村代码"), "region_code", 15),
            ExportColumn(_("户编号"), "household_id", 20), ExportColumn.of("household", "head_name", 12),
            ExportColumn.of("person", "name", 12), ExportColumn(_("问题"), "title", 34),
            ExportColumn(_("详情"), "value", 44), ExportColumn(_("级别"), "severity", 8),
            ExportColumn(_("建议"), "advice", 44), ExportColumn(_("反馈"), "answer", 40),
        ],
        scope,
    )  # fmt: skip
    with run_results.open_run(run, "checks/findings", "households") as engine:
        run_results.with_answers(engine, list(answers))
        stream = run_results.finding_stream(engine, run_results.findings_sql(scope, EXPORT, asked))
        return workbook_response(
            listing, _export_rows(stream, answers), verb="quality.export", region_code=scope.home,
            asked={name: value for name, value in vars(asked).items() if value},
        )  # fmt: skip


def _export_rows(
    stream: Iterator[dict[str, Any]], answers: Mapping[tuple[str, str, str], QualityAnswer]
) -> Iterator[dict[str, Any]]:
    batch: list[dict[str, Any]] = []
    for row in stream:
        batch.append(row)
        if len(batch) == 500:
            yield from _named(batch, answers)
            batch = []
    yield from _named(batch, answers)


def _named(
    rows: Sequence[dict[str, Any]], answers: Mapping[tuple[str, str, str], QualityAnswer]
) -> Iterator[dict[str, Any]]:
    names = full_names({row["region_code"] for row in rows})
    heads, people = _heads_and_people(rows)
    for row in rows:
        yield {
            **row, "place": names.get(row["region_code"], ""), "head_name": heads.get(row["household_id"]),
            "name": people.get(row["person_id"]), "title": _title(row["check_id"]), "advice": _advice(row["check_id"]),
            "severity": severity_words(row["severity"]), "answer": _answered(row, answers),
        }  # fmt: skip


@require_POST
@needs(ANSWER)
def answer(request: Any) -> HttpResponse:
    """Answer the findings picked: first the form, then (with `answer`) done."""
    scope: Scope = request.scope
    run = run_results.newest_run(scope, ANSWER, request.GET.get("place", ""))
    if run is None:
        raise Http404
    picked = request.POST.getlist("picked")[:500]
    try:
        keys = [tuple(map(str, json.loads(word))) for word in picked]
    except (ValueError, TypeError) as error:
        raise Http404 from error
    back = f"{reverse('registry:findings')}?{request.GET.urlencode()}"
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("registry:findings")
    with run_results.open_run(run, "checks/findings", "households") as engine:
        run_results.with_answers(engine, [])
        sql = run_results.findings_sql(scope, ANSWER, FindingsAsked())
        rows = run_results.picked_findings(engine, sql, [key for key in keys if len(key) == 3])
    if not rows:
        messages.error(request, say("registry.nothing_picked"))
        return redirect(back)
    form = AnswerForm(request.POST if "answer" in request.POST else None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            count = settling.answer_findings(scope, rows, given["answer"], given["note"], given["department"])
        except UserError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, say("registry.answers_kept", count=count))
            return redirect(back)
    heads, people = _heads_and_people(rows)
    shown = [
        {
            "title": _title(row["check_id"]),
            "value": row["value"],
            "who": people.get(row["person_id"]) or heads.get(row["household_id"], ""),
        }
        for row in rows
    ]
    context = {"page_title": _("填写核实结果"), "form": form, "rows": shown, "picked": picked, "back": back}
    return render(request, "registry/answer.html", context)
