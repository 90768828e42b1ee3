"""Organizations of the demo. Names are ours; numbers are of ranges that were never given out."""

import csv
import io
import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from rolebook.cli.server.demo_world.cast import SURNAMES

_VALLEYS = (
    "Alder Creek", "Amber Lake", "Birch Hollow", "Blue Heron", "Bright Water", "Cedar Valley", "Clear Fork",
    "Copper Ridge", "Cottonwood", "Dry Canyon", "Eagle Bend", "Elk Meadow", "Fern Hill", "Fox Run", "Granite Peak",
    "Harbor Point", "Hawthorn", "Juniper Flats", "Lakeshore", "Linden Grove", "Long Prairie", "Maple Junction",
    "Mill River", "North Fork", "Oak Terrace", "Otter Brook", "Pine Bluff", "Prairie Rose", "Quiet Harbor",
    "Red Clay", "River Bend", "Sage Mesa", "Silver Birch", "Stone Bridge", "Sugar Creek", "Tamarack",
    "Three Pines", "Walnut Grove", "White Oak", "Willow Spring",
)  # fmt: skip
_PRACTICES = (
    "Family Practice", "Pediatrics", "Cardiology", "Internal Medicine", "Orthopedics", "Dermatology", "Eye Care",
    "Women's Health", "Physical Therapy", "Behavioral Health", "Urgent Care", "Primary Care",
)  # fmt: skip
_AROUND = (
    "Ash Landing", "Beaver Crossing", "Camas Prairie", "Dove Hollow", "East Fork", "Falcon Rise", "Goose Island",
    "Hidden Spring", "Iron Bluff", "Jasper Ridge", "Kestrel Hill", "Larkspur Valley", "Meadow Gate", "Nettle Run",
    "Old Orchard", "Pebble Shore", "Quarry Town", "Rustling Reeds", "Salt Marsh", "Timber Cove", "Upland Moor",
    "Violet Glade", "Windy Gap",
)  # fmt: skip
_HERE, _OF_DOCTORS = 6, 138
"""How many practices a place around has, and how many are called after their doctors."""
_UNASSIGNED = (7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89)
"""First two digits that no tax number of an organization has."""
FIXED = {
    "Cedar Valley Family Practice": "practice",
    "Prairie Rose Pediatrics": "practice",
    "Lakeshore Physicians Group": "practice",
    "Fox Run Cardiology": "practice",
    "Harbor Point Women's Health": "practice",
    "North Fork Accountable Care": "apm_entity",
    "Tamarack Quality Registry": "registry",
    "Two Rivers Virtual Group": "virtual_group",
}
"""Organizations of the story: name and kind."""
_SCHEMES = {
    "practice": "tin",
    "registry": "tin",
    "apm_entity": "apm_entity_id",
    "virtual_group": "virtual_group_id",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One organization: ``number`` is its TIN, APM Entity ID or Virtual Group ID, and also its code."""

    name: str
    kind_id: str
    number: str


def make_places(chance: random.Random, *, practices: int = 28) -> tuple[Place, ...]:
    """Return the organizations of the story and as many others that there are about ``practices`` practices."""
    kinds = dict(FIXED)
    taken = {name.partition(" ")[0] for name in FIXED}
    for valley in _VALLEYS:
        if len(kinds) >= practices + 3:
            break
        if valley.partition(" ")[0] not in taken:
            kinds[f"{valley} {chance.choice(_PRACTICES)}"] = "practice"
    for number in range(practices - len(_VALLEYS)):
        kinds[f"{chance.choice(_VALLEYS)} {chance.choice(_PRACTICES)} No. {number + 2}"] = "practice"
    kinds |= {
        "Silver Birch Accountable Care": "apm_entity",
        "Granite Peak Clinical Data Registry": "registry",
        "Coastal Plains Virtual Group": "virtual_group",
    }
    used: set[str] = set()
    return tuple(Place(name, kind_id, _number(kind_id, chance, used)) for name, kind_id in kinds.items())


def make_neighbors(chance: random.Random, places: Iterable[Place]) -> tuple[Place, ...]:
    """Return some hundred practices besides ``places``: in the program, and in nobody's story."""
    used = {place.number for place in places}
    names = [f"{around} {practice}" for around in _AROUND for practice in chance.sample(_PRACTICES, _HERE)]
    doctors = chance.sample(list(combinations(SURNAMES, 2)), _OF_DOCTORS)
    names += [f"{one} & {other} {chance.choice(_PRACTICES)}" for one, other in doctors]
    return tuple(Place(name, "practice", _number("practice", chance, used)) for name in names)


def as_file(places: tuple[Place, ...]) -> bytes:
    """Return the organizations as a file that `rolebook import organizations` reads."""
    out = io.StringIO()
    schemes = sorted(set(_SCHEMES.values()))
    writer = csv.writer(out)
    writer.writerow(["code", "name", "kind", *schemes, "contact_for", "contact_name", "contact_phone"])
    for place in places:
        contact = ["Billing", "Front office", "410-555-0100"] if place.name in FIXED else ["", "", ""]
        numbers = [place.number if _SCHEMES[place.kind_id] == scheme else "" for scheme in schemes]
        writer.writerow([place.number, place.name, place.kind_id, *numbers, *contact])
    return out.getvalue().encode()


def _number(kind_id: str, chance: random.Random, used: set[str]) -> str:
    while True:
        match kind_id:
            case "apm_entity":
                number = f"A{chance.randrange(1000, 9999)}"
            case "virtual_group":
                number = f"VG{chance.randrange(1000, 9999)}"
            case _:
                number = f"{chance.choice(_UNASSIGNED):02}-{chance.randrange(1_000_000, 9_999_999)}"
        if number not in used:
            used.add(number)
            return number
