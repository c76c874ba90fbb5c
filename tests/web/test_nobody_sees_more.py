"""No user, whatever their area and role, sees or changes a record outside it through any address.

The test walks the URL table itself, so a new page cannot be forgotten. Two invented counties live in one instance;
every village's people carry a sign of their village in their names. What a user is answered must hold no sign of a
village outside their area; and what the other county's own users could send, sent by this user, must change nothing
there.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xianjie.engines import open_engine
from xianjie.synth import synthesise
from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.own_account import make_token
from xianjie.web.accounts.roles import all_roles
from xianjie.web.accounts.scope import Holding, Scope, Scoped
from xianjie.web.cases import clues
from xianjie.web.cases.models import Case
from xianjie.web.cases.planning_models import Measure, MeasureReport, Plan
from xianjie.web.cases.services import move, open_case
from xianjie.web.daily.loading import load_register
from xianjie.web.daily.models import Finding, NationalExchange
from xianjie.web.daily.runs import start_run
from xianjie.web.intake.models import Delivery
from xianjie.web.intake.services import Offer, receive_from_folder
from xianjie.web.jobs.services import run_next
from xianjie.web.regions.models import Region, area_of
from xianjie.web.registry.models import Change, Household, Settlement

DAY = date(2025, 10, 30)
COUNTIES = {"A": "62", "B": "14"}
FIRST_SIGN = 0x3400  # rare characters that no invented name holds
DEPARTMENTS = ("medical_insurance", "civil_affairs")
# Addresses that cannot be walked blindly, and why.
LEFT_OUT = {
    "accounts:logout": "ends the walk's own session",
    "accounts:second_step": "a detour of signing in",
    "accounts:login": "before any scope",
}
# Pages that ask for more than a key in their address; the walk knocks, and need not be let in.
NOT_REACHED = {
    "registry:export_file": "a file of one's own finished job",
    "registry:settle": "names its conflict in the query",
    "cases:measure_paper": "a file that somebody handed in",
    "daily:sheet": "a file of an exchange that was written out",
    "regions:preview": "a table that was just uploaded",
}


def marked(data: Path, letter: str, signs: dict[str, str]) -> None:
    """Give ids the county's letter, and names the sign of their village."""
    for path in sorted(data.glob("*.parquet")):
        with open_engine() as engine:
            engine.view_parquet("t", path)
            columns = [row[0] for row in engine.rows("SELECT column_name FROM (DESCRIBE t)")]
            changes = [f"'{letter}' || {name} AS {name}" for name in columns if name.endswith("_id")]
            if path.stem in ("persons", "households"):
                for code, *_ in engine.rows("SELECT DISTINCT region_code FROM t ORDER BY 1"):
                    signs.setdefault(code, chr(FIRST_SIGN + len(signs)))
                sign = "CASE region_code " + " ".join(f"WHEN '{c}' THEN '{s}'" for c, s in signs.items()) + " END"
                changes += [
                    f"{name} || {sign} AS {name}" for name in columns if name in ("name", "head_name", "address")
                ]
            replaced = f" REPLACE ({', '.join(changes)})" if changes else ""
            engine.write_parquet(f"SELECT *{replaced} FROM t", path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)


@dataclass
class World:
    """Two counties in one instance: sign by village, and the regions that a user may be given."""

    signs: dict[str, str] = field(default_factory=dict)
    regions: list[tuple[str, str]] = field(default_factory=list)  # code, level
    forms: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # what county B's users could send


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World()
    with django_db_blocker.unblock():
        for letter, region in COUNTIES.items():
            data = tmp_path_factory.mktemp("county") / letter
            synthesise(data, households=150, seed=7, region=region)
            marked(data, letter, made.signs)
            load_register(data, lambda done, total, text: None)
            if letter == "B":
                daily_job(data)
        made.regions = list(Region.objects.order_by("region_code").values_list("region_code", "level").distinct())
        yield made
        call_command("flush", interactive=False, verbosity=0)


