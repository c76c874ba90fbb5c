"""A second invented county for benchmarks/linkage.py, with other habits than the first.

Few names carry many people, villages of many towns share a name, the register itself has gaps and errors, many rows
say no more than a number and a name, and strangers may be relatives of registered people. It shares no table with the
matcher nor with the first county. Every person, place and number is invented (regions of such codes do not exist).
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import yaml
from linkage_county import TODAY, check

DATA = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
SHARES = [re.fullmatch(r"(\D+)(\d+)", word) for word in DATA["surnames"].split()]
SURNAMES = {share[1]: int(share[2]) for share in SHARES}
GIVEN = {age: words.split() for age, words in DATA["given"].items()}
LETTERS = DATA["letters"]
TRADITIONAL = {pair[0]: pair[1] for pair in DATA["traditional"].split()}
LOOKALIKES = {group[0]: group[1:] for group in DATA["lookalikes"].split()}
SPELLINGS = [pair.split("=") for pair in DATA["spellings"].split()]
CONFUSED = dict(zip("0123456789", ("68O", "7l4", "7Z", "85", "19", "63S", "058", "12", "360B", "47g"), strict=True))
NEAR = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("ing", "in"), ("eng", "en"), ("ang", "an"), ("f", "h"))


@cache
def sounds() -> tuple[dict[str, str], dict[str, list[str]]]:
    """Reading of each everyday character without tone, and the characters of each reading."""
    from pypinyin import lazy_pinyin

    letters = [bytes([hi, lo]).decode("gb2312") for hi in range(0xB0, 0xD7) for lo in range(0xA1, 0xFF)]
    reading = dict(zip(letters, lazy_pinyin(letters), strict=True))
    groups = defaultdict(list)
    for letter, sound in reading.items():
        groups[sound].append(letter)
    return reading, groups


class County:
    """An invented register in towns and villages, with the gaps and errors that registers have."""

    def __init__(self, persons: int, seed: int, variant: str = "plain") -> None:
        self.r = random.Random(f"{seed}{variant}")
        self.habits = DATA["variants"][variant]
        self.used: set[str] = set()
        self.persons: list[dict] = []
        self.unregistered: list[dict] = []
        prefix = self.habits["prefix"]
        self.villages = [
            (f"{prefix}{21 + t // 6}{100 + t % 6}{200 + v}", f"{place}村", f"{town}镇", f"{prefix}{21 + t // 6}")
            for t, town in enumerate(DATA["towns"])
            for v, place in enumerate(self.r.sample(DATA["places"], 18))
        ]
        while len(self.persons) < persons:
            self.household()
        self.by_household = defaultdict(list)
        for person in self.persons:
            self.by_household[person["household_id"]].append(person)

    def number(self, region: str, born: date, sex: int, near: str = "") -> str:
        for attempt in range(400):
            if near:
                order = (int(near[14:17]) + 2 * attempt + 2) % 1000
            else:
                order = min(999, self.r.randrange(60) * 2 + attempt // 40 * 2 + (sex == 1))
            seventeen = f"{region}{born:%Y%m%d}{order:03d}"
            number = seventeen + check(seventeen)
            if number not in self.used:
                self.used.add(number)
                return number
        return self.number(region, born + timedelta(days=1), sex)

    def born(self, low: int, high: int) -> date:
        return TODAY - timedelta(days=self.r.randrange(low * 365, high * 365))

    def phone(self, born: date) -> str | None:
        if TODAY.year - born.year <= 15 or self.r.random() >= 0.5:
            return None
        return f"1{self.r.choice('35789')}{self.r.randrange(10**9):09d}"

    def surname(self) -> str:
        return self.r.choices(list(SURNAMES), list(SURNAMES.values()))[0]

    def given(self, born: date, generation: str = "") -> str:
        age, r = TODAY.year - born.year, self.r
        if r.random() < 0.45:
            words = GIVEN["old" if age > 55 else "middle" if age > 28 else "young"]
            return words[int(len(words) * r.random() ** 1.6)]
        if generation and r.random() < 0.7:
            return generation + r.choice(LETTERS)
        return r.choice(LETTERS) + (r.choice(LETTERS) if r.random() < 0.75 else "")

    def name(self, surname: str, born: date, generation: str = "") -> str:
        if surname in DATA["minority"]:
            words = DATA["minority"][surname]
            return "·".join(self.r.sample(words, 2)) if surname == "·" else self.r.choice(words)
        return surname + self.given(born, generation)

    def family_name(self) -> str:
        return self.r.choice(list(DATA["minority"])) if self.r.random() < self.habits["minority"] else self.surname()

    def household(self) -> None:
        r, village, key = self.r, self.r.choice(self.villages), f"K{len(self.persons):07d}"
        surname, generation = self.family_name(), r.choice(LETTERS)
        born = self.born(26, 78)
        head = self.name(surname, born)
        members = [(head, 1, born)]
        if r.random() < 0.8:
            wife_born = born + timedelta(days=r.randrange(-1200, 2600))
            family = surname if surname in DATA["minority"] else self.surname()
            members.append((self.name(family, wife_born), 2, wife_born))
        for _ in range(r.choice((0, 0, 1, 1, 2, 3))):
            day = born + timedelta(days=r.randrange(20 * 365, 36 * 365))
            day = min(day, TODAY - timedelta(days=r.randrange(1, 300)))
            child = (self.name(surname, day, generation), r.choice((1, 2)), day)
            members.append(child)
            if r.random() < 0.012:
                members.append((self.name(surname, day, generation), child[1], day))
        if r.random() < 0.25:
            old = born - timedelta(days=r.randrange(20 * 365, 32 * 365))
            members.append((self.name(surname if r.random() < 0.5 else self.surname(), old), r.choice((1, 2)), old))
        if surname not in DATA["minority"] and r.random() < 0.02:
            members.append((members[-1][0], members[-1][1], self.born(1, 80)))  # of one name in one household
        last = ""
        for place, (name, sex, day) in enumerate(members):
            region = village[3] if r.random() < 0.85 else f"{self.habits['prefix']}{r.randrange(10, 60)}"
            twin = last[6:14] == f"{day:%Y%m%d}"
            last = self.number(last[:6] if twin else region, day, sex, last if twin else "")
            person = {
                "person_id": f"Q{len(self.persons):07d}", "household_id": key, "id_no": last, "name": name,
                "sex": str(sex), "birth_date": day, "region_code": village[0], "village_name": village[1],
                "town_name": village[2], "household_head": head,
                "phone": self.phone(day),
            }  # fmt: skip
            if place and r.random() < 0.04:
                self.unregistered.append(person)  # lives there, is not registered
            else:
                self.persons.append(person)

    def written(self) -> list[dict]:
        """The register as kept: some people without a number or with a wrong one, some birth dates as told."""
        r, habits, rows = self.r, self.habits, []
        for person in self.persons:
            row = dict(person)
            draw = r.random()
            if draw < habits["no_number"]:
                row["id_no"] = None
            elif draw < habits["no_number"] + habits["own_errors"]:
                row["id_no"] = Damage(self).one_digit(person)["id_no"]
            if r.random() < 0.01:
                row["birth_date"] = person["birth_date"] + timedelta(days=r.randrange(-45, 45))
            rows.append(row)
        return rows


class Damage:
    """Ways in which departments write a number or a name; each gives the changed columns or None."""

    def __init__(self, county: County) -> None:
        self.c, self.r = county, county.r

    def tidy_x(self, p: dict) -> dict:
        written = self.r.choice(("{} ", "\ufeff{}", "ID:{}", "{}\r\n", "“{}”", "身份证号{}"))
        return {"id_no": written.format(p["id_no"].lower())}

    def full_width(self, p: dict) -> dict:
        return {"id_no": "".join(chr(ord(d) + 0xFEE0) for d in p["id_no"])}

    def grouped(self, p: dict) -> dict:
        n = p["id_no"]
        return {"id_no": self.r.choice(" -—.").join((n[:6], n[6:10], n[10:14], n[14:]))}

    def fifteen(self, p: dict) -> dict | None:
        return {"id_no": p["id_no"][:6] + p["id_no"][8:17]} if p["id_no"][6:8] == "19" else None

    def certificate(self, p: dict) -> dict:
        number = p["id_no"] + self.r.choice("1234567") + self.r.choice("1234") + self.r.choice(("", "B1", "B2"))
        return {"id_no": number} if self.r.random() < 0.6 else {"disability_no": number, "id_no": None}

    def misread(self, p: dict) -> dict:
        number = list(p["id_no"])
        for place in self.r.sample(range(17), self.r.choice((1, 1, 2))):
            number[place] = self.r.choice(CONFUSED[number[place]])
        return {"id_no": "".join(number)}

    def one_digit(self, p: dict) -> dict:
        n, place = p["id_no"], self.r.randrange(18)
        return {"id_no": n[:place] + self.r.choice([d for d in "0123456789" if d != n[place]]) + n[place + 1 :]}

    def two_digits(self, p: dict) -> dict:
        return self.one_digit(self.one_digit(p))

    def swapped(self, p: dict) -> dict | None:
        n = p["id_no"]
        places = [i for i in range(16) if n[i] != n[i + 1]]
        i = self.r.choice(places)
        return {"id_no": n[:i] + n[i + 1] + n[i] + n[i + 2 :]}

    def missing(self, p: dict) -> dict:
        n, place = p["id_no"], self.r.choice((17, self.r.randrange(18)))
        return {"id_no": n[:place] + n[place + 1 :]}

    def doubled(self, p: dict) -> dict:
        n, place = p["id_no"], self.r.randrange(18)
        return {"id_no": n[:place] + n[place] + n[place:]}

    def zeroed(self, p: dict) -> dict:
        return {"id_no": p["id_no"][:15] + "000"}

    def scientific(self, p: dict) -> dict | None:
        return {"id_no": f"{float(p['id_no']):.{self.r.choice((5, 10, 13))}E}"} if p["id_no"].isdigit() else None

    def mask_6_4(self, p: dict) -> dict:
        return {"id_no": p["id_no"][:6] + self.r.choice("*●#") * 8 + p["id_no"][-4:]}

    def mask_tail(self, p: dict) -> dict:
        return {"id_no": p["id_no"][:14] + "****"}

    def mask_birth(self, p: dict) -> dict:
        return {"id_no": p["id_no"][:10] + "****" + p["id_no"][-4:]}

    def mask_both(self, p: dict) -> dict:
        n = p["name"]
        return {"id_no": p["id_no"][:6] + "********" + p["id_no"][-4:], "name": n[0] + "*" + n[2:]}

    def region(self, p: dict) -> dict:
        seventeen = f"{self.c.habits['prefix']}{self.r.randrange(70, 99)}" + p["id_no"][6:17]
        return {"id_no": seventeen + (check(seventeen) if self.r.random() < 0.3 else p["id_no"][-1])}

    def date_block(self, p: dict) -> dict:
        near = p["birth_date"] + timedelta(days=self.r.choice((365, -365, 3652, 30, self.r.randrange(2000))))
        return {"id_no": p["id_no"][:6] + f"{near:%Y%m%d}" + p["id_no"][14:]}

    def relatives(self, p: dict) -> dict | None:
        others = [one for one in self.c.by_household[p["household_id"]] if one is not p]
        return {"id_no": self.r.choice(others)["id_no"]} if others else None

    def other_column(self, p: dict) -> dict:
        if self.r.random() < 0.5:
            return {"id_no": None, "phone": p["id_no"]}
        return {"id_no": None, "name": f"{p['name']}{p['id_no']}"}

    def none_birth(self, p: dict) -> dict:
        day = p["birth_date"]
        counted = str((day - date(1899, 12, 30)).days)
        written = (f"{day:%Y-%m-%d}", f"{day.year}年{day.month}月{day.day}日", f"{day:%Y.%m.%d}", counted)
        return {"id_no": None, "birth_date": self.r.choice(written), **self.place(p, 0.8)}

    def none_age(self, p: dict) -> dict:
        age = str((TODAY - p["birth_date"]).days // 365)
        return {"id_no": None, "age": age, "birth_date": None, **self.place(p, 1)}

    def none_month(self, p: dict) -> dict:
        return {"id_no": None, "birth_date": f"{p['birth_date']:%Y年%m月}", **self.place(p, 1)}

    def none_lunar(self, p: dict) -> dict:
        lunar = p["birth_date"] - timedelta(days=self.r.randrange(19, 50))
        return {"id_no": None, "birth_date": f"{lunar:%Y-%m-%d}", **self.place(p, 1)}

    def none_head(self, p: dict) -> dict:
        return {"id_no": None, "household_head": p["household_head"], **self.place(p, 1)}

    def none_phone(self, p: dict) -> dict | None:
        return {"id_no": None, "phone": p["phone"]} if p["phone"] else None

    def place(self, p: dict, share: float) -> dict:
        """Where somebody lives, as departments write it; some have moved."""
        if self.r.random() > share:
            return {"village_name": None, "town_name": None}
        home = self.r.choice(self.c.villages) if self.r.random() < self.c.habits["moved"] else None
        code, village, town = home[:3] if home else (p["region_code"], p["village_name"], p["town_name"])
        bare = village[:-1]
        return self.r.choice((
            {"village_name": village, "town_name": town},
            {"village_name": f"{town}{bare}村民委员会", "town_name": None},
            {"village_name": f"{bare}村三组", "town_name": town}, {"village_name": bare, "town_name": town[:-1]},
            {"village_name": None, "town_name": None, "region_code": code},
        ))  # fmt: skip

    def name_same_sound(self, name: str) -> str | None:
        reading, groups = sounds()
        place = self.r.randrange(1, len(name))
        others = [one for one in groups[reading.get(name[place], "")] if one != name[place]]
        return name[:place] + self.r.choice(others) + name[place + 1 :] if others and "·" not in name else None

    def name_near_sound(self, name: str) -> str | None:
        reading, groups = sounds()
        sound = reading.get(name[-1], "")
        for one, other in NEAR:
            turned = other + sound[1:] if sound[:1] == one else ""
            if len(one) > 1 and one in sound:
                turned = sound.replace(one, other)
            if groups.get(turned):
                return name[:-1] + self.r.choice(groups[turned])
        return None

    def name_look_alike(self, name: str) -> str | None:
        places = [i for i in range(1, len(name)) if name[i] in LOOKALIKES]
        if not places:
            return None
        i = self.r.choice(places)
        return name[:i] + self.r.choice(LOOKALIKES[name[i]]) + name[i + 1 :]

    def name_traditional(self, name: str) -> str:
        return "".join(TRADITIONAL.get(letter, letter) for letter in name)

    def name_lost(self, name: str) -> str:
        place = self.r.randrange(1, len(name))
        return name[:place] + self.r.choice(("?", "□", "〇", "??", "")) + name[place + 1 :]

    def name_pinyin(self, name: str) -> str | None:
        from pypinyin import Style, lazy_pinyin

        if "·" in name:
            return None
        toned = self.r.random() < 0.3
        parts = lazy_pinyin(name, style=Style.TONE if toned else Style.NORMAL)
        bracketed = name[0] + "(" + "".join(parts[1:]) + ")"
        return self.r.choice((" ".join(parts).upper(), name[:-1] + parts[-1], bracketed, "".join(parts)))

    def name_interpunct(self, name: str) -> str:
        return name.replace("·", self.r.choice((".", "•", "▪", "", " ", "·", "。", "*", "—", "丶")))

    def name_spelling(self, name: str) -> str:
        for one, other in SPELLINGS:
            name = name.replace(one, other)
        return name

    def name_order(self, name: str) -> str | None:
        if "·" in name:
            return "·".join(reversed(name.split("·")))
        return name[0] + name[2] + name[1] if len(name) == 3 else None

    def name_first_part(self, name: str) -> str | None:
        return name.split("·", 1)[0] if "·" in name else None

    def name_title(self, name: str) -> str:
        titled = ("{}（户主）", "{}(已故)", "{}*", "{}1", "户主：{}", "{}[小名二蛋]", "{} 女", "{}、")
        return self.r.choice(titled).format(name)

    def name_maiden(self, name: str) -> str | None:
        return self.c.surname() + name[1:] if len(name) == 3 else None

    def name_extra(self, name: str) -> str | None:
        return name + self.r.choice(LETTERS) if len(name) == 2 else None

    def name_short(self, name: str) -> str | None:
        return name[0] + name[2:] if len(name) == 3 else None


NUMBERS = (
    "tidy_x", "full_width", "grouped", "fifteen", "certificate", "misread", "one_digit", "two_digits", "swapped",
    "missing", "doubled", "zeroed", "scientific", "mask_6_4", "mask_tail", "mask_birth", "mask_both", "region",
    "date_block", "relatives", "other_column", "none_birth", "none_age", "none_month", "none_lunar",
    "none_head", "none_phone",
)  # fmt: skip
NUMBERS_DAMAGED = (
    "one_digit", "two_digits", "swapped", "zeroed", "mask_6_4", "mask_tail", "scientific", "misread", "fifteen",
)  # fmt: skip
NAMES = tuple(name for name in dir(Damage) if name.startswith("name_"))


class Feeds:
    """Rows of the county's departments with their truth: `kind` of damage and the person, or none."""

    def __init__(self, county: County, rows: int, clean: float | None = None) -> None:
        self.c, self.r, self.damage = county, county.r, Damage(county)
        clean = county.habits["clean"] if clean is None else clean
        strangers = county.habits["strangers"]
        self.rows: list[dict] = []
        while len(self.rows) < rows:
            if self.r.random() < strangers:
                self.stranger()
                continue
            person, draw = self.r.choice(county.persons), self.r.random()
            if draw < clean:
                self.add("clean", person)
            elif draw < clean + (1 - clean) * 0.7:
                kind = self.r.choice(NUMBERS)
                changed = getattr(self.damage, kind)(person)
                self.add("id: " + kind if changed else "clean", person, **(changed or {}))
            else:
                self.damaged_name(person)

    def damaged_name(self, person: dict) -> None:
        kind = self.r.choice(NAMES)
        name = getattr(self.damage, kind)(person["name"])
        if not name or name == person["name"]:
            self.add("clean", person)
        elif self.r.random() < 0.75:
            self.add("name: " + kind[5:], person, name=name)
        else:
            number = self.r.choice((self.damage.one_digit, self.damage.none_birth, self.damage.mask_6_4))(person)
            self.add("both: name and number", person, **number, name=name)

    def add(self, kind: str, person: dict, known: bool = True, **changed: object) -> None:
        r = self.r
        row = dict.fromkeys((
            "id_no", "disability_no", "name", "sex", "birth_date", "age", "town_name", "village_name", "region_code",
            "household_head", "phone",
        ))  # fmt: skip
        row.update(id_no=person["id_no"], name=person["name"])
        if r.random() > self.c.habits["sparse"]:
            row["sex"] = "男女"[int(person["sex"]) - 1]
            row.update(self.damage.place(person, 0.8))
            row["birth_date"] = f"{person['birth_date']:%Y%m%d}" if r.random() < 0.5 else None
            row["phone"] = person["phone"] if r.random() < 0.4 else None
        row.update(changed)
        row.update(row_id=len(self.rows), kind=kind, truth=person["person_id"] if known else None)
        self.rows.append(row)

    def stranger(self) -> None:
        """Somebody who is not registered: anybody, a relative, a namesake, a relative under a registered number."""
        r, c = self.r, self.c
        draw = r.random()
        if draw < c.habits["kin_strangers"] and c.unregistered:
            person = r.choice(c.unregistered)
            family = c.by_household[person["household_id"]]
            if family and r.random() < 0.3:
                self.add("stranger: relative under a registered number", person, False, id_no=r.choice(family)["id_no"])
                return
            kind = r.choice((None, None, "one_digit", "none_birth", "none_age", "mask_6_4", "scientific"))
            self.add("stranger: relative", person, False, **(getattr(self.damage, kind)(person) or {} if kind else {}))
            return
        near, born, sex = r.choice(c.persons), c.born(1, 85), r.choice((1, 2))
        name = near["name"] if draw < 0.1 else c.name(c.family_name(), born)
        person = {**near, "name": name, "sex": str(sex), "birth_date": born, "phone": f"13{r.randrange(10**9):09d}"}
        person.update(id_no=c.number(near["id_no"][:6], born, sex), household_head=c.name(c.family_name(), born))
        if draw < 0.1:
            self.add("stranger: namesake in the village", person, False)
        elif draw < 0.7:
            self.add("stranger: own number", person, False)
        elif draw < 0.85:
            kind = r.choice(NUMBERS_DAMAGED)
            self.add("stranger: number damaged", person, False, **(getattr(self.damage, kind)(person) or {}))
        else:
            kind = r.choice(("none_birth", "none_age", "none_month", "none_head", "none_lunar"))
            self.add("stranger: no number", person, False, **getattr(self.damage, kind)(person))
