"""The walk of each page of the site: the words that it leaves to its reader, and exit codes other than 0."""

from tests.docs.at_hand import decides, judged, rests_on_past_cases
from tests.docs.walking import Walk

HUB = "reads a data set from a network"
CLUSTER = "needs a cluster of machines, and a store of objects"
MONEY = "asks hosted models, for money"
CARD = "measures steps on a GPU"
TRACKER = "needs a server of MLflow on a network; the tests of the importer start one"
FETCHES = "fetches a language model from a network, to tune it for many minutes or on a GPU"
# What is not run: the command as it is shown, and what it would take.
LEFT_OUT = (
    ("tunecase fit --probe", CARD),
    ("tunecase fit --probe [-- COMMAND]", CARD),
    ("tunecase audit hf://datasets/OWNER/NAME", HUB),
    ("tunecase audit --engine ray --address HOST:PORT --scratch s3://BUCKET/FOLDER", CLUSTER),
    ("tunecase pilot --engine ray --address HOST:PORT", CLUSTER),
    ("tunecase pilot --hosted gpt-6-luna --hosted jev-1.14.0", MONEY),
    ("tunecase pilot --candidates auto,encoder-tuned,MODEL", FETCHES),
    ("tunecase pilot --trainer lora", FETCHES),
    ("tunecase pilot --trainer trl", FETCHES),
    ("tunecase pilot --trainer lora --tune 4", FETCHES),
    ("tunecase pilot --hosted", MONEY),
    ("tunecase spend import mlflow", TRACKER),
)
FIT = "tunecase fit llama-3.1-8b --examples 1000"
RAN = "--gpu H100 --gpus 1 --method lora --batch 1 --checkpointing full"
# Where a page only names a command or one of its options.
NAMED = {
    "tunecase fit": FIT,
    "tunecase fit MODEL": FIT,
    "tunecase init": "tunecase init fresh/train.jsonl --to fresh",
    "tunecase init --ask": "tunecase init train.jsonl --ask",
    **dict.fromkeys(
        ("tunecase init --split 15%", "tunecase init DATA --split 15%", "tunecase init YOUR_FILE.jsonl --split 15%"),
        "tunecase init split/train.jsonl --to split --split 15%",
    ),
    "tunecase init --example support-tickets": "tunecase init --example support-tickets --to again",
    "tunecase estimate --what-if": "tunecase estimate --what-if --project small.yaml",
    "tunecase compare": "tunecase compare a.yaml b.yaml",
    "tunecase evals": "tunecase evals today.eval",
    "tunecase judge": "tunecase judge --base-url URL --model judge",
    "tunecase judge --base-url URL --model NAME": "tunecase judge --base-url URL --model judge",
    "tunecase label": "tunecase label --trial 100",
    "tunecase ledger": "tunecase ledger verify",
    "tunecase ledger merge": "tunecase ledger merge other/ledger.jsonl",
    "tunecase ledger verify --anchor": (
        "tunecase ledger anchor > anchor.txt && tunecase ledger verify --anchor anchor.txt"
    ),
    "tunecase mcp FOLDER": "tunecase mcp .",
    "tunecase pilot --source": "tunecase pilot --source label --rows source.jsonl",
    "tunecase pilot --source NAME --rows FILE": "tunecase pilot --source label --rows source.jsonl",
    "tunecase reject": 'tunecase reject --by "Head of Support"',
    "tunecase spend": "tunecase spend list",
    "tunecase audit --fix": "tunecase audit --fix cleaned",
    "tunecase define --brief": "tunecase define --brief brief.html",
}
ONE_RUN = {
    "tunecase fit --accelerate FILE": "tunecase fit axolotl.yaml --accelerate accelerate.yaml",
    'tunecase fit --gpu A,B --gpus 1,2,4 --tier marketplace --deadline "6 h" --spot': (
        f'{FIT} --gpu L40S,H100 --gpus 1,2,4 --tier marketplace --deadline "6 h" --spot'
    ),
    "tunecase fit --gpu A --price 1.5": f"{FIT} --gpu L40S --price 1.5",
    "tunecase fit --method --rank --optimizer --loss --checkpointing --objective dpo --lengths FILE": (
        "tunecase fit llama-3.1-8b --method lora --rank 8 --optimizer adamw --loss fused --checkpointing full "
        "--objective dpo --lengths lengths.csv"
    ),
    "tunecase fit --adapter dora": f"{FIT} --adapter dora",
    "tunecase fit --towers frozen": "tunecase fit qwen2.5-vl-7b --examples 1000 --towers frozen",
    "tunecase fit --objective grpo --group-size 8 --completion 512 --prompts 64 --steps 500": (
        "tunecase fit llama-3.1-8b --objective grpo --group-size 8 --completion 512 --prompts 64 --steps 500"
    ),
    "tunecase fit --sampler separate --sampler-gpus 2": (
        "tunecase fit llama-3.1-8b --objective grpo --group-size 8 --completion 512 --prompts 64 --steps 500 "
        "--sampler separate --sampler-gpus 2"
    ),
    "tunecase fit --gpu RTX3090 --card-memory 20GB": f"{FIT} --gpu RTX3090 --card-memory 20GB",
    "tunecase fit --explain": f"{FIT} --explain",
    "tunecase fit --measured trainer_state.json": f"tunecase fit llama-3.1-8b {RAN} --measured trainer_state.json",
    "tunecase fit runs.csv": f"{FIT} --gpu H100 --gpus 1 --method lora --measured runs.csv",
    "tunecase fit --project": f"{FIT} --project tunecase.yaml",
    **{
        f"tunecase fit {name}": f"{FIT} {name} {value}"
        for name, value in {
            "--gpu": "L40S",
            "--gpus": "2",
            "--batch": "4",
            "--method": "lora",
            "--framework": "axolotl",
            "--optimizer": "adamw",
            "--kernels": "fused",
            "--loss": "chunked",
            "--base": "32-bit",
            "--masters": "32-bit",
            "--attention": "eager",
        }.items()
    },
}
ROAD = {
    "tunecase audit TRAIN --test TEST": "tunecase audit data/train.jsonl --test data/test.jsonl",
    "tunecase compare --markdown": "tunecase compare a.yaml b.yaml --markdown comment.md",
    "tunecase forecast --keep": "tunecase forecast points.csv --keep",
    'tunecase approve "1500 USD" --by NAME': 'tunecase approve "20 USD" --by "Head of Support"',
    "tunecase approve --beyond": 'tunecase approve "9000 USD" --by "Head of Support" --beyond',
    "tunecase serve cases": "tunecase serve .",
    "tunecase inference --measured FILE": (
        'tunecase inference llama-3.1-8b --volume "200k per month" --input 600 --output 60 --gpu H100 --gpus 1 '
        "--precision bf16 --engine vllm --measured load.json"
    ),
}
DATA = {
    "tunecase audit FILE": "tunecase audit data/train.jsonl",
    "tunecase audit FOLDER": "tunecase audit folder",
    "tunecase audit --test FILE --production FILE": (
        "tunecase audit data/train.jsonl --test data/test.jsonl --production data/pool.jsonl"
    ),
    "tunecase audit --fix DIR": "tunecase audit --fix cleaned",
    "tunecase audit --reviewed FILE": "tunecase audit --reviewed cleaned/review.csv",
    "tunecase audit --memory 2GB --scratch FOLDER": "tunecase audit --memory 2GB --scratch scratch",
    "tunecase audit --next 200 --pool FILE": "tunecase audit --next 200 --pool data/pool.jsonl",
}
PILOT = {
    'tunecase pilot --trainer command --set command="..."': (
        'tunecase pilot --trainer command --set command="python most_common.py"'
    ),
    "tunecase pilot --trainer lora --export skypilot --accelerators L40S:1": (
        "tunecase pilot --trainer lora --export skypilot --accelerators L40S:1 --send-flagged"
    ),
}
MONEY_PAGE = {
    "tunecase prices --kind api --model NAME": "tunecase prices --kind api --model openai/gpt-4.1-mini",
    "tunecase init --example 7b-expert-labels": "tunecase init --example 7b-expert-labels --to expert",
    "tunecase books --page": "tunecase books --page books.html",
    "tunecase books --csv": "tunecase books --csv charges.csv",
    "tunecase books --csv-plan": "tunecase books --csv-plan plan.csv",
}
FOCUS = "tunecase spend import focus bill.csv --tag team=nlp"
RUNS = "tunecase spend import runs trainer_state.json --gpu L40S --gpu-count 1 --on 2026-11-20"
SERVED = 'tunecase spend serving --from 2026-10-01 --to 2026-10-31 --answers 41k --gpu-hours 730 --cost "640 USD"'
LEDGER = {
    "tunecase spend add --replaces ID": (
        "tunecase spend add 42.50 USD && tunecase spend add 40 USD --replaces "
        "$(tail -n 1 ledger.jsonl | grep -o '^{.id.:.[0-9a-f]*' | tail -c 65)"
    )
}
RECORDS = {
    "tunecase spend add --json": "tunecase spend add 42.50 USD --json",
    "tunecase spend import --json": f"{FOCUS} --json",
    "tunecase spend serving --json": f"{SERVED} --json",
}
SKILL = {
    "tunecase VERB --help": "tunecase audit --help",
    "tunecase approve AMOUNT": 'tunecase approve "1500 USD" --by "Head of Support"',
    "tunecase spend add": "tunecase spend add 42.50 USD",
    "tunecase spend import": FOCUS,
    "tunecase spend map": 'tunecase spend map "service=Amazon S3" storage',
    "tunecase next --rows": "tunecase next --rows 1360 --score 0.74 --changed label",
    "tunecase pilot --usd-per-hour": "tunecase pilot --usd-per-hour 1",
    "tunecase audit --fix DIR": "tunecase audit --fix cleaned",
}
# Exit codes other than 0. Nobody has said yet whether the judge judges as people do, so that its score does not count.
CODES = dict.fromkeys(("tunecase judge", "tunecase judge --base-url URL --model NAME"), 1)
CODES["tunecase approve --code"] = 2  # no terminal, and nobody at it
# What the reader does before a command.
BEFORE = {
    "tunecase audit --reviewed FILE": judged,
    'tunecase approve "1500 USD" --by NAME': decides,
    "tunecase scorecard": rests_on_past_cases,
}
DESK, TOOLS, NOTHING = "desk", "tools", "nothing"
# The home page makes the case that stands on the desk of all others.
HOME = Walk("index.md", NOTHING)
QUICK = (Walk("how-to/scores.md", TOOLS, slow=False), Walk("contributing.md", TOOLS, slow=False))
WALKS = (
    *QUICK,
    Walk("how-to/road.md", DESK, ROAD),
    Walk("how-to/data.md", DESK, DATA),
    Walk("how-to/pilot.md", DESK, PILOT),
    Walk("how-to/one-run.md", DESK, ONE_RUN),
    Walk("how-to/money.md", DESK, MONEY_PAGE),
    Walk("how-to/json.md", DESK),
    Walk("how-to/serve.md", DESK),
    Walk("how-to/sizing.md", DESK),
    Walk("how-to/trainers.md", DESK),
    Walk("how-to/agents.md", DESK),
    Walk("evidence.md", DESK),
    Walk("track-record.md", DESK),
    Walk("glossary.md", DESK, {"tunecase books --plan": "tunecase books --plan latest"}),
    Walk("security.md", DESK),
    Walk("method/books.md", DESK),
    Walk("method/pilot.md", DESK),
    Walk("method/plan.md", DESK),
    Walk("method/problem.md", DESK),
    *(Walk(f"reference/commands/{verb}.md", DESK) for verb in (
        "define", "audit", "estimate", "pilot", "forecast", "decide", "next", "report", "fit", "sources", "label",
        "compare", "evals", "schema", "approve", "reject", "books", "scorecard", "serve", "mcp", "spend",
    )),
    Walk("reference/commands/run.md", NOTHING),
    Walk("reference/commands/check.md", DESK, {"tunecase prices --update": "tunecase prices --update vms.csv"}),
    Walk("reference/commands/ledger.md", DESK, LEDGER),
    Walk("reference/commands/index.md", DESK),
    Walk("reference/project-file.md", DESK),
    Walk("reference/python.md", DESK, {"tunecase spend import runs FOLDER": RUNS}),
    Walk("reference/records.md", DESK, RECORDS),
    Walk("README.md", DESK),
    Walk("skills/tunecase/SKILL.md", DESK, SKILL),
    Walk("skills/tunecase/references/tools.md", DESK, SKILL),
    Walk("docs/releasing.md", DESK),
)  # fmt: skip
# The tutorials are walked by tests/docs/test_site.py; what was told in the past is not run.
TOLD_ELSEWHERE = ("tutorials/", "cases/", "log.md", "changelog.md")
# Other programs that pages show, by how their lines begin, and why no test runs them as they stand there.
OTHERS = (
    ("pip install ", "needs a network; tests/test_installed.py installs the wheel"),
    ("make ", "sets up or builds what this tree is; the Makefile's targets are held by tests/test_docs.py"),
    ("python benchmarks/", "a benchmark; its own tests are in tests/benchmarks"),
    (".venv/bin/python -m pytest ", "runs the tests"),
    ("python -m ", "builds the wheel, or fetches weights from a network"),
    ("git ", "publishes a release"),
)
