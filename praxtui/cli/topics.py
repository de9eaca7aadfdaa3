"""The texts of `praxtui help TOPIC`, at most 79 columns wide; `{keys}`, `{home}` and the like are filled in there."""

from __future__ import annotations

PROGRAM = """\
program.md says what to improve, which files may change, how to measure, and
within which limits. It begins with front matter in four blocks; the Markdown
after it is read by the researcher.

  ---
  metric:                         # what "better" means
    name: val_bpb                 # read from `val_bpb: 1.234`
    goal: minimize                # or maximize
  levers:                         # what may change; the rest is sealed
    edit: [train.py]
  loop:                           # how feedback is obtained
    setup: python prepare.py      # once per content; makes PRAXTUI_DATA
    run: python train.py          # one experiment
    evaluate: python evaluate.py  # sealed; it alone gives the metric
    artifacts: [out/]             # what the run hands to the evaluator
    budget: 60s                   # training time, PRAXTUI_BUDGET_S
  constraints:                    # the walls
    limits: {peak_vram_mb: "<= 80000"}
    hours: 8
    usd: 10
  ---
  # 1. Task
  ...

Only metric.name, levers.edit and loop.run must be given. Durations read 90s,
5m, 8h. All keys:

{keys}

`praxtui new LEAF DIR` begins a leaf from one that exists; `praxtui doctor DIR`
checks it."""

LOOP = """\
One experiment tests one hypothesis by one commit:

  1. The researcher states a hypothesis and a mechanism (why it should help),
     then changes levers and nothing else.
  2. The draft is checked: only levers changed, not tried before in this epoch.
     It becomes a commit under a ref of its own.
  3. It runs on a fixed budget, with the campaign's selection seed. The sealed
     evaluator measures what the run left behind.
  4. The judge compares it with the incumbent: keep, discard, crash, or invalid
     (it broke a rule).
  5. The researcher reflects: was the mechanism confirmed or refuted, and what
     was learned.

e0 is the leaf as it stands, measured several times: its value and the noise.
While one experiment runs, the next is drafted. Your branch, index, stash and
files are never touched: a campaign lives on a branch of its own, praxtui/ID.

A campaign ends when its budgets are used, its target is confirmed, or you stop
it. If the engine dies, the run goes on; `praxtui resume ID` takes it up.
Closing the terminal changes nothing.

  praxtui hint ID TEXT    a sentence for the researcher; --withdraw k1
  praxtui pause ID        let the current run end, then wait
  praxtui approve ID      let the waiting draft run (autonomy review)
  praxtui veto ID REASON  refuse it; the researcher is told the reason
  praxtui kill ID         end the current run; it counts as void
  praxtui stop ID         end after the current run; --now: at once
  praxtui fork ID eN      a new campaign from any experiment"""

JUDGE = """\
Keep fast, claim slowly. With noise, the best of many single measurements looks
better than it is. So a keep has a standing:

  provisional   looked better once, on the common selection seed; the branch
                moved on to it
  supported     an audit of the sum it belongs to held: head against the last
                audited state, on fresh seeds, interleaved
  confirmed     has fresh evidence of its own; with a deterministic metric, any
                strict gain
  revoked       an audit failed: a new commit restored the audited state

An audit is a sequential test: it may look after every pair of runs, because
its limits count the looks. It ends when the gain is shown, when it is shown to
be absent, or at its limit, undecided. What is claimed at the end comes only
from runs that did not select. `constraints.keep: strict` keeps nothing before
it is confirmed.

Deltas are in noise units: +2.0 sd is better by twice the standard deviation of
repeated runs. The researcher `null` changes nothing, and so measures how often
the judge is fooled: praxtui run LEAF --researcher null"""

LEDGER = """\
The ledger has one row an experiment. Its verdict:

  keep       the branch moved on to it; its standing says how sure that is
             (praxtui help judge)
  discard    not better, or stopped early because it fell behind
  crash      the run failed, or gave no finite metric; the reason says which
  invalid    it broke a rule: a sealed file, a limit, a draft given up
  void       a person or a fault ended it

metric is the mean of its runs; delta the difference to its parent, positive is
better; sd the same in noise units. A flag marks what a person should look at,
k1, k2, ... are the hints that it used. cost is there once anything cost
something; unknown is a price that nobody knows, which is never counted as 0.
`praxtui show ID eN` has the hypothesis, the mechanism, the runs and the
reflection, with --diff, --log and --prompt the rest. For programs there is
`praxtui ledger ID --json`."""

