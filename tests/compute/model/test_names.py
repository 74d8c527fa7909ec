"""Names in common spellings find one model, and never one of two."""

from tunecase import catalog
from tunecase.compute.model.names import known_name, near_names

SPELLINGS = {
    "LLaMA2-7B": "meta-llama/Llama-2-7b-hf", "Llama-2-7B-Chat-GGUF": "meta-llama/Llama-2-7b-hf",
    "llama-v2-7b": "meta-llama/Llama-2-7b-hf", "NousResearch/Llama-2-13b-hf": "meta-llama/Llama-2-13b-hf",
    "TheBloke/Llama-2-70B-GPTQ": "meta-llama/Llama-2-70b-hf", "llama-7b": "huggyllama/llama-7b",
    "LLaMA 65B": "huggyllama/llama-65b", "Llama 3 70B": "meta-llama/Meta-Llama-3-70B",
    "unsloth/llama-3-8b-bnb-4bit": "meta-llama/Meta-Llama-3-8B", "llama3_8b": "meta-llama/Meta-Llama-3-8B",
    "Llama-3_1-8B": "meta-llama/Llama-3.1-8B", "unsloth/Meta-Llama-3.1-8B-Instruct-bnb-4bit": "meta-llama/Llama-3.1-8B",
    "qwen2p5_7b": "Qwen/Qwen2.5-7B", "Qwen2.5-7B-Instruct-GPTQ-Int4": "Qwen/Qwen2.5-7B",
    "Mixtral-8x7B-Instruct-v0.1-AWQ": "mistralai/Mixtral-8x7B-v0.1", "Code Llama 34B": "codellama/CodeLlama-34b-hf",
    "GPT-3 175B": "openai/gpt-3-175b", "bloomz-7b1-mt": "bigscience/bloom-7b1", "OLMo 2 7B": "allenai/OLMo-2-1124-7B",
    "Baichuan2 13B Chat": "baichuan-inc/Baichuan2-13B-Base", "01-ai/Yi-34B-Chat-4bits": "01-ai/Yi-34B",
}  # fmt: skip
NO_SHAPE = (
    "", "-", "/", "llama", "7B", "Llama 70B", "llama-7b-v2", "Llama-9B", "mistral", "llama-27b", "chatglm",
    "google/flan-t5-xl",
)  # fmt: skip


def test_a_spelling_finds_its_model() -> None:
    """Owner, case, punctuation, packing and tuning change no dimension."""
    assert SPELLINGS == {text: model.name if (model := known_name(text)) else None for text in SPELLINGS}


def test_what_is_not_one_shape_is_not_guessed() -> None:
    """A size without a family, a family without a size, a size that was never released."""
    assert [] == [text for text in NO_SHAPE if known_name(text) is not None]


def test_every_name_of_the_table_finds_a_model_of_its_shape() -> None:
    """In any case of letters, and with blanks for hyphens."""
    wrong = []
    for model in catalog.models():
        for name in (model.name, *model.aliases):
            upper, blanks = known_name(name.upper()), known_name(name.replace("-", " "))
            shapes = {(other.params, other.hidden) for other in (upper, blanks) if other is not None}
            if upper is None or shapes != {(model.params, model.hidden)}:
                wrong.append((name, upper, blanks))
    assert [] == wrong


def test_an_unknown_name_is_answered_with_its_family_and_size() -> None:
    """Never with another family, and always with how to hand over the config.json."""
    cases = [
        ("Lama-3.1-8B", "did you mean meta-llama/Llama-3.1-8B?"), ("Qwen/Qwen3-9B", "did you mean Qwen/Qwen3"),
        ("Qwen3-VL-9B-Instruct", "did you mean Qwen/Qwen3-VL-8B-Instruct or "),
        ("granite-9-8b", "did you mean ibm-granite/granite-"),
        ("phi-9-mini", "of its family there are microsoft/Phi-4-mini-instruct or "),
        ("qwen 3.5 9", "did you mean Qwen/Qwen3.5-9B or "),
        ("granite 4 tiny", "did you mean ibm-granite/granite-4.0-h-tiny?"),
        ("nova-7b", "no model of this family is in the tables"), ("", "no model of this family is in the tables"),
    ]  # fmt: skip
    for text, nearest in cases:
        assert known_name(text) is None
        answer = near_names(text)
        assert answer.startswith(nearest)
        assert "tunecase fit path/to/config.json" in answer


def test_models_of_2025_and_2026_are_found_by_their_names_on_the_hub() -> None:
    """The lines that are loaded most, by one name each."""
    names = (
        "Qwen/Qwen3-8B Qwen/Qwen3-4B-Instruct-2507 Qwen/Qwen3-30B-A3B-Instruct-2507 Qwen/Qwen3-Coder-30B-A3B-Instruct "
        "Qwen/Qwen2.5-VL-7B-Instruct Qwen/Qwen3-VL-8B-Instruct Qwen/QwQ-32B openai/gpt-oss-20b openai/gpt-oss-120b "
        "google/gemma-3-4b-it google/gemma-3-27b-it google/gemma-3-270m meta-llama/Llama-4-Scout-17B-16E-Instruct "
        "mistralai/Mistral-Small-3.2-24B-Instruct-2506 mistralai/Ministral-3-8B-Instruct-2512 "
        "HuggingFaceTB/SmolLM3-3B allenai/Olmo-3-7B-Instruct LGAI-EXAONE/EXAONE-4.0-32B "
        "Qwen/Qwen3-Next-80B-A3B-Instruct Qwen/Qwen3.5-9B Qwen/Qwen3.6-35B-A3B Qwen/Qwen3.8-27B google/gemma-3n-E4B-it "
        "google/gemma-4-E4B-it mistralai/Mistral-Large-3-675B-Instruct-2512 deepseek-ai/DeepSeek-V3.2 "
        "deepseek-ai/DeepSeek-V4-Flash zai-org/GLM-5 ibm-granite/granite-4.0-h-tiny nvidia/NVIDIA-Nemotron-Nano-9B-v2 "
        "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16 tiiuae/Falcon-H1-7B-Instruct LiquidAI/LFM2-1.2B "
        "moonshotai/Kimi-Linear-48B-A3B-Instruct MiniMaxAI/MiniMax-M1-80k HuggingFaceTB/SmolVLM2-2.2B-Instruct "
        "ByteDance-Seed/Seed-OSS-36B-Instruct swiss-ai/Apertus-8B-Instruct-2509 baidu/ERNIE-4.5-21B-A3B-PT"
    ).split()
    assert [] == [name for name in names if known_name(name) is None]
    dated = {name for row in catalog.models() if row.date >= "2026-11-28" for name in (row.name, *row.aliases)}
    assert sum("/" in name for name in dated) >= 200
