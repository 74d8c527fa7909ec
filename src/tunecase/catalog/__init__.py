"""What is known: GPUs, models, prices, wages, metrics and defaults, read from catalog/tables/ with source and date."""

from tunecase.catalog.data_checks import CheckAccuracy, check_accuracy, checks, is_guess, may_stop
from tunecase.catalog.facts import (
    Gpu,
    Metric,
    Model,
    can,
    default,
    defaults,
    gpu,
    gpus,
    metric,
    metrics,
    model,
    models,
    names,
    serving_gpus,
)
from tunecase.catalog.other_models import (
    ApiEndpoint,
    DecisionModel,
    Encoder,
    api_endpoint,
    decision_model,
    decision_models,
    encoder,
    encoders,
    hosted_names,
    model_kind,
)
from tunecase.catalog.prices import (
    ON_DEMAND,
    RESERVED,
    SPOT,
    STALE_AFTER_DAYS,
    TERMS,
    GpuPrice,
    Hosted,
    LabelPrice,
    Wage,
    gpu_prices,
    hosted,
    instance,
    instance_hours,
    instances,
    is_stale,
    label_prices,
    largest_instance,
    lowest_prices,
    price_book,
    provider,
    providers,
    standing,
    wage,
    wages,
)
from tunecase.catalog.published import PublishedScore, language_codes, published_scores
from tunecase.catalog.reading import read_table, table
from tunecase.catalog.serving_prices import BatchPrice, CoreHour, Endpoint, batch_price, core_hours, endpoints
from tunecase.catalog.stand_ins import StandIn, stand_in_field, stand_ins
from tunecase.catalog.training import (
    Framework,
    Stack,
    framework,
    framework_in,
    frameworks,
    loss_memory,
    optimizer,
    optimizers,
    stack,
)

__all__ = [
    "ON_DEMAND", "RESERVED", "SPOT", "STALE_AFTER_DAYS", "TERMS", "ApiEndpoint", "BatchPrice", "CheckAccuracy",
    "CoreHour", "DecisionModel", "Encoder", "Endpoint", "Framework", "Gpu", "GpuPrice", "Hosted", "LabelPrice",
    "Metric", "Model", "PublishedScore", "Stack", "StandIn", "Wage", "api_endpoint", "batch_price", "can",
    "check_accuracy", "checks", "core_hours", "decision_model", "decision_models", "default", "defaults", "encoder",
    "encoders", "endpoints", "framework", "framework_in", "frameworks", "gpu", "gpu_prices", "gpus", "hosted",
    "hosted_names", "instance", "instance_hours", "instances", "is_guess", "is_stale", "label_prices", "language_codes",
    "largest_instance", "loss_memory", "lowest_prices", "may_stop", "metric", "metrics", "model", "model_kind",
    "models", "names", "optimizer", "optimizers", "price_book", "provider", "providers", "published_scores",
    "read_table", "serving_gpus", "stack", "stand_in_field", "stand_ins", "standing", "table", "wage", "wages",
]  # fmt: skip
