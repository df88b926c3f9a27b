"""The tables of the consent store, by subject."""

from consent.store.tables.among import among as among
from consent.store.tables.gone import erasures as erasures
from consent.store.tables.gone import made_up as made_up
from consent.store.tables.gone import suppressions as suppressions
from consent.store.tables.imports import imported as imported
from consent.store.tables.imports import imports as imports
from consent.store.tables.log import checkpoints as checkpoints
from consent.store.tables.log import facts as facts
from consent.store.tables.log import leaves as leaves
from consent.store.tables.log import nodes as nodes
from consent.store.tables.mails import batches as batches
from consent.store.tables.mails import decisions as decisions
from consent.store.tables.mails import reports as reports
from consent.store.tables.metadata import metadata as metadata
from consent.store.tables.people import QUEUED as QUEUED
from consent.store.tables.people import evidence as evidence
from consent.store.tables.people import forms as forms
from consent.store.tables.people import requests as requests
from consent.store.tables.people import standings as standings
from consent.store.tables.people import subjects as subjects
from consent.store.tables.people import wishes as wishes
from consent.store.tables.policy import policies as policies
from consent.store.tables.policy import purposes as purposes
from consent.store.tables.version import HEAD as HEAD
from consent.store.tables.version import SCHEMA as SCHEMA
from consent.store.tables.version import version as version
