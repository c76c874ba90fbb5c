"""No user, whatever their area and role, sees or changes a record outside it through any address.

The test walks the URL table itself, so a new page cannot be forgotten. Two invented counties live in one instance;
every village's people carry a sign of their village in their names. What a user is answered must hold no sign of a
village outside their area; and what the other county's own users could send, sent by this user, must change nothing
there.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.web.assistance_samples import assisted
from tests.web.intake_county import once
from tests.web.ledger_samples import recorded
from tests.web.supervision_samples import supervised
from tests.web.village_samples import governed
from tests.web.walking import Address, Page, addresses, filled, keys_inside, name_of, scoped_models, text_of, together
from xianjie.engines import open_engine
from xianjie.screening.job import Request
from xianjie.screening.run_folder import read_json
from xianjie.synth import synthesise
from xianjie.web.accounts.models import Grant, User
from xianjie.web.accounts.own_account import make_token
from xianjie.web.accounts.roles import all_roles
from xianjie.web.accounts.scope import Holding, Scope
from xianjie.web.cases import clues, papers
from xianjie.web.cases.drafts import Objection
from xianjie.web.cases.models import Case, CaseEvidence
from xianjie.web.cases.planning_models import Measure, MeasureReport, Plan
from xianjie.web.cases.services import move, open_case
from xianjie.web.daily import runs
from xianjie.web.daily.loading import load_register
from xianjie.web.daily.models import Finding, NationalExchange
from xianjie.web.intake.models import Delivery
from xianjie.web.intake.services import Offer, receive_from_folder
from xianjie.web.jobs.models import Job
from xianjie.web.jobs.services import run_next
from xianjie.web.regions.models import Region, area_of
from xianjie.web.regions.selectors import successor
from xianjie.web.registry.models import Change, Household, Settlement

DAY = date(2025, 10, 30)
OTHER = "14"  # the county beside, of which the register alone is there
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
    "assistance:paper": "a file that somebody handed in",
    "ledgers:file": "a file of one's own finished job",
    "supervision:report_paper": "a file that somebody handed in",
    "supervision:order_paper": "a file that somebody handed in",
    "supervision:letter_paper": "a file that somebody handed in",
    "villages:paper": "a file that somebody handed in",
}
# Words that stand in addresses beside keys of records.
WORDS = {
    "kind": ["household", "person", "birth", "death", "rename", "merge", "two_visitors"],
    "name": ["id_no", "phone"],
    "entity": ["income", "house"],
    "layout": ["assistance_list", "house_grades"],
    "action": ["dispatch", "close", "password", "submit"],
    "path": ["report.html"],
    "word": ["nothing"],
    "clause": ["p1.c1"],
    "sheet": ["asset"],
    "ledger": ["assets"],
    "move": ["confirm"],
    "year": ["2025"],
}
UNSENT = {"accounts:logout", "accounts:language"}  # forms of every page, about oneself
NO_RECORDS = ("static", "gallery")  # the application's own files and components
LET_IN = {200, 302, 405}  # 405: the address takes what is sent only


def marked(data: Path, signs: dict[str, str], letter: str = "") -> None:
    """Give names and sentences the sign of their village, and ids a letter of their own."""
    for path in sorted(data.glob("**/*.parquet")):
        with open_engine() as engine:
            engine.view_parquet("t", path)
            columns = [row[0] for row in engine.rows("SELECT column_name FROM (DESCRIBE t)")]
            changes = [f"'{letter}' || {name} AS {name}" for name in columns if name.endswith("_id")] if letter else []
            if "region_code" in columns and path.stem in SIGNED:
                for code, *_ in engine.rows("SELECT DISTINCT region_code FROM t WHERE region_code > '' ORDER BY 1"):
                    signs.setdefault(code, chr(FIRST_SIGN + len(signs)))
                sign = "CASE region_code " + " ".join(f"WHEN '{c}' THEN '{s}'" for c, s in signs.items()) + " END"
                changes += [f"{name} || {sign} AS {name}" for name in columns if name in SIGNED[path.stem]]
            if not changes:
                continue
            engine.write_parquet(f"SELECT * REPLACE ({', '.join(changes)}) FROM t", path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)


# Files of a register and of a run, and their columns that carry the sign of a village.
SIGNED = {"persons": ("name",), "households": ("head_name", "address"), "findings": ("text", "value")}


@dataclass
class World:
    """Two counties in one instance, and what their own people are shown: addresses by name, forms."""

    signs: dict[str, str]
    regions: list[tuple[str, str]]  # code, level
    opened: dict[str, set[str]] = field(default_factory=dict, repr=False)
    # By name and fields: what was sent where.
    forms: dict[tuple[str, tuple[str, ...]], dict[str, dict[str, Any]]] = field(default_factory=dict, repr=False)

    def county(self, letter: str = "62") -> str:
        return next(code for code, level in self.regions if level == "county" and code.startswith(letter))


@pytest.fixture(scope="module")
def world(
    county: Path, run: Path, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder, signs = tmp_path_factory.mktemp("counties"), dict[str, str]()
    shutil.copytree(county, folder / "data", ignore=shutil.ignore_patterns("truth"))
    shutil.copytree(run, folder / "run")
    synthesise(folder / "other", households=60, seed=7, region=OTHER)
    marked(folder / "data", signs)
    marked(folder / "run", signs)
    marked(folder / "other", signs, "B")

    def screened(request: Request, **_told: Any) -> Any:
        shutil.rmtree(request.out, ignore_errors=True)  # other tests of this worker use the same instance's folder
        shutil.copytree(folder / "run", request.out)
        return read_json(request.out / "counts.json")

    def make() -> World:
        for data in ("data", "other"):
            load_register(folder / data, lambda done, total, text: None)
        made = World(signs, list(Region.objects.order_by("region_code").values_list("region_code", "level").distinct()))
        daily_job(folder / "data", made.county())
        look_around(made, made.county())
        look_around(made, made.county(OTHER))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.getLogger("django.request"), "disabled", True)  # closed doors are what this is about
        patch.setattr(runs, "run_screening", screened)  # a real run's results, made before
        with once(django_db_blocker, make) as made:
            yield made


def daily_job(data: Path, county: str) -> None:
    """Two deliveries and a finished run for a county, as its office would have them."""
    for path in sorted((data / "feeds").rglob("*-*.*")):
        layout, _, day = path.stem.rpartition("-")
        if layout in ("assistance_list", "house_grades"):
            receive_from_folder(
                Offer(county, layout, date.fromisoformat(day), path.name, via=Delivery.FOLDER), [path.read_bytes()]
            )
    while run_next("test"):
        pass
    runs.start_run(county)
    while run_next("test"):
        pass
    failed = list(Job.everything.exclude(state=Job.DONE).values_list("kind", "error"))
    assert Finding.everything.exists() and Delivery.everything.count() == 2, failed
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
    supervised(office, county, DAY)
    assisted(office, county, DAY)
    recorded(office, county)
    objected(office, county)
    governed(county)


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


def objected(office: Scope, county: str) -> None:
    """A third household's case whose notice hangs, with an objection to it and a paper."""
    household = Household.everything.filter(region_code__startswith=county[:6]).order_by("pk")[2]
    case = open_case(office, household, why="走查")
    Case.everything.filter(pk=case.pk).update(at="village_notice")
    told = {"case": case, "step": "village_notice", "round": case.revision}
    Objection.everything.create(raised_on=DAY, raised_by="走查人", text="走查异议", recorded_by="x", **told)
    paper = papers.keep(SimpleUploadedFile("走查.pdf", b"%PDF-1.4 " + household.head_name.encode()))
    CaseEvidence.everything.create(kind="notice_posted", given_on=DAY, given_by="x", file=paper, **told)


