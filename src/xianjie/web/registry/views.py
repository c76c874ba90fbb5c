"""Lists, search, a household's and a person's page, the look at a masked value."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from xianjie.dictionary import dictionary
from xianjie.dictionary.masking import mask_value
from xianjie.messages import UserError, say
from xianjie.web.accounts.access import needs
from xianjie.web.accounts.scope import Scope
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.design.tables import Action, Column, Table
from xianjie.web.design.values import Masked
from xianjie.web.dictionary_forms import label_of, shown_value
from xianjie.web.exporting import workbook_response
from xianjie.web.jobs.models import Job
from xianjie.web.jobs.services import enqueue
from xianjie.web.paging import Page
from xianjie.web.regions.selectors import full_names
from xianjie.web.registry import actions, listing, selectors
from xianjie.web.registry.forms import HouseholdFilter, ReasonForm
from xianjie.web.registry.models import Fact, Household, Person
from xianjie.web.registry.panels import panels_of
from xianjie.web.registry.recording import PERMISSION as CHANGE
from xianjie.web.registry.recording import kind_words, may_undo
from xianjie.web.registry.records import fields_of, household_values, person_values, unpack
from xianjie.web.registry.selectors import VIEW
from xianjie.web.registry.story import HouseholdStory, PersonStory
from xianjie.web.words import code_label, label

# The actions of a household's page, by what they are about.
PEOPLE_ACTIONS = ("birth", "marriage_in", "move_in", "death", "marriage_out", "move_out")
HOUSEHOLD_ACTIONS = ("new_head", "split", "merge", "relocate", "move_away")


@needs(VIEW)
def households(request: Any) -> HttpResponse:
    """The list of households."""
    form = HouseholdFilter(request.GET, request.scope)
    page, count = Page([], "", ""), 0
    try:
        asked = form.asked()
        if not form.errors:
            after, before = request.GET.get("after", ""), request.GET.get("before", "")
            page = selectors.household_page(request.scope, asked, after=after, before=before)
            count = selectors.household_count(request.scope, asked)
    except UserError as error:
        form.add_error(None, str(error))
    names = selectors.village_names(page.rows)
    may_export = request.scope.has(listing.EXPORT)
    query = request.GET.urlencode()
    table = Table(
        [
            Column(_("户主"), "head_name", main=True, sort="name", link=_household_url, second="household_id"),
            Column(_("乡镇村"), lambda row: names.get(row.region_code), sort="place", second="group_name"),
            Column(_("户类型"), lambda row: code_label("household_type", row.household_type)),
            Column(_("监测对象"), lambda row: code_label("monitored_kind", row.monitored_kind) or _("否")),
            Column(_("人口"), "size", "number", sort="-size"),
            Column(_("风险"), "risks", "number"),
            Column(_("风险分"), "score", "number", sort="-score"),
        ],
        page.rows, _("农户名单"), page=page, count=count, sort=request.GET.get("sort") or "place",
        export=f"{reverse('registry:export_households')}?{query}" if may_export else "",
        pick="ids" if may_export else "", pick_value="household_id",
        actions=[Action(_("导出所选"), "do", "export")] if may_export else [],
        action_url=reverse("registry:export_households"),
        empty_title=_("没有符合条件的农户"), empty_text=_("请放宽筛选条件，或换一个名字查找。"), walk=True,
    )  # fmt: skip
    context = {"page_title": _("农户档案"), "form": form, "table": table, "may_change": request.scope.has(CHANGE)}
    return render(request, "registry/households.html", context)


def _household_url(row: Any) -> str:
    return reverse("registry:household", args=[row.household_id])


@needs("registry.export")
def export_households(request: Any) -> HttpResponse:
    """Take out the list of households as it is filtered (GET), or those picked (POST)."""
    scope: Scope = request.scope
    if request.method == "POST":
        ids = request.POST.getlist("ids")[:1000]
        rows = listing.household_rows(scope, selectors.Asked(), ids)
        return workbook_response(
            listing.household_listing(scope), rows, verb="registry.export", region_code=scope.home, asked={"ids": ids}
        )
    form = HouseholdFilter(request.GET, scope)
    asked = form.asked()
    given = {name: value for name, value in vars(asked).items() if value}
    count = selectors.households(scope, asked, listing.EXPORT).count()
    if count > listing.AT_ONCE:
        enqueue(
            "registry.export_households", title=say("registry.export_title", count=count), region_code=scope.home,
            owner=request.user, asked=given,
        )  # fmt: skip
        return redirect("jobs:jobs")
    rows = listing.household_rows(scope, asked)
    return workbook_response(
        listing.household_listing(scope), rows, verb="registry.export", region_code=scope.home, asked=given
    )


@needs("registry.export")
def export_file(request: Any, job_id: int) -> Any:
    """The file of an export job, for who asked for it."""
    found = Job.everything.filter(pk=job_id, owner=request.user, kind="registry.export_households", state=Job.DONE)
    path = listing.export_path(job_id)
    if not found.exists() or not path.exists():
        raise Http404
    with transaction.atomic():
        record("registry.download", subject=("job", str(job_id)), region_code=request.scope.home)
    return FileResponse(path.open("rb"), as_attachment=True, filename=f"{_('农户名单')}-{job_id}.xlsx")


@needs(VIEW)
def people(request: Any) -> HttpResponse:
    """Search for people, and what was found."""
    text = request.GET.get("q", "")[:60]
    context: dict[str, Any] = {"page_title": _("人员查询"), "text": text}
    try:
        after, before = request.GET.get("after", ""), request.GET.get("before", "")
        found = selectors.people(request.scope, text, after=after, before=before)
    except UserError as error:
        return render(request, "registry/people.html", {**context, "error": str(error)}, status=400)
    rows = found.page.rows
    if len(rows) == 1 and found.way == "household" and rows[0].person_id == text.strip():
        return redirect("registry:person", rows[0].person_id)
    names, scope = full_names({row.region_code for row in rows}), request.scope
    known = fields_of("person")
    table = Table(
        [
            Column(_("姓名"), "name", main=True, link=lambda row: reverse("registry:person", args=[row.pk]),
                   second="person_id"),
            Column(_("性别"), lambda row: code_label("sex", row.sex)),
            Column(_("出生日期"), lambda row: scope.show(known["birth_date"], row.birth_date, row.region_code)),
            Column(_("身份证号"), lambda row: _masked(scope, "person", row.pk, "id_no", row.id_no, row.region_code)),
            Column(_("乡镇村"), lambda row: names.get(row.region_code, row.region_code)),
            Column(_("户编号"), lambda row: row.household_id or _("现不在任何户"), "code",
                   link=lambda row: reverse("registry:household", args=[row.household_id]) if row.household_id else ""),
            Column(_("与户主关系"), lambda row: code_label("relation", row.relation)),
        ],
        rows, _("查到的人员"), page=found.page, walk=True,
        empty_title=_("没有查到"), empty_text=_("姓名可只输开头，拼音首字母可只输开头；证件号、电话、户编号须输全。"),
        muted=lambda row: row.alive is False or row.household_id is None,
    )  # fmt: skip
    return render(request, "registry/people.html", {**context, "found": found, "table": table})


@needs(VIEW)
def suggest(request: Any) -> HttpResponse:
    """The first people whom what is typed so far may mean, as a fragment."""
    rows = selectors.suggestions(request.scope, request.GET.get("q", "")[:60])
    names = full_names({row.region_code for row in rows})
    shown = [{"person": row, "place": names.get(row.region_code, "")} for row in rows]
    return render(request, "registry/_suggestions.html", {"rows": shown})


def _masked(scope: Scope, kind: str, key: str, name: str, value: Any, region_code: str) -> Any:
    """A secret value: as the scope shows it, with the way to see it."""
    known = dictionary().entities["household" if kind == "household" else "person"].fields[name]
    if value is None:
        return None
    if scope.sees(known.sensitivity, region_code):
        return shown_value(known, value)
    may = scope.may_reveal(known.sensitivity, region_code)
    url = reverse("registry:reveal", args=[kind, key, name]) if may else ""
    return Masked(str(mask_value(known, value)), url, label_of(known))


def asked_day(request: Any) -> date | None:
    """The past day of `?on=`, None for today. A day that is none, or to come, is today."""
    try:
        day = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        return None
    return day if day < today() else None


def find_household(scope: Scope, household_id: str, permission: str = VIEW) -> Household:
    """A household within the scope, else `Http404`."""
    found: Household | None = Household.objects.within(scope, permission).filter(pk=household_id).first()
    if found is None:
        raise Http404
    return found


def find_person(scope: Scope, person_id: str, permission: str = VIEW) -> Person:
    """A person within the scope, else `Http404`."""
    rows = Person.objects.within(scope, permission).select_related("household")
    found: Person | None = rows.filter(pk=person_id).first()
    if found is None:
        raise Http404
    return found


@needs(VIEW)
def household(request: Any, household_id: str) -> HttpResponse:
    """A household's page: its whole story in time."""
    scope: Scope = request.scope
    story = HouseholdStory(scope, find_household(scope, household_id), asked_day(request), "all" in request.GET)
    home = story.household
    places = full_names({home.region_code})
    known = fields_of("person")
    members = Table(
        [
            Column(_("姓名"), "person.name", main=True, second="person.person_id",
                   link=lambda row: reverse("registry:person", args=[row.person.pk]) + _on(story)),
            Column(_("关系"), lambda row: code_label("relation", row.relation)),
            Column(_("性别"), lambda row: code_label("sex", row.person.sex)),
            Column(_("年龄"), lambda row: _age(scope, row.person, story.day), "number"),
            Column(_("身份证号"), lambda row: _masked(
                scope, "person", row.person.pk, "id_no", row.person.id_no, row.person.region_code)),
            Column(_("电话"), lambda row: _masked(
                scope, "person", row.person.pk, "phone", row.person.phone, row.person.region_code)),
            Column(_("劳动技能"), lambda row: _data(scope, row.person, known["labour_skill"])),
            Column(_("健康"), lambda row: _data(scope, row.person, known["health"])),
        ],
        story.members, _("家庭成员"), id="members", muted=lambda row: row.person.alive is False,
        empty_title=_("这一天没有成员"), empty_text=_("全部成员已离开，或当时本户尚未建立。"),
    )  # fmt: skip
    may_change = not story.past and home.ends_on is None and scope.allows(CHANGE, home.region_code)
    last = actions.last_change(story.now) if may_change or home.ends_on else None
    context = {
        "page_title": home.head_name, "story": story, "home": home, "members": members,
        "place": places[home.region_code], "kind": code_label("household_type", home.household_type),
        "monitored": code_label("monitored_kind", home.monitored_kind),
        "list_url": reverse("registry:households"), "today": today(),
        "panels": panels_of("household", scope, story.now, story.day),
        "actions": _action_links(home) if may_change else [], "may_change": may_change,
        "undo": last if last is not None and may_undo(last, scope) else None,
        "undo_words": kind_words(last.kind) if last else "",
        "undo_url": reverse("registry:undo", args=[last.pk]) if last else "",
    }  # fmt: skip
    return render(request, "registry/household.html", context)