HOME = """\
PRAXTUI_HOME holds campaigns, copies of bundled leaves, caches and prepared
data. Now it is

  {home}

A campaign is one folder, campaigns/ID: journal.db (all that happened), runs/
(logs), trees/ (working copies of git). It reads the same on another machine.

A run sees PRAXTUI_BUDGET_S, PRAXTUI_SEED, PRAXTUI_EXPERIMENT, PRAXTUI_DATA
(read-only), PRAXTUI_SCRATCH, PRAXTUI_CACHE; of your own environment it sees a
short list, and the names under constraints.secrets. On Linux it runs in a
sandbox (praxtui help sandbox).

Exit codes: 0 done; 2 wrong usage or program; 3 something is missing; 4 the
campaign ended by a fault or waits for a person; 130 interrupted.
PRAXTUI_DEBUG=1 prints the traceback of an unexpected error."""

SANDBOX = """\
Runs, evaluations and checks of drafts do not have your rights. The best rung
that works here is taken, found out by a program that tries to break out:

  full     bubblewrap: a world of its own. Only its own folders can be written,
           sealed files in them cannot; no network, unless the program asks for
           one; your home, keys, journals and other processes are not there
  partial  without bubblewrap, by Landlock: files, keys and network are closed
           as well. It does not hide that files and processes exist, nor stop
           chmod of files that are yours, nor connections to unix sockets in
           the file system. Where namespaces are refused, sealed files are
           compared after the run instead of being read-only, and there is no
           loopback. `praxtui doctor` says what holds on this machine
  none     no walls: a run can do what you can do

`praxtui status` names the rung, and `--json` each property. A GPU that is lost
inside costs the rung; that is said, and no run goes on without it in silence.

What a model drafts runs on full, or not. Less is enough if you say so, for all
campaigns in settings.toml, or for one with `run --allow-unsandboxed` (which
allows none); the best rung there is is taken all the same.

  [sandbox]
  least = "full"           # partial or none

PRAXTUI_SANDBOX=full, partial or none asks for one rung alone; auto, or unset,
is the best. PRAXTUI_SANDBOX_READ=DIR:DIR lets runs read more."""

RESEARCHER = """\
Who proposes experiments:

  llm     a language model, any that LiteLLM reaches (praxtui help models)
  sweep   changes one constant at a time; needs no model and no key
  null    changes nothing; measures how often the judge is fooled

The llm researcher keeps no chat. Each draft begins with a brief made afresh
from the record: the protocol, the program, sealed files, the levers, the
ledger, what failed and why, what was learned, what is running, your hints. It
never grows beyond its budget of tokens. Then a short loop with tools:

  read, search            files of the leaf
  ledger, diff, log       what was tried, what it changed, what it printed
  hypothesis              title, mechanism, predicted effect; before any edit
  edit, write             levers only; refused with the reason otherwise
  check, submit, give_up  try it, hand it in, or say why there is nothing
  reflect                 after a result: was the mechanism right

It ends with a draft handed in, given up, or after 20 steps. A crash goes back
to the model at most twice. After 8 experiments without a keep it is asked to
combine near-misses, to remove something, to question a kept change, to go
radical, in turn. All of it is in the journal:

  praxtui show ID eN --prompt   what the model saw and said
  praxtui hint ID TEXT          a sentence for it; --withdraw k1 takes it back
  praxtui status ID             which hints were used and whether they paid
  praxtui autonomy ID review    every draft waits for your approve or veto

A fault of the provider ends no campaign. It waits and tries again, longer each
time, or goes on with the next model of the list; what it waits for is shown.
A refused or missing key waits for you, and says what to set."""

MODELS = """\
A model goes by LiteLLM's name for it, provider first:

  praxtui run pretrain --model anthropic/claude-sonnet-4-5
  praxtui run pretrain --model openai/gpt-5 --model gemini/gemini-2.5-pro

The first is used, the next ones stand in for it while it is down. `praxtui
models` lists some that would do here, with prices.

A key goes by the name that its provider gives it, such as ANTHROPIC_API_KEY,
OPENAI_API_KEY, GEMINI_API_KEY, OPENROUTER_API_KEY. It is looked for

  1. in the environment: export ANTHROPIC_API_KEY=...
  2. as a line NAME=value in {keys_file}
     which nobody else may be able to read (chmod 600)
  3. in the keyring: keyring set praxtui ANTHROPIC_API_KEY

and written nowhere else. Runs do not see it. A campaign that lost its key, or
whose key is refused, waits and says what to set; then praxtui resume ID.

A server of your own needs no key: ollama_chat/NAME, hosted_vllm/NAME,
lm_studio/NAME, llamafile/NAME, or api_base in settings.toml for any other.

Each call is booked in tokens and USD. A price that nobody knows is unknown,
never 0; give it in settings.toml (praxtui help settings). Under a limit of USD
alone such a model does not start: give the price, --tokens, or --usd none."""

