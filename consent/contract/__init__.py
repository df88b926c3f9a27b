"""The words between the consent service and everyone else: types only, no behaviour.

Times are integers, milliseconds since 1970 UTC, by the clock that was handed to the service. The id of a
contact and of a subject is one thing: 32 hex digits, random, no personal data. A mail's key has as many.
"""

from consent.contract.client import ConsentClient as ConsentClient
from consent.contract.mail import Ask as Ask
from consent.contract.mail import Change as Change
from consent.contract.mail import Claimed as Claimed
from consent.contract.mail import Contradiction as Contradiction
from consent.contract.mail import Decision as Decision
from consent.contract.mail import Handed as Handed
from consent.contract.mail import Links as Links
from consent.contract.mail import MailClass as MailClass
from consent.contract.mail import Outcome as Outcome
from consent.contract.mail import Permit as Permit
from consent.contract.mail import Reason as Reason
from consent.contract.mail import Settlement as Settlement
from consent.contract.mail import Status as Status
from consent.contract.people import ALL_FACTS as ALL_FACTS
from consent.contract.people import About as About
from consent.contract.people import Crowded as Crowded
from consent.contract.people import Erasure as Erasure
from consent.contract.people import Frequency as Frequency
from consent.contract.people import Heard as Heard
from consent.contract.people import InvalidAddress as InvalidAddress
from consent.contract.people import Kept as Kept
from consent.contract.people import LinkRefused as LinkRefused
from consent.contract.people import LinkView as LinkView
from consent.contract.people import Proof as Proof
from consent.contract.people import Receipt as Receipt
from consent.contract.people import Sale as Sale
from consent.contract.people import ShownBox as ShownBox
from consent.contract.people import SignUp as SignUp
from consent.contract.people import SoftFact as SoftFact
from consent.contract.people import TopicView as TopicView
from consent.contract.people import Unavailable as Unavailable
from consent.contract.people import Visit as Visit
from consent.contract.published import BESIDE_TOPICS as BESIDE_TOPICS
from consent.contract.published import Basis as Basis
from consent.contract.published import Meaning as Meaning
from consent.contract.published import Notice as Notice
from consent.contract.published import Policy as Policy
from consent.contract.published import Purpose as Purpose
from consent.contract.published import Said as Said
from consent.contract.published import TemplateFacts as TemplateFacts
