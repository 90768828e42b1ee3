"""Every kind of event, one module a subject; `declaring` has the grammar, and refuses a second one of a name.

To record something new, declare it in the module of its subject; a new subject gets a module, named here.
"""

from rolebook.audit.tags.absences import *
from rolebook.audit.tags.bounces import *
from rolebook.audit.tags.declaring import TAGS as TAGS
from rolebook.audit.tags.declaring import Tag as Tag
from rolebook.audit.tags.declaring import declare as declare
from rolebook.audit.tags.declaring import tag_of as tag_of
from rolebook.audit.tags.holdings import *
from rolebook.audit.tags.inactivity import *
from rolebook.audit.tags.people import *
from rolebook.audit.tags.programs import *
from rolebook.audit.tags.refused import *
from rolebook.audit.tags.reports import *
from rolebook.audit.tags.requests import *
from rolebook.audit.tags.responders import *
from rolebook.audit.tags.reviews import *
from rolebook.audit.tags.running import *
