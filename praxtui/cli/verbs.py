"""Every verb of `praxtui`: the module that answers it, and one line of help. Read by `main` and `help`."""

from __future__ import annotations

# A verb's module has `add_arguments(parser)` and `run(args) -> int`. `args.verb` is the verb as typed; while arguments
# are added it is `parser.get_default("verb")`, for a module that answers several.
VERBS: dict[str, tuple[str, str]] = {
    "leaves": ("praxtui.cli.leaves", "the leaves it finds, and whether each is ready to run"),
    "new": ("praxtui.cli.new", "a new leaf of your own, from one that exists"),
    "doctor": ("praxtui.cli.doctor", "what this machine has, what is missing, and the fix"),
    "models": ("praxtui.cli.models", "the language models within reach, with prices"),
    "run": ("praxtui.cli.run", "start a campaign on a leaf, and follow it"),
    "resume": ("praxtui.cli.resume", "unpause a campaign, or restart its engine where it died"),
    "attach": ("praxtui.cli.cockpit", "the cockpit on a campaign; leaving it changes nothing there"),
    "replay": ("praxtui.cli.cockpit", "play a campaign back in the cockpit"),
    "list": ("praxtui.cli.list_", "the campaigns, newest first"),
    "status": ("praxtui.cli.status", "where a campaign stands"),
    "ledger": ("praxtui.cli.ledger", "the table of its experiments"),
    "show": ("praxtui.cli.show", "one experiment: its hypothesis, change, log and reflection"),
    "hint": ("praxtui.cli.steer", "a sentence for the researcher"),
    "pause": ("praxtui.cli.steer", "let the current run end, then wait"),
    "stop": ("praxtui.cli.steer", "end the campaign after the current run"),
    "kill": ("praxtui.cli.steer", "end the current run; it counts as void"),
    "veto": ("praxtui.cli.steer", "refuse the waiting draft"),
    "approve": ("praxtui.cli.steer", "let the waiting draft run"),
    "keep": ("praxtui.cli.steer", "overrule a verdict: keep"),
    "discard": ("praxtui.cli.steer", "overrule a verdict: discard"),
    "fork": ("praxtui.cli.steer", "a new campaign from any experiment"),
    "budget": ("praxtui.cli.steer", "change what a campaign may use"),
    "autonomy": ("praxtui.cli.steer", "let drafts run by themselves (auto), or wait for you (review)"),
    "export": ("praxtui.cli.export", "a campaign as one file, to keep or carry away"),
    "import": ("praxtui.cli.import_", "a campaign from such a file"),
    "clean": ("praxtui.cli.clean", "free space; with --remove, delete campaigns"),
    "help": ("praxtui.cli.help_", "about a verb, or one of the topics below"),
}

# Verbs with a fixed meaning that this version does not have.
LATER: dict[str, str] = {
    "adopt": "write the front matter for a program.md that has none",
    "report": "a campaign as one HTML page",
    "pick": "chosen experiments as one branch",
    "compare": "campaigns side by side",
    "serve": "the cockpit in a browser",
    "self-check": "prove this installation works, from end to end",
}

# Flags that open the cockpit, or speak of it, without a verb.
COCKPIT_FLAGS = ("--no-mouse", "--keys", "--theme")