def daily_job(data: Path) -> None:
    """Two deliveries and a finished run for a county, as its office would have them."""
    county = Region.objects.get(level="county", region_code__startswith="14").region_code
    for path in sorted((data / "feeds").rglob("*-*.*")):
        layout, _, day = path.stem.rpartition("-")
        if layout in ("assistance_list", "house_grades"):
            receive_from_folder(
                Offer(county, layout, date.fromisoformat(day), path.name, via=Delivery.FOLDER), [path.read_bytes()]
            )
    while run_next("test"):
        pass
    start_run(county)
    while run_next("test"):
        pass
    assert Finding.everything.exists() and Delivery.everything.count() == 2
    one_of_each(county)


def one_of_each(county: str) -> None:
    """Rows that come from people's work, one of each kind that a page shows."""
    household = Household.everything.filter(region_code__startswith=county[:6]).order_by("pk").first()
    assert household is not None
    place = household.region_code
    told = {"region_code": place, "reason": "走查", "event": 1}
    change = Change.everything.create(kind="correct", happened_on=DAY, by="x", **told)
    change.households.add(household)
    Settlement.everything.create(
        entity="house", key="k", field="grade", value="A", against="x", settled_on=DAY, settled_by="x",
        household_id=household.pk, **told,
    )  # fmt: skip
    NationalExchange.everything.create(
        region_code=county, direction="in", layout="national_members", day=DAY, done=True
    )
    office = Scope((Holding("county", county),))
    clues.add_clue(office, household, "visit", "走查线索")
    case = open_case(office, household, why="走查")
    move(office, case.pk, "dispatch", seen=case.revision)
    helped(office, county)


def helped(office: Scope, county: str) -> None:
    """Another household's case with a plan, a measure and what was told of it."""
    other = Household.everything.filter(region_code__startswith=county[:6]).order_by("pk")[1]
    case = open_case(office, other, why="走查")
    Case.everything.filter(pk=case.pk).update(at="helping", phase="help")
    Plan.everything.create(case=case, version=1, day=DAY, by="x", helper="帮某", helper_phone="13800000000", event=1)
    measure = Measure.everything.create(
        case=case, household=other, region_code=other.region_code, title="走查措施", group="health", risk="illness",
        department=DEPARTMENTS[0], starts_on=DAY, ends_on=DAY,
    )  # fmt: skip
    MeasureReport.everything.create(measure=measure, day=DAY, state="open", by="x", event=1)


def user_of(role: str, region_code: str, department: str = "") -> User:
    user = User.objects.create(username=f"u{User.objects.count()}", display_name="走查", is_active=True)
    Grant.objects.create(user=user, role=role, region_code=region_code, department=department)
    return user


def addresses(patterns: Any = None, prefix: str = "", space: str = "") -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every address of the URL table: its route, its name, its parameters with their converters."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from addresses(entry.url_patterns, prefix + str(entry.pattern), inner)
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), f"{space}{entry.name}", dict(entry.pattern.converters)


def scoped_models() -> list[type[Scoped]]:
    return [model for model in apps.get_models() if issubclass(model, Scoped)]


def keys_inside(code: str) -> dict[str, list[str]]:
    """Keys of records of an area, a few of each kind, by the name that an address gives them; `*` for numbers."""
    low, high = area_of(code)
    found: dict[str, set[str]] = {"*": set()}
    for model in scoped_models():
        rows = model.everything.filter(**{f"{model.region_field}__gte": low, f"{model.region_field}__lt": high})
        first = [str(pk) for pk in rows.order_by("pk").values_list("pk", flat=True)[:1]]
        name = str(model._meta.pk.attname)
        found.setdefault(name if name != "id" else "*", set()).update(first)
    regions = Region.objects.filter(region_code__gte=low, region_code__lt=high).order_by("-region_code")
    found["code"] = set(regions.values_list("region_code", flat=True)[:2])
    return {name: sorted(keys) for name, keys in found.items()}


