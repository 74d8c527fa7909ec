"""Keys of many services, made up in the form their own documentation shows, and how many of them the audit sees.

No key here is real: each is drawn with a seed from the letters that its service uses. Every key stands bare in a
sentence and a call, and after its name in a sentence, code, JSON and an env file; keys without a sign of their own are
not asked for bare. Half of the services (drawn once) were held out while the rules were written. What flatters: forms
and rules have the same author, so a form that the author has wrong is wrong in both.

Run: `python benchmarks/audit_secrets.py`
"""

import random
import string
import sys
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from tunecase.data.detectors.secrets import kinds_of

HEX, ALNUM, LOWER = "0123456789abcdef", string.ascii_letters + string.digits, string.ascii_lowercase + string.digits
WEB, UPPER, LETTERS = ALNUM + "-_", string.ascii_uppercase + string.digits, string.ascii_letters
BECH32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
HELD_OUT_SEED = 22
# Random strings that nothing but a name before them tells from others.
NAMELESS = {"mistral", "cohere", "together", "weights and biases", "azure openai", "aws", "vercel", "cloudflare"}
NAMELESS |= {"datadog", "weaviate"}


def forms(draw: random.Random) -> dict[str, tuple[str, str]]:
    """Every form of key: the name that it goes by in an env file, and one made-up key."""

    def of(letters: str, length: int) -> str:
        return "".join(draw.choices(letters, k=length))

    def digits(length: int) -> str:
        return str(draw.randint(1, 9)) + of(string.digits, length - 1)

    def token(payload: str) -> str:
        return urlsafe_b64encode(payload.encode()).decode().rstrip("=")

    organisation = token('{"iat":1700000000,"org":"' + of(LOWER, 9) + '"}')
    ids = uuid.UUID(int=draw.getrandbits(128), version=4)
    jwt = ".".join((token('{"alg":"HS256","typ":"JWT"}'), token(f'{{"sub":"{of(LOWER, 20)}"}}'), of(WEB, 43)))
    return {
        "openai": ("OPENAI_API_KEY", f"sk-{of(ALNUM, 20)}T3BlbkFJ{of(ALNUM, 20)}"),
        "openai project": ("OPENAI_API_KEY", f"sk-proj-{of(WEB, 74)}T3BlbkFJ{of(WEB, 74)}"),
        "openai service account": ("OPENAI_API_KEY", f"sk-svcacct-{of(WEB, 74)}T3BlbkFJ{of(WEB, 74)}"),
        "openai session": ("OPENAI_SESSION", f"sess-{of(ALNUM, 40)}"),
        "anthropic": ("ANTHROPIC_API_KEY", f"sk-ant-api03-{of(WEB, 93)}AA"),
        "google ai": ("GEMINI_API_KEY", f"AIza{of(WEB, 35)}"),
        "mistral": ("MISTRAL_API_KEY", of(ALNUM, 32)),
        "cohere": ("COHERE_API_KEY", of(ALNUM, 40)),
        "groq": ("GROQ_API_KEY", f"gsk_{of(ALNUM, 52)}"),
        "xai": ("XAI_API_KEY", f"xai-{of(ALNUM, 80)}"),
        "perplexity": ("PERPLEXITY_API_KEY", f"pplx-{of(ALNUM, 48)}"),
        "together": ("TOGETHER_API_KEY", of(HEX, 64)),
        "fireworks": ("FIREWORKS_API_KEY", f"fw_{of(ALNUM, 22)}"),
        "replicate": ("REPLICATE_API_TOKEN", f"r8_{of(ALNUM, 37)}"),
        "hugging face": ("HF_TOKEN", f"hf_{of(LETTERS, 34)}"),
        "hugging face organisation": ("HF_TOKEN", f"api_org_{of(LETTERS, 34)}"),
        "deepseek": ("DEEPSEEK_API_KEY", f"sk-{of(HEX, 32)}"),
        "openrouter": ("OPENROUTER_API_KEY", f"sk-or-v1-{of(HEX, 64)}"),
        "cerebras": ("CEREBRAS_API_KEY", f"csk-{of(LOWER, 48)}"),
        "nvidia": ("NVIDIA_API_KEY", f"nvapi-{of(WEB, 64)}"),
        "voyage": ("VOYAGE_API_KEY", f"pa-{of(WEB, 43)}"),
        "jina": ("JINA_API_KEY", f"jina_{of(HEX, 32)}{of(WEB, 28)}"),
        "pinecone": ("PINECONE_API_KEY", f"pcsk_{of(ALNUM, 6)}_{of(ALNUM, 63)}"),
        "langsmith": ("LANGSMITH_API_KEY", f"lsv2_pt_{of(HEX, 32)}_{of(HEX, 10)}"),
        "langfuse": ("LANGFUSE_SECRET_KEY", f"sk-lf-{ids}"),
        "weights and biases": ("WANDB_API_KEY", of(HEX, 40)),
        "azure openai": ("AZURE_OPENAI_API_KEY", of(HEX, 32)),
        "azure openai long": ("AZURE_OPENAI_KEY", f"{of(ALNUM, 52)}JQQJ99BCACYeBjFXJ3w3AAABACOG{of(ALNUM, 4)}"),
        "aws": ("AWS_SECRET_ACCESS_KEY", of(ALNUM + "/+", 40)),
        "aws id": ("AWS_ACCESS_KEY_ID", f"AKIA{of(string.ascii_uppercase + '234567', 16)}"),
        "databricks": ("DATABRICKS_TOKEN", f"dapi{of(HEX, 32)}"),
        "supabase": ("SUPABASE_ACCESS_TOKEN", f"sbp_{of(HEX, 40)}"),
        "vercel": ("VERCEL_TOKEN", of(ALNUM, 24)),
        "netlify": ("NETLIFY_AUTH_TOKEN", f"nfp_{of(ALNUM, 36)}"),
        "cloudflare": ("CLOUDFLARE_API_TOKEN", of(WEB, 40)),
        "digitalocean": ("DIGITALOCEAN_TOKEN", f"dop_v1_{of(HEX, 64)}"),
        "slack app": ("SLACK_APP_TOKEN", f"xapp-1-A{of(UPPER, 10)}-{digits(13)}-{of(HEX, 64)}"),
        "slack bot": ("SLACK_BOT_TOKEN", f"xoxb-{digits(12)}-{digits(13)}-{of(ALNUM, 24)}"),
        "slack rotated": ("SLACK_TOKEN", f"xoxe.xoxp-1-{of(ALNUM, 163)}"),
        "discord": ("DISCORD_TOKEN", f"MT{of(ALNUM, 24)}.G{of(ALNUM, 5)}.{of(WEB, 38)}"),
        "telegram": ("TELEGRAM_BOT_TOKEN", f"{digits(10)}:AA{of(WEB, 33)}"),
        "twilio": ("TWILIO_API_KEY", f"SK{of(HEX, 32)}"),
        "sendgrid": ("SENDGRID_API_KEY", f"SG.{of(WEB, 22)}.{of(WEB, 43)}"),
        "mailgun": ("MAILGUN_API_KEY", f"key-{of(HEX, 32)}"),
        "stripe": ("STRIPE_SECRET_KEY", f"sk_live_{of(ALNUM, 24)}"),
        "stripe restricted": ("STRIPE_KEY", f"rk_live_{of(ALNUM, 99)}"),
        "stripe webhook": ("STRIPE_WEBHOOK_SECRET", f"whsec_{of(ALNUM, 32)}"),
        "square": ("SQUARE_ACCESS_TOKEN", f"EAAA{of(WEB, 60)}"),
        "shopify": ("SHOPIFY_TOKEN", f"shpat_{of(HEX, 32)}"),
        "github": ("GITHUB_TOKEN", f"ghp_{of(ALNUM, 36)}"),
        "github fine-grained": ("GITHUB_TOKEN", f"github_pat_{of(ALNUM, 22)}_{of(ALNUM, 59)}"),
        "gitlab": ("GITLAB_TOKEN", f"glpat-{of(WEB, 20)}"),
        "gitlab runner": ("RUNNER_TOKEN", f"glrt-{of(WEB, 20)}"),
        "npm": ("NPM_TOKEN", f"npm_{of(ALNUM, 36)}"),
        "pypi": ("PYPI_TOKEN", f"pypi-AgEIcHlwaS5vcmc{of(WEB, 150)}"),
        "docker": ("DOCKER_PAT", f"dckr_pat_{of(WEB, 27)}"),
        "atlassian": ("JIRA_API_TOKEN", f"ATATT3xFfGF0{of(WEB, 171)}={of('0123456789ABCDEF', 8)}"),
        "notion": ("NOTION_TOKEN", f"ntn_{digits(11)}{of(ALNUM, 35)}"),
        "notion older": ("NOTION_TOKEN", f"secret_{of(ALNUM, 43)}"),
        "airtable": ("AIRTABLE_TOKEN", f"pat{of(ALNUM, 14)}.{of(HEX, 64)}"),
        "linear": ("LINEAR_API_KEY", f"lin_api_{of(ALNUM, 40)}"),
        "figma": ("FIGMA_TOKEN", f"figd_{of(WEB, 40)}"),
        "sentry": ("SENTRY_AUTH_TOKEN", f"sntrys_{organisation}_{of(ALNUM, 43)}"),
        "new relic": ("NEW_RELIC_API_KEY", f"NRAK-{of(UPPER, 27)}"),
        "datadog": ("DD_API_KEY", of(HEX, 32)),
        "grafana": ("GRAFANA_TOKEN", f"glsa_{of(ALNUM, 32)}_{of(HEX, 8)}"),
        "vault": ("VAULT_TOKEN", f"hvs.{of(WEB, 95)}"),
        "postman": ("POSTMAN_API_KEY", f"PMAK-{of(HEX, 24)}-{of(HEX, 34)}"),
        "doppler": ("DOPPLER_TOKEN", f"dp.pt.{of(ALNUM, 43)}"),
        "age": ("AGE_KEY", f"AGE-SECRET-KEY-1{of(BECH32, 58)}"),
        "jwt": ("QDRANT_API_KEY", jwt),
        "weaviate": ("WEAVIATE_API_KEY", of(ALNUM, 36)),
        "password in an address": ("DATABASE_URL", f"postgresql://app:{of(ALNUM, 18)}@db.{of(LOWER, 8)}.net:5432/app"),
    }  # fmt: skip