def _action_links(home: Household) -> list[dict[str, Any]]:
    def links(kinds: tuple[str, ...]) -> list[dict[str, str]]:
        return [{"label": kind_words(kind), "url": reverse("registry:act", args=[home.pk, kind])} for kind in kinds]

    return [
        {"label": _("人口变动"), "links": links(PEOPLE_ACTIONS)},
        {"label": _("户变动"), "links": links(HOUSEHOLD_ACTIONS)},
        {"label": _("更正"), "links": [
            {"label": _("更正户信息"), "url": reverse("registry:correct_household", args=[home.pk])},
        ]},
        {"label": _("登记事实"), "links": [
            {"label": label(dictionary().entities[name]), "url": reverse("registry:add_fact", args=[home.pk, name])}
            for name in ("income", "expense", "house", "water", "category", "employment")
        ]},
    ]  # fmt: skip


def _on(story: HouseholdStory) -> str:
    return f"?on={story.day.isoformat()}" if story.past else ""


def _age(scope: Scope, person: Person, day: date) -> int | None:
    born = person.birth_date
    if born is None or not scope.sees(fields_of("person")["birth_date"].sensitivity, person.region_code):
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _data(scope: Scope, person: Person, known: Any) -> Any:
    value = person.data.get(known.name)
    if value is None:
        return None
    if scope.sees(known.sensitivity, person.region_code):
        return shown_value(known, value)
    may = scope.may_reveal(known.sensitivity, person.region_code)
    url = reverse("registry:reveal", args=["person", person.pk, known.name]) if may else ""
    return Masked(str(mask_value(known, value)), url, label_of(known))


