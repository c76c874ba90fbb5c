"""An invented register, and a department's rows about it with known damage and the truth, for benchmarks/linkage.py.

The generator knows nothing of the matcher's tables: it draws homophones from the names it uses and keeps look-alikes
and spellings of its own. Every person, place and number is invented (region codes 6299xx do not exist).
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import yaml

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
TODAY = date(2025, 6, 30)
DATA = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
SURNAMES, GIVEN = list(DATA["surnames"]), list(DATA["given"].replace(" ", ""))
SYLLABLES, TIBETAN = DATA["syllables"], DATA["tibetan"]
LOOKALIKES = {pair[0]: pair[1] for pair in DATA["lookalikes"].split()}
TRADITIONAL = {pair[0]: pair[1] for pair in DATA["traditional"].split()}


def check(seventeen: str) -> str:
    return "10X98765432"[sum(int(d) * w for d, w in zip(seventeen, WEIGHTS, strict=True)) % 11]


class County:
    """An invented register: households in villages, clans, siblings with a generation character, twins, namesakes."""

    def __init__(self, persons: int, seed: int) -> None:
        self.r = random.Random(seed)
        self.used: set[str] = set()
        self.persons: list[dict] = []
        self.villages = [
            (f"6299{1 + t // 8:02d}{t % 8 + 100}{v + 200}", f"{self.place()}村", f"{town}镇", f"6299{1 + t // 8:02d}")
            for t in range(16)
            for town in [self.place()]
            for v in range(11)
        ]
        while len(self.persons) < persons:
            self.household()
        self.by_household = defaultdict(list)
        for person in self.persons:
            self.by_household[person["household_id"]].append(person)

    def written(self) -> list[dict]:
        """The register as kept; this county's is whole and right."""
        return self.persons

    def place(self) -> str:
        return "".join(self.r.choice("青白柳河石沙坡沟泉滩岭台梁湾营堡") for _ in range(2))

    def number(self, region: str, born: date, sex: int, near: str | None = None) -> str:
        while True:
            order = int(near[14:17]) + 2 if near else self.r.randrange(500) * 2 + (1 if sex == 1 else 0)
            seventeen = f"{region}{born:%Y%m%d}{order % 1000:03d}"
            number = seventeen + check(seventeen)
            if number not in self.used:
                self.used.add(number)
                return number
            near = None

    def given(self, generation: str | None) -> str:
        size = self.r.random()
        if generation and size < 0.7:
            return generation + self.skewed(GIVEN)
        return "".join(self.skewed(GIVEN) for _ in range(1 if size > 0.8 else 2))

    def skewed(self, letters: list[str]) -> str:
        return letters[int(len(letters) * self.r.random() ** 1.8)]

    def name(self, surname: str, generation: str | None = None) -> str:
        kind = self.r.random()
        if surname == "·":
            return "·".join("".join(self.r.sample(SYLLABLES, self.r.choice((1, 1, 2)))) for _ in range(2))
        if surname == "藏":
            return "".join(self.r.sample(TIBETAN, 2 if kind < 0.8 else 1))
        return surname + self.given(generation)

    def born(self, low: int, high: int) -> date:
        return TODAY - timedelta(days=self.r.randrange(low * 365, high * 365))

    def person(
        self, household: str, village: tuple, name: str, sex: int, born: date, head: str, near: str | None = None
    ) -> dict:
        region = village[3] if self.r.random() < 0.93 else self.r.choice(("629905", "629906", "629801"))
        phone = (
            f"1{self.r.choice('3578')}{self.r.randrange(10**9):09d}"
            if (TODAY - born).days > 16 * 365 and self.r.random() < 0.7
            else None
        )
        one = {
            "person_id": f"P{len(self.persons):07d}", "household_id": household,
            "id_no": self.number(region, born, sex, near), "name": name, "sex": str(sex), "birth_date": born,
            "region_code": village[0], "village_name": village[1], "town_name": village[2],
            "household_head": head, "phone": phone,
        }  # fmt: skip
        self.persons.append(one)
        return one

    def household(self) -> None:
        r = self.r
        village = r.choice(self.villages)
        household = f"H{len(self.persons):07d}"
        kind = r.random()
        surname = "·" if kind < 0.06 else "藏" if kind < 0.12 else self.skewed(SURNAMES)
        head = self.name(surname)
        parent = self.person(household, village, head, 1, self.born(28, 75), head)
        if r.random() < 0.85:
            wife = self.name(surname if surname in "·藏" else self.skewed(SURNAMES))
            self.person(
                household, village, wife, 2, parent["birth_date"] + timedelta(days=r.randrange(-1500, 2500)), head
            )
        generation = self.skewed(GIVEN)
        for _ in range(r.choice((0, 1, 1, 2, 2, 3))):
            born = min(
                parent["birth_date"] + timedelta(days=r.randrange(20 * 365, 35 * 365)),
                TODAY - timedelta(days=r.randrange(1, 300)),
            )
            sex = r.choice((1, 2))
            child = self.person(household, village, self.name(surname, generation), sex, born, head)
            if r.random() < 0.01:
                self.person(household, village, self.name(surname, generation), sex, born, head, near=child["id_no"])
        if r.random() < 0.3:
            self.person(
                household,
                village,
                self.name(surname),
                1,
                parent["birth_date"] - timedelta(days=r.randrange(20 * 365, 30 * 365)),
                head,
            )


