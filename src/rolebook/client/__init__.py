"""What applications import to ask a decision point. It imports nothing else of Rolebook.

`Client` asks from threads, `AsyncClient` from a loop of asyncio; `rolebook.client.django`, `.starlette` and `.wsgi`
enforce the answers. Every way of not getting an answer is a no: see `Unavailable`.
"""

from rolebook.client.aio import AsyncClient as AsyncClient
from rolebook.client.errors import ClientError as ClientError
from rolebook.client.errors import Rejected as Rejected
from rolebook.client.errors import Unavailable as Unavailable
from rolebook.client.exchange import Patience as Patience
from rolebook.client.sync import Client as Client
from rolebook.client.words import Decision as Decision
from rolebook.client.words import Question as Question
from rolebook.client.words import Resource as Resource
