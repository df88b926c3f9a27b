"""The one door to the consent service, by two ways: in the same process, or over HTTP (`remote`)."""

from consent.client.in_process import InProcess as InProcess
from consent.client.in_process import is_address as is_address