PLACES: dict[str, Callable[[str, str], str]] = {
    "bare": lambda _, key: f"I still get 401 with {key}. What else can I try?",
    "call": lambda _, key: f"client = Client('{key}', timeout=30)",
    "sentence": lambda name, key: f"My {name.lower().replace('_', ' ')} is {key} and it stopped working last week.",
    "code": lambda name, key: f'client = Client(region="eu")\n{name.lower()} = "{key}"\nclient.connect({name.lower()})',
    "json": lambda name, key: f'{{"retries": 3, "{name}": "{key}", "debug": false}}',
    "env": lambda name, key: f"LOG_LEVEL=info\n{name}={key}\nPORT=8080",
}


def held_out() -> set[str]:
    """The forms that were not looked at while the rules were written: half of all."""
    names = sorted(forms(random.Random(0)))
    random.Random(HELD_OUT_SEED).shuffle(names)
    return set(names[: len(names) // 2])


def seen(draws: int = 5) -> dict[tuple[str, str], int]:
    """How many of the drawn keys are seen, by form and place."""
    counts: dict[tuple[str, str], int] = {}
    for seed in range(draws):
        for form, (name, key) in forms(random.Random(seed)).items():
            for place, write in PLACES.items():
                if form in NAMELESS and place in ("bare", "call"):
                    continue
                counts[form, place] = counts.get((form, place), 0) + bool(kinds_of(write(name, key)))
    return counts


def main() -> None:
    """Prints what is seen of the forms that were looked at and of those held out, by place, and what is missed."""
    draws = 5
    counts, apart = seen(draws), held_out()
    for title, chosen in (("looked at", set(forms(random.Random(0))) - apart), ("held out", apart)):
        for place in PLACES:
            asked = [form for form in chosen if (form, place) in counts]
            found = sum(counts[form, place] for form in asked)
            print(f"{title:10} {place:9} {found} of {len(asked) * draws} keys of {len(asked)} forms")
    missed = [(form, place, n) for (form, place), n in counts.items() if n < draws and form not in apart]
    for form, place, n in missed:
        print(f"  missed, looked at: {form}, {place}: {n} of {draws}")


if __name__ == "__main__":
    main()
