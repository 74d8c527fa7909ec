"""Names in common spellings find one model, and never one of two."""

from tunecase import catalog
from tunecase.compute.model.names import known_name

SPELLINGS = {
    "LLaMA2-7B": "meta-llama/Llama-2-7b-hf",
    "Llama-2-7B-Chat-GGUF": "meta-llama/Llama-2-7b-hf",
    "llama-v2-7b": "meta-llama/Llama-2-7b-hf",
    "NousResearch/Llama-2-13b-hf": "meta-llama/Llama-2-13b-hf",
    "TheBloke/Llama-2-70B-GPTQ": "meta-llama/Llama-2-70b-hf",
    "llama-7b": "huggyllama/llama-7b",
    "LLaMA 65B": "huggyllama/llama-65b",
    "Llama 3 70B": "meta-llama/Meta-Llama-3-70B",
    "unsloth/llama-3-8b-bnb-4bit": "meta-llama/Meta-Llama-3-8B",
    "llama3_8b": "meta-llama/Meta-Llama-3-8B",
    "Llama-3_1-8B": "meta-llama/Llama-3.1-8B",
    "unsloth/Meta-Llama-3.1-8B-Instruct-bnb-4bit": "meta-llama/Llama-3.1-8B",
    "qwen2p5_7b": "Qwen/Qwen2.5-7B",
    "Qwen2.5-7B-Instruct-GPTQ-Int4": "Qwen/Qwen2.5-7B",
    "Mixtral-8x7B-Instruct-v0.1-AWQ": "mistralai/Mixtral-8x7B-v0.1",
    "Code Llama 34B": "codellama/CodeLlama-34b-hf",
    "GPT-3 175B": "openai/gpt-3-175b",
    "bloomz-7b1-mt": "bigscience/bloom-7b1",
    "OLMo 2 7B": "allenai/OLMo-2-1124-7B",
    "Baichuan2 13B Chat": "baichuan-inc/Baichuan2-13B-Base",
    "01-ai/Yi-34B-Chat-4bits": "01-ai/Yi-34B",
}
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