def user_of(role: str, region_code: str, department: str = "") -> User:
    user = User.objects.create(username=f"u{User.objects.count()}", display_name="走查", is_active=True)
    department = department if all_roles().roles[role].department else ""
    Grant.objects.create(user=user, role=role, region_code=region_code, department=department)
    return user


def client_of(user: User) -> Client:
    client = Client(headers={"Authorization": f"Bearer {make_token(user, 'x')}"})
    client.force_login(user)
    return client


def staff(world: World, county: str) -> list[tuple[frozenset[str], Client]]:
    """Somebody of each role in a county (and of each department), with the permissions they have."""
    found = []
    for name, role in all_roles().roles.items():
        fitting = [code for code, level in world.regions if level in role.levels and code.startswith(county[:6])]
        code = county if county in fitting else fitting[0]
        for department in DEPARTMENTS if role.department else ("",):
            found.append((frozenset(role.permissions), client_of(user_of(name, code, department))))
    return sorted(found, key=lambda one: -len(one[0]))


def look_around(world: World, county: str) -> None:
    """Let a county's staff open every address there is until a few of each are open: those without parameters, then
    what pages link to, then, where nothing of a kind is open yet, what keys of the county's records make of it."""
    survey = Survey(world, staff(world, county))
    walked = [one for one in addresses() if one.name not in LEFT_OUT and not one.route.startswith(NO_RECORDS)]
    keyed = [one for one in walked if one.converters]
    for address in walked:
        world.opened.setdefault(address.name, set())
    for case in Case.everything.filter(region_code__startswith=county[:6], moves__reason="走查").order_by("pk"):
        survey.open("cases:case", survey.people[0][1], f"/cases/{case.pk}/")  # of all cases, those made for this
    for address in walked:
        if not address.converters:
            survey.try_each(address, ["/" + address.route])
    for address in keyed * 2:  # the second time for what was linked from later pages
        survey.follow(address)
    villages = [code for code in sorted(world.signs) if code.startswith(county[:6])]
    keys = together(keys_inside(county, 6), *(keys_inside(code) for code in (villages[0], villages[-1])))
    for address in keyed:
        if not survey.found.get(address.name):
            survey.try_each(address, list(filled(address, keys, WORDS)))
            survey.follow(address)


