"""All commands by what they are for, as data: the overview needs nothing else and comes at once."""

from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is one word, or two for `consent …` and `serve …`; `target` is the function, as
    `module:name`; it is imported when the command is called."""

    name: str
    target: str
    says: str


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    commands: tuple[Command, ...]


SAYS = "E-mail marketing automation as code, with consent that can be proved."
VERSION = "0.1.0"

GROUPS = (
    Group(
        "Write flows",
        (
            Command("new", "virta.commands.new:new", "Make a project, ready to be served."),
            Command("check", "virta.commands.check:check", "Say what is wrong with flows and templates."),
            Command("explain", "virta.commands.explain:explain", "Tell what a finding means, with examples."),
            Command("fmt", "virta.commands.fmt:fmt", "Lay out flows in canonical form."),
            Command("test", "virta.commands.test:play", "Play the scenarios that say what flows do."),
            Command("graph", "virta.commands.graph:graph", "Draw flows, or print them as JSON."),
            Command("lsp", "virta.commands.lsp:lsp", "Tell an editor of findings and names as one types."),
            Command("plan", "virta.commands.plan:plan", "Tell what a new version of the flows would change."),
        ),
    ),
    Group(
        "Run them",
        (
            Command(
                "simulate",
                "virta.commands.simulate:simulate",
                "Replay visitors through the flows on a virtual clock.",
            ),
            Command("apply", "virta.commands.apply:apply", "Make the flows in the folder those that run."),
            Command("serve", "virta.commands.serve:serve", "Serve pages and API, run flows, send mails."),
            Command(
                "serve consent",
                "virta.commands.serve_consent:serve_consent",
                "Serve the consent service alone, for an engine that is elsewhere.",
            ),
            Command(
                "serve signer",
                "virta.commands.serve_signer:serve_signer",
                "Sign the log of consent, and nothing else.",
            ),
        ),
    ),
    Group(
        "Operate them",
        (
            Command("pause", "virta.commands.pause:pause", "Let no marketing mail leave."),
            Command("resume", "virta.commands.pause:resume", "Let mails leave again."),
            Command("halt", "virta.commands.pause:halt", "Let nothing leave any more, at once."),
            Command("cancel", "virta.commands.campaign:cancel", "End a campaign for whoever was not mailed."),
            Command("throttle", "virta.commands.campaign:throttle", "Send a flow's mails so many an hour."),
            Command(
                "dkim", "virta.commands.dkim:records", "Print what the DNS says of keys that sign mails."
            ),
            Command("doctor", "virta.commands.doctor:doctor", "Say what is wrong here, and what to do."),
            Command("bench", "virta.commands.bench:bench", "Measure what Virta costs on this machine."),
        ),
    ),
    Group(
        "Keep what they know",
        (
            Command("backup", "virta.commands.backup:backup", "Copy all stores, also while Virta serves."),
            Command("restore", "virta.commands.restore:restore", "Prove a backup, and put it back."),
            Command("import", "virta.commands.import_people:bring", "Bring people from another system."),
            Command("upgrade", "virta.commands.upgrade:bring_up", "Bring older stores to this version."),
        ),
    ),
    Group(
        "See what happened",
        (
            Command("why", "virta.commands.why:why", "Tell a person's story, and why a mail did not go."),
            Command("mailbox", "virta.commands.mailbox:mailbox", "Show what the local mailbox holds."),
        ),
    ),
    Group(
        "Prove consent",
        (
            Command(
                "consent show",
                "virta.commands.consent_show:show",
                "Show where a person stands, and why.",
            ),
            Command(
                "consent erase",
                "virta.commands.consent_erase:erase",
                "Forget a person for good.",
            ),
            Command(
                "consent record",
                "virta.commands.consent_record:record",
                "Note what a person asks you to stop, or what you did for them.",
            ),
            Command(
                "consent merge",
                "virta.commands.consent_merge:merge",
                "Make two contacts one person.",
            ),
            Command(
                "consent hold",
                "virta.commands.consent_hold:hold",
                "Keep a person's proof until a day, whatever else is erased.",
            ),
            Command(
                "consent holds",
                "virta.commands.consent_hold:holds",
                "List whose proof is held, and until when.",
            ),
            Command(
                "consent export",
                "virta.commands.consent_export:export",
                "Write the log and the decisions to a file that proves itself.",
            ),
            Command(
                "consent verify",
                "virta.commands.consent_verify:verify",
                "Check an export, without the project.",
            ),
            Command(
                "consent attest",
                "virta.commands.consent_attest:attest_people",
                "Sign, as the controller, how people of another system agreed.",
            ),
            Command("consent keys", "virta.commands.consent_keys:keys", "Print the log's public keys."),
            Command(
                "consent access",
                "virta.commands.consent_access:access",
                "Make and take away keys to the consent service.",
            ),
        ),
    ),
)


def overview(about: str = "") -> str:
    """The commands by group, aligned, as plain text; `about` is the first word of those that are wanted
    (empty: all)."""
    groups = [
        (group.title, chosen)
        for group in GROUPS
        if (chosen := [each for each in group.commands if not about or each.name.split()[0] == about])
    ]
    width = max(len(command.name) for _, commands in groups for command in commands)
    blocks = [
        "\n".join([f"{title}:", *(f"  {each.name:<{width}}  {each.says}" for each in commands)])
        for title, commands in groups
    ]
    usage = f"Usage: virta {about + ' ' if about else ''}COMMAND …"
    close = dedent(
        """\
        virta COMMAND --help tells what a command takes, virta --version the version.
        """
    )
    return "\n\n".join([SAYS, usage, *blocks, close])