SETTINGS = """\
settings.toml says which models to use, what praxtui cannot know of them, and
how the cockpit looks and is steered. The cockpit's settings screen changes one
key at a time and leaves the rest, comments too, as it is. The file would be

  {settings}

  models = ["anthropic/claude-sonnet-4-5", "openai/gpt-5"]

  [researcher]
  steps = 20               # most replies of one draft
  brief_tokens = 48000     # most tokens of one brief

  [sandbox]
  least = "full"           # partial or none: enough for what a model drafts

  [cockpit]
  theme = "dark"           # of praxtui's own, or of your folder themes
  color = "auto"           # 16, 256 or truecolor, whatever the terminal says
  mouse = true             # false leaves it to the terminal, as --no-mouse
  sync = true              # false: no synchronised updates (slow in tmux 3.7)
  notify = ["best", "crashes", "waits", "end"]  # what it tells you of; or []
  notify_by = "auto"       # osc9, osc777, bell or none
  bell = false             # true: rings as well

  [keys]
  campaign.pause = "space,P"   # actions and their keys: praxtui --keys

  [model."hosted_vllm/my-model"]
  api_base = "http://127.0.0.1:8000/v1"
  context = 65536          # tokens that it reads and writes together
  max_output = 8192        # tokens of one reply, at most
  tools = "auto"           # native: called as tools; json: as JSON replies
  price_input = 0.5        # USD for a million tokens
  price_output = 2.0
  price_cached = 0.1       # read from the provider's cache
  price_written = 0.6      # put into it
  total_s = 600            # seconds for a whole call,
  first_s = 120            # until the first sign of an answer,
  between_s = 60           # and from one sign to the next
  extra = { temperature = 0.7 }   # passed on with each call, as LiteLLM has it

Every key may be left out; --model goes before `models`. The first model is
used, the next ones stand in for it while it is down. Keys of providers do not
belong here: this file may be read by others (praxtui help models).

A theme is a file NAME.toml in

  {themes}

that names colours as those that come with praxtui do; a change of it is seen
at once. What is copied in the cockpit reaches the clipboard by OSC 52; inside
tmux that needs `set -g set-clipboard on`, and notifications need
`set -g allow-passthrough on`."""

DETACH = """\
An engine is a process of its own: closing the terminal, Ctrl-C and a lost
connection do not reach it. `praxtui list` shows every campaign; `dead` is one
whose engine is gone. Engines are restarted by `praxtui resume ID` or `praxtui
resume --all`, and by nothing else; a run that went on is taken up.

Where systemd runs and linger is on for you, an engine is a unit of your user
manager, praxtui-ID; elsewhere it leaves by a second fork. A logout ends such
an engine where logind kills what a session leaves (KillUserProcesses=yes), or
where the terminal itself belongs to your user manager, as on a desktop. What
helps is

  loginctl enable-linger              # or: sudo loginctl enable-linger USER

`praxtui doctor` says what holds here, and whether linger is on. Nothing
outlives a Slurm job or a container. With PRAXTUI_DETACH=fork systemd is not
asked, an engine leaves by a second fork, and nothing is said.

To resume at boot, by cron (`crontab -e`):

  @reboot {praxtui} resume --all

or by systemd, with linger, in ~/.config/systemd/user/praxtui-boot.service:

  [Unit]
  Description=Resume the campaigns of praxtui
  [Service]
  Type=oneshot
  RemainAfterExit=yes
  KillMode=process
  ExecStart={praxtui} resume --all
  [Install]
  WantedBy=default.target

then: systemctl --user enable praxtui-boot.service. With a PRAXTUI_HOME of your
own, add Environment=PRAXTUI_HOME=DIR, or in cron `PRAXTUI_HOME=DIR praxtui`.

Nobody's shell is there at boot, so keys of models must be in the keys file
(praxtui help models); a keyring is open only while you are logged in. Without
a key a campaign waits, and `praxtui resume ID` from a shell hands it over."""

TOPICS: dict[str, str] = {
    "program": PROGRAM,
    "loop": LOOP,
    "judge": JUDGE,
    "ledger": LEDGER,
    "researcher": RESEARCHER,
    "models": MODELS,
    "sandbox": SANDBOX,
    "settings": SETTINGS,
    "detach": DETACH,
    "home": HOME,
}
