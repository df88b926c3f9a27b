"""The line that mail programs show behind the subject: hidden at the top of the HTML."""

import re

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_HIDDEN = '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{{ preheader }}</div>'


def shown(html: str) -> str:
    """The template with the preheader behind `<body>`, unless it places `preheader` itself."""
    if "preheader" in html:
        return html
    return _BODY.sub(lambda found: found.group() + _HIDDEN, html, count=1)
