"""All products whose exports can be read, by the word for each on the command line."""

from virta.importing.formats.brevo import BREVO
from virta.importing.formats.klaviyo import KLAVIYO
from virta.importing.formats.listmonk import LISTMONK
from virta.importing.formats.mailchimp import MAILCHIMP
from virta.importing.formats.plain import PLAIN

PRODUCTS = {"mailchimp": MAILCHIMP, "klaviyo": KLAVIYO, "brevo": BREVO, "listmonk": LISTMONK, "csv": PLAIN}
