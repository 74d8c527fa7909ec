"""The inputs that several tools share, and the long lists of what one run and what one answer rest on."""

from tunecase.agents.fields import Field

TIERS = ("marketplace", "neocloud", "hyperscaler")
PROJECT = Field(
    "project", "The project file of the case; tunecase.yaml in the folder of the server if left out.", "path"
)
SEED = Field("seed", "The same seed gives the same answer; 0 if left out.", "count", least=0, most=2**32 - 1)
CASE = (PROJECT, SEED)

FIT_FIELDS = (
    Field(
        "model", "A model's name (llama-3.1-8b), its config.json, or a training configuration.", "model", required=True
    ),
    Field("gpu", "Cards that may be used, such as A100-80GB; all with a price if left out.", "texts"),
    Field("gpus", "How many cards, such as 1, 2 or 1-8; up to 64 are weighed if left out.", "texts"),
    Field("tokens", "Tokens trained on over all epochs, such as 5M.", "amount"),
    Field("examples", "Samples, in place of tokens.", "amount"),
    Field("epochs", "Passes over the samples.", "amount"),
    Field("method", "How it is tuned; all are weighed if left out.", choices=("lora", "qlora", "full")),
    Field("seq", "Longest sample in tokens; 2048 if left out.", "amount"),
    Field("batch", "Samples on one card at once; searched if left out.", "amount"),
    Field("global_batch", "Samples of one optimizer step over all cards.", "amount"),
    Field("rank", "Rank of LoRA.", "amount"),
    Field("framework", "Whose defaults are taken: axolotl, torchtune, litgpt, trl, …"),
    Field("optimizer", "adamw, adamw_8bit, paged_adamw_8bit, adafactor, …"),
    Field("precision", "Of the training.", choices=("bf16", "fp16", "fp32", "fp8")),
    Field("sharding", "How the model is split over cards.", choices=("ddp", "zero1", "zero2", "zero3", "fsdp")),
    Field("checkpointing", "Of activations.", choices=("none", "selective", "full", "offloaded")),
    Field("lengths", "Token lengths (CSV of tokens,count; JSONL), or the data file.", "path"),
    Field("card_memory", "Memory of one card, such as 20GB: of the one card named, or of a card of one's own."),
    Field("tier", "Whose prices.", choices=TIERS),
    Field("price", "One's own price of an hour of the one card named, in USD.", "amount"),
    Field("deadline", "When it must have ended, such as '6 h'."),
    Field("spot", "Spot cards, interruptions counted.", "yes or no"),
    Field("explain", "Every term, and measured runs that are near.", "yes or no"),
    SEED,
)
INFERENCE_FIELDS = (
    Field("model", "A model's name or its config.json; the project's if left out.", "model"),
    Field("project", "A case whose volume, lengths and prices count; none if left out.", "path"),
    Field("volume", "Answers a month, such as '200k per month'."),
    Field("input", "Tokens that one request sends.", "amount"),
    Field("output", "Tokens of one answer.", "amount"),
    Field("instructions", "Tokens of instructions that a prompted model needs on top.", "amount"),
    Field("months", "For how long, such as '12 months'."),
    Field("growth", "Growth of the volume, such as '2% per month'."),
    Field("hours", "Load by hour of the day.", choices=("even", "office", "day")),
    Field("trace", "A CSV of requests as they came: arrival, input, output.", "path"),
    Field("may_wait", "Answers may wait for one batch a night.", "yes or no"),
    Field("first_token", "In which time 95 of 100 requests must get their first token, such as '1 s'."),
    Field("per_token", "The longest mean time of each further token, such as '50 ms'."),
    Field("gpu", "Cards that may serve.", "texts"),
    Field("gpus", "Cards of one replica.", "amount"),
    Field("tier", "Whose prices.", choices=TIERS),
    Field("price", "One's own price of an hour of the one card named, in USD.", "amount"),
    Field("precision", "Of the weights.", choices=("bf16", "fp16", "fp8", "int8", "int4")),
    Field("engine", "What serves.", choices=("vllm", "sglang", "tensorrt-llm")),
    Field("against", "Hosted models that are prompted instead, such as openai/gpt-4.1-mini.", "texts"),
    SEED,
)