ENOUGH = 2  # open addresses of one route in a county


@dataclass
class Survey:
    """What a county's staff have opened, and where the pages they saw lead."""

    world: World
    people: list[tuple[frozenset[str], Client]]
    found: dict[str, set[str]] = field(default_factory=dict)
    linked: dict[str, dict[str, tuple[str, Client]]] = field(default_factory=dict)  # name → path → link, who saw it

    def try_each(self, address: Address, paths: list[str]) -> None:
        """Paths of an address, asked for by everybody who might be let in, until somebody is."""
        wanted = all_roles().permissions.keys() & getattr(address.view, "access", ())
        likely = [client for permissions, client in self.people if not wanted or wanted & permissions]
        if self.world.opened[address.name] or address.name in NOT_REACHED:
            likely, paths = likely[:1], paths[:ENOUGH]  # nothing need be open: a look is enough
        found = self.found.setdefault(address.name, set())
        for client in likely:
            for path in paths:
                self.open(address.name, client, path)
                if len(found) >= ENOUGH:
                    return
            if found:
                return

    def follow(self, address: Address) -> None:
        """Links to an address, by those who saw them."""
        for link, client in list(self.linked.get(address.name, {}).values()):
            if len(self.found.get(address.name, ())) < ENOUGH:
                self.open(address.name, client, link)

    def open(self, name: str, client: Client, path: str) -> bool:
        """Ask for an address; if the user may open it, keep it with the links and forms that it shows."""
        if path in self.found.setdefault(name, set()):
            return True
        response = client.get(path)
        if response.status_code not in LET_IN:
            return False
        self.found[name].add(path)
        self.world.opened[name].add(path)
        if response.status_code == 200 and "html" in response.get("Content-Type", ""):
            self.gather(client, path, Page(text_of(response)))
        return True

    def gather(self, client: Client, path: str, page: Page) -> None:
        """Keep the links and forms of a page, a few of each kind."""
        for link in page.links:
            to = urldefrag(urljoin(path, link)).url
            if name := name_of(to):
                self.linked.setdefault(name, {}).setdefault(urlsplit(to).path, (to, client))
        for action, fields in page.forms:
            target = urljoin(path, action)
            self.linked.setdefault(name_of(target), {}).setdefault(urlsplit(target).path, (target, client))
            alike = self.world.forms.setdefault((name_of(target), tuple(sorted(fields))), {})
            if name_of(target) not in UNSENT and len(alike) < 2 * ENOUGH:
                alike[target] = fields