def both(*parts: dict[str, list[str]]) -> dict[str, list[str]]:
    """The keys of several areas together."""
    names = {name for part in parts for name in part}
    return {name: sorted({key for part in parts for key in part.get(name, ())}) for name in names}


# Words that stand in addresses beside keys of records.
WORDS = {
    "kind": ["birth", "death", "rename", "merge", "household", "person", "two_visitors"],
    "key": [],
    "name": ["id_no", "phone"],
    "entity": ["income", "house"],
    "layout": ["assistance_list", "house_grades"],
    "action": ["dispatch", "close", "password", "submit"],
    "path": ["report.html"],
    "word": ["nothing"],
}


def fill(route: str, converters: dict[str, Any], keys: dict[str, list[str]]) -> Iterator[str]:
    """Addresses made of a route and keys that fit its parameters."""
    choices = []
    for name, converter in converters.items():
        if name == "key":
            fitting = keys.get("person_id", [])[:2] + keys.get("household_id", [])[:2]
        elif name in WORDS:
            fitting = WORDS[name]
        elif name in keys:
            fitting = keys[name][:3]
        else:
            fitting = keys["*"][:14]
        if type(converter).__name__ == "IntConverter":
            fitting = [key for key in fitting if key.isdigit()]
        choices.append([(name, key) for key in fitting])
    for chosen in itertools.islice(itertools.product(*choices), 14):
        path = route
        for _, key in chosen:
            start = path.index("<")
            path = path[:start] + key + path[path.index(">", start) + 1 :]
        yield "/" + path