class Feeds:
    """Rows of an invented department with their truth: `kind` of damage and the person, or none."""

    def __init__(self, county: County, rows: int, clean: float) -> None:
        self.c, self.r = county, county.r
        self.same_sound = self._same_sound()
        self.rows: list[dict] = []
        id_kinds = [name[3:] for name in dir(self) if name.startswith("id_")]
        name_kinds = [name[5:] for name in dir(self) if name.startswith("name_")]
        registered = int(rows * 0.88)
        for _ in range(registered):
            person = self.r.choice(county.persons)
            draw = self.r.random()
            if draw < clean:
                self.add("clean", person)
            elif draw < clean + (1 - clean) * 0.75:
                self.damaged_id(self.r.choice(id_kinds), person)
            else:
                self.damaged_name(self.r.choice(name_kinds), person)
        for _ in range(rows - registered):
            self.stranger()

    @staticmethod
    def _same_sound() -> dict[str, list[str]]:
        from pypinyin import Style, lazy_pinyin

        groups = defaultdict(list)
        for letter in set(GIVEN):
            groups[lazy_pinyin(letter, style=Style.NORMAL)[0]].append(letter)
        return {
            letter: [other for other in sorted(group) if other != letter]
            for group in groups.values()
            for letter in group
        }

    def add(self, kind: str, person: dict, known: bool = True, **changed: object) -> None:
        r, village = self.r, person["village_name"][:-1]
        row = {
            "id_no": person["id_no"], "disability_no": None, "name": person["name"],
            "sex": "男女"[int(person["sex"]) - 1] if r.random() < 0.8 else None,
            "birth_date": f"{person['birth_date']:%Y%m%d}" if r.random() < 0.4 else None, "age": None,
            "town_name": person["town_name"] if r.random() < 0.7 else None,
            "village_name": village + r.choice(("村", "村", "村委会", "")) if r.random() < 0.9 else None,
            "phone": person["phone"] if r.random() < 0.3 else None,
        }  # fmt: skip
        row.update(changed)
        row.update(row_id=len(self.rows), kind=kind, truth=person["person_id"] if known else None)
        self.rows.append(row)

    def damaged_id(self, kind: str, person: dict, known: bool = True, label: str | None = None) -> None:
        changed = getattr(self, "id_" + kind)(person)
        if changed is None:
            self.add("clean" if known else "stranger: own number", person, known)
        else:
            self.add(label or "id: " + kind.replace("_", " "), person, known, **changed)

    def damaged_name(self, kind: str, person: dict) -> None:
        changed = getattr(self, "name_" + kind)(person["name"])
        if not changed or changed == person["name"]:
            self.add("clean", person)
        elif self.r.random() < 0.8:
            self.add("name: " + kind.replace("_", " "), person, name=changed)
        else:
            both = self.id_one_digit(person) if self.r.random() < 0.5 else self.id_none_birth(person)
            self.add("name and number damaged", person, name=changed, **both)

    def stranger(self) -> None:
        """Somebody who is not in the register: with a number of their own, damaged, or none; a twin; a namesake."""
        r, c = self.r, self.c
        near = r.choice(c.persons)
        draw = r.random()
        born, sex = c.born(1, 85), r.choice((1, 2))
        stranger = {
            **near,
            "birth_date": born,
            "sex": str(sex),
            "name": c.name(self.r.choice([c.skewed(SURNAMES)] * 8 + ["藏", "·"])),
            "phone": f"13{r.randrange(10**9):09d}",
        }
        if draw < 0.03:
            stranger.update(birth_date=near["birth_date"], sex=near["sex"], name=near["name"][:-1] + r.choice(GIVEN))
            if stranger["name"] != near["name"]:
                stranger["id_no"] = c.number(near["id_no"][:6], near["birth_date"], int(near["sex"]), near["id_no"])
                self.add("stranger: twin of a registered", stranger, False)
            return
        stranger["id_no"] = c.number(near["id_no"][:6], born, sex)
        if draw < 0.06:
            self.add("stranger: namesake in the village", {**stranger, "name": near["name"]}, False)
        elif draw < 0.80:
            self.add("stranger: own number", stranger, False)
        elif draw < 0.90:
            kind = r.choice(("one_digit", "swapped", "zeroed_tail", "mask_6_4", "digit_missing", "two_digits"))
            self.damaged_id(kind, stranger, False, "stranger: number damaged")
        else:
            self.damaged_id(r.choice(("none_birth", "none_age")), stranger, False, "stranger: no number")

    # Each gives the changed columns, or None where the person has nothing to damage so.
    def id_format(self, p: dict) -> dict | None:
        number = p["id_no"]
        kind = self.r.randrange(4)
        if kind == 0:
            return {"id_no": f" {number[:6]} {number[6:14]}\u200b {number[14:]}"}
        if kind == 1:
            return {"id_no": number.translate(str.maketrans("0123456789X", "０１２３４５６７８９Ｘ"))}
        return (
            {"id_no": "'" + number.lower()}
            if kind == 2
            else {"id_no": f"{number[:6]}-{number[6:14]}-{number[14:].lower()}\t"}
        )

    def id_fifteen(self, p: dict) -> dict | None:
        return {"id_no": p["id_no"][:6] + p["id_no"][8:17]} if p["id_no"][6:8] == "19" else None

    def id_certificate(self, p: dict) -> dict:
        number = p["id_no"] + self.r.choice("1234567") + self.r.choice("1234") + self.r.choice(("", "", "B1"))
        return {"id_no": None, "disability_no": number} if self.r.random() < 0.5 else {"id_no": number}

    def id_read_by_machine(self, p: dict) -> dict | None:
        place = self.r.choice([i for i, d in enumerate(p["id_no"]) if d in "012568"] or [0])
        letter = {"0": "O", "1": "l", "2": "Z", "5": "S", "6": "b", "8": "B"}.get(p["id_no"][place])
        return (
            {"id_no": p["id_no"][:place] + letter + p["id_no"][place + 1 :]} if letter and letter not in "bB" else None
        )

    def id_one_digit(self, p: dict) -> dict:
        place = self.r.randrange(17)
        return {
            "id_no": p["id_no"][:place]
            + self.r.choice([d for d in "0123456789" if d != p["id_no"][place]])
            + p["id_no"][place + 1 :]
        }

    def id_two_digits(self, p: dict) -> dict:
        return self.id_one_digit(self.id_one_digit(p))

    def id_swapped(self, p: dict) -> dict | None:
        number = p["id_no"]
        places = [i for i in range(16) if number[i] != number[i + 1]]
        i = self.r.choice(places)
        return {"id_no": number[:i] + number[i + 1] + number[i] + number[i + 2 :]}

    def id_digit_missing(self, p: dict) -> dict:
        place = self.r.choice((17, self.r.randrange(18)))
        return {"id_no": p["id_no"][:place] + p["id_no"][place + 1 :]}

    def id_digit_doubled(self, p: dict) -> dict:
        place = self.r.randrange(18)
        return {"id_no": p["id_no"][:place] + p["id_no"][place] + p["id_no"][place:]}

    def id_zeroed_tail(self, p: dict) -> dict:
        return {"id_no": p["id_no"][:15] + "000"}

    def id_double(self, p: dict) -> dict | None:
        return {"id_no": str(int(float(p["id_no"])))} if p["id_no"].isdigit() else None

    def id_scientific(self, p: dict) -> dict | None:
        return {"id_no": f"{float(p['id_no']):.{self.r.choice((5, 5, 8, 14))}E}"} if p["id_no"].isdigit() else None

    def id_mask_6_4(self, p: dict) -> dict:
        return {"id_no": p["id_no"][:6] + self.r.choice(("********", "****", "xxxxxxxx")) + p["id_no"][-4:]}

    def id_mask_other(self, p: dict) -> dict:
        return {
            "id_no": self.r.choice(
                (p["id_no"][:10] + "*" * 8, p["id_no"][:3] + "*" * 11 + p["id_no"][-4:], p["id_no"][:14] + "****")
            )
        }

    def id_region_block(self, p: dict) -> dict:
        return {"id_no": self.r.choice(("629807", "629808", "629701")) + p["id_no"][6:]}

    def id_date_block(self, p: dict) -> dict:
        return {"id_no": p["id_no"][:6] + f"{self.c.born(1, 90):%Y%m%d}" + p["id_no"][14:]}

    def id_relatives(self, p: dict) -> dict | None:
        others = [other for other in self.c.by_household[p["household_id"]] if other is not p]
        return {"id_no": self.r.choice(others)["id_no"]} if others else None

    def id_none_birth(self, p: dict) -> dict:
        return {"id_no": self.r.choice((None, "", "无")), "birth_date": f"{p['birth_date']:%Y-%m-%d}"}

    def id_none_age(self, p: dict) -> dict:
        age = (TODAY - p["birth_date"]).days // 365 + self.r.choice((0, 0, 0, 1))
        return {"id_no": None, "birth_date": None, "age": str(age), "village_name": p["village_name"]}

    def id_in_phone_column(self, p: dict) -> dict:
        return {"id_no": None, "phone": p["id_no"]}

    def name_same_sound(self, name: str) -> str | None:
        others = self.same_sound.get(name[-1])
        return name[:-1] + self.r.choice(others) if others else None

    def name_look_alike(self, name: str) -> str | None:
        return name[:-1] + LOOKALIKES[name[-1]] if name[-1] in LOOKALIKES else None

    def name_traditional(self, name: str) -> str:
        return "".join(TRADITIONAL.get(letter, letter) for letter in name)

    def name_lost(self, name: str) -> str:
        place = self.r.randrange(1, len(name))
        return name[:place] + self.r.choice("?？□") + name[place + 1 :]

    def name_pinyin(self, name: str) -> str | None:
        from pypinyin import lazy_pinyin

        return (
            None
            if "·" in name
            else name[:-1] + lazy_pinyin(name[-1])[0]
            if self.r.random() < 0.5
            else " ".join(lazy_pinyin(name)).title()
        )

    def name_interpunct(self, name: str) -> str:
        return name.replace("·", self.r.choice((".", "•", "・", "", " ", "-")))

    def name_spelling(self, name: str) -> str:
        for one, other in DATA["spellings"].items():
            if one in name:
                return name.replace(one, other)
        return name

    def name_blanks(self, name: str) -> str:
        return name[0] + "　" + name[1:]

    def name_bracket(self, name: str) -> str:
        return name + self.r.choice(("（小名狗娃）", "(曾用名李四)", "【户主】", "a", "1"))

    def name_letter_missing(self, name: str) -> str | None:
        return name[0] + name[2:] if len(name) == 3 else None

    def name_surname_changed(self, name: str) -> str | None:
        return self.c.skewed(SURNAMES) + name[1:] if len(name) == 3 else None