@needs(VIEW)
def person(request: Any, person_id: str) -> HttpResponse:
    """A person's page."""
    scope: Scope = request.scope
    story = PersonStory(scope, find_person(scope, person_id), asked_day(request))
    homes = Table(
        [
            Column(_("户"), "household", main=True),
            Column(_("与户主关系"), "relation"),
            Column(_("从"), lambda row: row["begins_on"] or _("建档时")),
            Column(_("到"), lambda row: row["ends_on"] or _("至今")),
            Column(_("缘由"), "why"),
        ],
        story.memberships, _("所属户"), id="homes", empty_title=_("没有所属户的记录"),
    )  # fmt: skip
    context = {
        "page_title": story.person.name, "story": story, "person": story.person, "homes": homes,
        "place": full_names({story.now.region_code})[story.now.region_code], "today": today(),
        "household_url": _home_url(scope, story.home),
        "panels": panels_of("person", scope, story.now, story.day),
        "may_change": not story.past and scope.allows(CHANGE, story.now.region_code),
        "search_url": reverse("registry:people"),
    }  # fmt: skip
    return render(request, "registry/person.html", context)


def _home_url(scope: Scope, home: Household | None) -> str:
    if home is None or not scope.allows(VIEW, home.region_code):
        return ""
    return reverse("registry:household", args=[home.pk])