def text_of(response: Any) -> str:
    """Everything that a response says: page, JSON, or the parts of a workbook."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"\n".join(archive.read(name) for name in archive.namelist())
    return content.decode("utf-8", "replace")


class Forms(HTMLParser):
    """The forms of a page that send something, with what stands in their fields."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self._fields: dict[str, Any] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        here = dict(attrs)
        if tag == "form" and (here.get("method") or "").lower() == "post":
            self._fields = {}
            self.found.append((here.get("action") or "", self._fields))
        if self._fields is None or not here.get("name"):
            return
        name, value = str(here["name"]), here.get("value") or ""
        if tag in ("input", "button", "textarea") and name != "csrfmiddlewaretoken":
            kind = here.get("type")
            self._fields.setdefault(name, value or {"date": "2025-10-30", "number": "1"}.get(str(kind), "走查测试"))
        elif tag == "select":
            self._fields.setdefault(name, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None


def walk(user: User, keys: dict[str, list[str]]) -> Iterator[tuple[str, str, Any]]:
    """Every address asked for by a user: name, address, response."""
    client = Client(raise_request_exception=True, headers={"Authorization": f"Bearer {make_token(user, 'x')}"})
    client.force_login(user)
    for route, name, converters in addresses():
        if name in LEFT_OUT or route.startswith(("static", "gallery")):
            continue
        for path in fill(route, converters, keys) if converters else ["/" + route]:
            yield name, path, client.get(path)


def state_of(code: str) -> dict[str, str]:
    """A digest of every record of an area, by kind."""
    low, high = area_of(code)
    digests = {}
    for model in scoped_models():
        inside = {f"{model.region_field}__gte": low, f"{model.region_field}__lt": high}
        rows = model.everything.filter(**inside).order_by("pk").values_list()
        digests[model.__name__] = hashlib.sha256(repr(list(rows)).encode()).hexdigest()
    return digests


ROLES = sorted(all_roles().roles)
everybody = st.tuples(st.sampled_from(ROLES), st.integers(0, 10_000), st.sampled_from(DEPARTMENTS))


def place_for(world: World, role: str, number: int) -> str:
    fitting = [code for code, level in world.regions if level in all_roles().roles[role].levels]
    return fitting[number % len(fitting)]


@pytest.mark.django_db
def test_every_address_says_who_may_open_it():
    for _, name, _ in addresses():
        view = next(entry for entry in patterns_named(name))
        assert hasattr(view, "access") or name.startswith("api"), name


def patterns_named(name: str, patterns: Any = None, space: str = "") -> Iterator[Any]:
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from patterns_named(name, entry.url_patterns, inner)
        elif f"{space}{entry.name}" == name:
            yield entry.callback


@pytest.mark.django_db
def test_the_walk_reaches_every_page_for_those_who_may_open_it(world: World) -> None:
    """A walk that meets closed doors alone would prove nothing."""
    county = next(code for code, level in world.regions if level == "county" and code.startswith("14"))
    keys = keys_inside(county)
    reached: dict[str, set[int]] = {}
    for role in ROLES:
        for department in DEPARTMENTS if all_roles().roles[role].department else ("",):
            code = county
            if "county" not in all_roles().roles[role].levels:
                level = all_roles().roles[role].levels[0]
                code = next(c for c, at in world.regions if at == level and c.startswith(county[:6]))
            for name, _, response in walk(user_of(role, code, department), keys):
                reached.setdefault(name, set()).add(response.status_code)
    closed = {name for name, codes in reached.items() if not codes & {200, 302, 405}} - NOT_REACHED.keys()
    assert not closed, f"no role opens {sorted(closed)}"
    broken = {name for name, codes in reached.items() if 500 in codes}
    assert not broken


@pytest.mark.django_db
@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(who=everybody)
def test_nobody_is_answered_with_a_record_of_another_area(world: World, who: tuple[str, int, str]) -> None:
    role, number, department = who
    code = place_for(world, role, number)
    low, high = area_of(code)
    outside = [sign for village, sign in world.signs.items() if not low <= village < high]
    user = user_of(role, code, department if all_roles().roles[role].department else "")
    foreign = [keys_inside(village) for village in sorted(world.signs) if not low <= village < high]
    for _, path, response in walk(user, both(*foreign[:2], *foreign[-2:], keys_inside(code))):
        leaked = [sign for sign in outside if sign in text_of(response)]
        assert not leaked, f"{role} of {code} sees {leaked} at {path}"


@pytest.mark.django_db
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(who=everybody)
def test_what_another_county_s_users_could_send_changes_nothing_there(world: World, who: tuple[str, int, str]) -> None:
    role, number, department = who
    theirs = next(code for code, level in world.regions if level == "county" and code.startswith("14"))
    mine = place_for(world, role, number)
    low, high = area_of(mine)
    if low <= theirs < high or area_of(theirs)[0] <= mine < area_of(theirs)[1]:
        mine = next(code for code, level in world.regions if level == "county" and code.startswith("62"))
        role = "county"
    if not world.forms:
        world.forms = harvest(theirs)
    assert len(world.forms) > 10
    client = Client()
    client.force_login(user_of(role, mine, department if all_roles().roles[role].department else ""))
    before = state_of(theirs)
    for path, fields in world.forms:
        client.post(path, fields)
    assert state_of(theirs) == before


def harvest(code: str) -> list[tuple[str, dict[str, Any]]]:
    """Every form that the county's own staff are shown, with its address and fields."""
    keys, forms = keys_inside(code), {}
    for role in ("county", "department", "administrator"):
        department = DEPARTMENTS[0] if role == "department" else ""
        for _, path, response in walk(user_of(role, code, department), keys):
            if response.status_code != 200 or "html" not in response.get("Content-Type", ""):
                continue
            parser = Forms()
            parser.feed(text_of(response))
            for action, fields in parser.found:
                target = action or path
                if "logout" not in target and "language" not in target:
                    forms[(target, tuple(sorted(fields)))] = fields
    return [(path, fields) for (path, _), fields in forms.items()]