def state_of(code: str) -> dict[str, str]:
    """A digest of every record of an area, by kind."""
    low, high = area_of(code)
    digests = {}
    for model in scoped_models():
        inside = {f"{model.region_field}__gte": low, f"{model.region_field}__lt": high}
        rows = model.everything.filter(**inside).order_by("pk").values_list()
        digests[model.__name__] = hashlib.sha256(repr(list(rows)).encode()).hexdigest()
    return digests


# Nothing is gained by a simpler user than the one who saw too much, and each costs a walk.
LEAN = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
    print_blob=False,
)
# Those who may most come first: the first that is drawn is the county's office of the other county.
ROLES = sorted(all_roles().roles, key=lambda name: (-len(all_roles().roles[name].permissions), name))
everybody = st.tuples(st.sampled_from(ROLES), st.integers(0, 10_000), st.sampled_from(DEPARTMENTS))


def place_for(world: World, role: str, number: int) -> str:
    fitting = [code for code, level in world.regions if level in all_roles().roles[role].levels]
    return fitting[number % len(fitting)]


def test_every_address_says_who_may_open_it() -> None:
    for address in addresses():
        assert hasattr(address.view, "access") or address.app == "api", address.name


@pytest.mark.django_db
def test_the_walk_reaches_every_page_for_those_who_may_open_it(world: World) -> None:
    """A walk that meets closed doors alone would prove nothing."""
    closed = {name for name, paths in world.opened.items() if not paths} - NOT_REACHED.keys()
    assert not closed, f"no role opens {sorted(closed)}"
    assert len(world.forms) > 40


@pytest.mark.django_db
@settings(LEAN, max_examples=2)
@example(who=("village", 62, DEPARTMENTS[0]))
@given(who=everybody)
def test_nobody_is_answered_with_a_record_of_another_area(world: World, who: tuple[str, int, str]) -> None:
    """Everything that somebody of either county is shown, asked for by somebody else."""
    role, number, department = who
    code = place_for(world, role, number)
    low, high = area_of(successor(code))  # rights on a village that was renumbered hold for what stands in its place
    outside = [sign for village, sign in world.signs.items() if not low <= village < high]
    client = client_of(user_of(role, code, department))
    seen = {}
    for path in sorted(set().union(*world.opened.values())):
        if leaked := set(outside) & set(text_of(client.get(path))) - set(unquote(path)):
            seen[path] = leaked
    assert not seen, f"{role} of {code} is shown other places' {seen}"


@pytest.mark.django_db
@settings(LEAN, max_examples=2)
@given(who=everybody)
def test_what_another_county_s_users_could_send_changes_nothing_there(world: World, who: tuple[str, int, str]) -> None:
    role, number, department = who
    theirs = world.county()
    mine = successor(place_for(world, role, number))
    low, high = area_of(mine)
    if low <= theirs < high or area_of(theirs)[0] <= mine < area_of(theirs)[1]:
        role, mine = "county", world.county(OTHER)
    client = client_of(user_of(role, mine, department))
    before = state_of(theirs)
    for alike in world.forms.values():
        for path, fields in alike.items():
            client.post(path, fields)
    assert state_of(theirs) == before