@never_cache
@needs(VIEW)
def reveal(request: Any, kind: str, key: str, name: str) -> HttpResponse:
    """Show one masked value once, for a reason that is kept on record."""
    scope: Scope = request.scope
    subject, entity, values, back = _revealed(scope, kind, key)
    known = dictionary().entities[entity].fields.get(name)
    if known is None:
        raise Http404
    if not (
        scope.sees(known.sensitivity, subject.region_code) or scope.may_reveal(known.sensitivity, subject.region_code)
    ):
        raise PermissionDenied
    whose = getattr(subject, "name", "") or getattr(subject, "head_name", "") or label(dictionary().entities[entity])
    context: dict[str, Any] = {
        "page_title": _("查看%(label)s") % {"label": label_of(known)}, "whose": whose, "label": label_of(known),
        "back": back, "form": ReasonForm(request.POST or None),
    }  # fmt: skip
    if request.method == "POST" and context["form"].is_valid():
        with transaction.atomic():
            record(
                "registry.reveal", subject=(kind, key), region_code=subject.region_code,
                why=context["form"].cleaned_data["reason"], after={"field": f"{entity}.{name}", "whose": whose},
            )  # fmt: skip
        context |= {"revealed": True, "value": shown_value(known, values.get(name))}
    return render(request, "registry/reveal.html", context)


def _revealed(scope: Scope, kind: str, key: str) -> tuple[Any, str, dict[str, Any], str]:
    """What a value belongs to: the record, its entity, its values, the page to go back to."""
    if kind == "household":
        home = find_household(scope, key)
        return home, "household", household_values(home), reverse("registry:household", args=[key])
    if kind == "person":
        someone = find_person(scope, key)
        return someone, "person", person_values(someone), reverse("registry:person", args=[key])
    if kind == "fact" and key.isdigit():
        fact = Fact.objects.within(scope, VIEW).filter(pk=int(key)).first()
        if fact is not None:
            back = reverse("registry:household", args=[fact.household_id])
            return fact, fact.entity, unpack(fact.entity, fact.data), back
    raise Http404
