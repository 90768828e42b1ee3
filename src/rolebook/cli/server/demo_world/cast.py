"""The demo's people: a few with a part in the story, and the many around them."""

import random
from dataclasses import dataclass
from string import ascii_uppercase

PASSWORD = "blue-kettle-quiet-harbor"  # noqa: S105 - made-up people, on this machine only
"""Of everybody in the demo."""
DOMAIN = "demo.example"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: sign-in name, full name, and who they are in the story (empty for the many)."""

    user_id: str
    name: str
    who: str = ""

    @property
    def email(self) -> str:
        """Their address."""
        return f"{self.user_id}@{DOMAIN}"


GRACE = Person(
    "grace.holloway",
    "Grace Holloway",
    "steward of all three programs, stands in; closings in IQCS wait for her word",
)
MARIA = Person("maria.lopez", "Maria Lopez", "Security Official of five organizations; requests wait for her")
AISHA = Person("aisha.khan", "Aisha Khan", "second Security Official of Cedar Valley Family Practice")
DANIEL = Person("daniel.ortiz", "Daniel Ortiz", "third Security Official of Cedar Valley Family Practice")
TOM = Person("tom.becker", "Tom Becker", "only Security Official of Prairie Rose Pediatrics")
INES = Person(
    "ines.moreau", "Ines Moreau", "Security Official of Lakeshore Physicians Group, a large practice"
)
LENA = Person("lena.fischer", "Lena Fischer", "Staff User at two practices")
SAM = Person("sam.whitfield", "Sam Whitfield", "his request was denied, and he was asked to submit it again")
PAUL = Person("paul.jensen", "Paul Jensen", "waits for the decision on his request")
VICTOR = Person("victor.hale", "Victor Hale", "his access at Cedar Valley was removed")
NORA = Person("nora.quinn", "Nora Quinn", "registered, with no role yet")
KIM = Person("kim.tran", "Kim Tran", "registered; the second factor is not set up yet")
ELLEN = Person(
    "ellen.marsh", "Ellen Marsh", "Staff User of Cedar Valley; lost her phone and waits for a word"
)
LENA_TWICE = Person("lena.fischer2", "Lena Fischer", "her other account; she told the steward of it")
OTIS = Person("otis.grant", "Otis Grant", "deactivated by the steward")
BEA = Person("bea.holt", "Bea Holt", "billing service: one request for many organizations, some answered")
ROSA = Person(
    "rosa.delgado", "Rosa Delgado", "iQIES: State Agency Security Official of Ohio; a request waits"
)
BEN = Person("ben.carter", "Ben Carter", "iQIES: State Agency General User of Ohio")
CORA = Person("cora.whitman", "Cora Whitman", "iQIES: Provider Security Official of a home health agency")

WALT = Person("walt.sorenson", "Walt Sorenson", "IQCS: IQCS Security, who closes every request")

HELEN = Person("helen.yazzie", "Helen Yazzie", "IQCS: Agency Representative of BLM Montana; a request waits")
OWEN = Person("owen.brandt", "Owen Brandt", "IQCS: Agency Lead of DOI Emergency Management; a request waits")
PRIYA = Person("priya.nair", "Priya Nair", "IQCS: Agency Representative of DOI Emergency Management")
RAY = Person(
    "ray.castellano", "Ray Castellano", "IQCS: Agency Representative of FWS; he waits for the Air Force"
)
COLIN = Person("colin.frost", "Colin Frost", "IQCS: Agency Representative of the Air Combat Command")
VERA = Person(
    "vera.lindahl", "Vera Lindahl", "IQCS: Agency Lead of the Air Force; a request of FWS waits for her"
)
HANK = Person("hank.dorsey", "Hank Dorsey", "IQCS: supervisor; a request waits for his authorization")
JUNE = Person("june.park", "June Park", "IQCS: asked for an account in one agency, BLM")
ALEX = Person("alex.romero", "Alex Romero", "IQCS: asked in an agency whose lead decides, too")
MARCUS = Person("marcus.webb", "Marcus Webb", "IQCS: of FWS, asked for codes of FWS and of the Air Force")
TESS = Person(
    "tess.holm", "Tess Holm", "IQCS: of FWS, asked for codes of the Air Force alone; waits for security"
)
NED = Person("ned.falk", "Ned Falk", "IQCS: Account Manager of FWS, on a temporary detail that ends soon")
IDA = Person("ida.sandoval", "Ida Sandoval", "IQCS: responder; registered for her own record")
DALE = Person(
    "dale.winters", "Dale Winters", "IQCS: his request came back for its certificate; corrected, it waits"
)
BUCK = Person(
    "buck.avery", "Buck Avery", "IQCS: mail to him was rejected; sign in to give an address that works"
)
QUINN = Person(
    "quinn.avila",
    "Quinn Avila",
    "IQCS: did not sign in for a year and was closed; Ray can ask for a reactivation",
)
STAN = Person(
    "stan.okafor", "Stan Okafor", "IQCS: warned that he is closed in twenty days unless he signs in"
)
OMAR = Person("omar.bright", "Omar Bright", "IQCS: his own agency, FWS, denied his request")
IVY = Person(
    "ivy.calder",
    "Ivy Calder",
    "IQCS: the Air Force denied its part; the rest is held until she lets it go on",
)
JOY = Person(
    "joy.whitlock", "Joy Whitlock", "IQCS: nobody has answered her at BLM for weeks; the steward was told"
)
LEE = Person("lee.hargrove", "Lee Hargrove", "IQCS: of NPS, where nobody is in office; the steward decides")
GIL = Person("gil.santos", "Gil Santos", "IQCS: moved from FWS to BLM; Helen is asked to look at his codes")
IQCS = (HELEN, OWEN, PRIYA, RAY, COLIN, VERA, HANK, JUNE, ALEX, MARCUS, TESS, NED)

CAST = (
    GRACE,
    MARIA,
    AISHA,
    DANIEL,
    TOM,
    INES,
    LENA,
    SAM,
    PAUL,
    VICTOR,
    NORA,
    KIM,
    ELLEN,
    LENA_TWICE,
    OTIS,
    BEA,
    ROSA,
    BEN,
    CORA,
    WALT,
    *IQCS,
    IDA,
    DALE,
    BUCK,
    QUINN,
    STAN,
    OMAR,
    IVY,
    JOY,
    LEE,
    GIL,
)

_FIRST = (
    "Abigail", "Adam", "Alma", "Amara", "Andre", "Angela", "Anton", "Beatriz", "Ben", "Bianca", "Caleb", "Camille",
    "Carlos", "Chloe", "Dana", "Deepak", "Diego", "Elena", "Eli", "Emeka", "Farah", "Felix", "Gloria", "Hana",
    "Henry", "Hugo", "Imani", "Irene", "Isaac", "Jade", "Jamal", "Joan", "Jonas", "Julia", "Kai", "Karen", "Kofi",
    "Laila", "Leo", "Lila", "Lucas", "Mae", "Malik", "Marta", "Mateo", "Mei", "Mina", "Nadia", "Nikhil", "Noah",
    "Olga", "Omar", "Paula", "Priya", "Quentin", "Rafael", "Rosa", "Ruth", "Samira", "Simon", "Sofia", "Tariq",
    "Tessa", "Theo", "Uma", "Vera", "Wesley", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
SURNAMES = (
    "Abbott", "Achebe", "Alvarez", "Anders", "Baptiste", "Barnes", "Beck", "Bianchi", "Blake", "Castillo", "Chen",
    "Cole", "Cruz", "Dalton", "Desai", "Diaz", "Dunn", "Ellis", "Farrell", "Ferreira", "Flores", "Foster", "Garza",
    "Gray", "Gupta", "Haddad", "Hansen", "Hayes", "Ibarra", "Ito", "Jacobs", "Jovanovic", "Kaur", "Keller", "Kim",
    "Kowalski", "Lang", "Larsen", "Lindqvist", "Mbeki", "Mendez", "Meyer", "Moss", "Nakamura", "Nash", "Ng",
    "Novak", "Obi", "Okafor", "Olsen", "Osei", "Park", "Patel", "Pereira", "Price", "Quist", "Ramos", "Reyes",
    "Rossi", "Sato", "Schmidt", "Shah", "Silva", "Singh", "Sorensen", "Tanaka", "Torres", "Vargas", "Weber", "Zhou",
)  # fmt: skip


def the_many(chance: random.Random, number: int) -> tuple[Person, ...]:
    """Return about ``number`` people (130,000 at most) with names of their own, none of them in the story."""
    names = [(first, last) for first in _FIRST for last in SURNAMES]
    if number > len(names):
        # A large program has people with initials, too.
        names += [(f"{first} {letter}.", last) for letter in ascii_uppercase for first, last in names]
    known = {person.user_id for person in CAST}
    people = [
        Person(f"{first.rstrip('.')}.{last}".replace(" ", ".").casefold(), f"{first} {last}")
        for first, last in chance.sample(names, number)
    ]
    return tuple(person for person in people if person.user_id not in known)
