"""How fast a card does each kind of work: constants with doubt, and seconds by term for the work of a step."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tunecase import catalog
from tunecase.compute.recipe import USUAL_MACHINE, Number, Recipe
from tunecase.compute.speed.work import Work
from tunecase.quantities import np

ASSUMED_CARD, BOARD, MESH = "products assumed", "links pcie", "infinity fabric"
# The constants whose doubt a term carries, besides the doubt about everything at once.
DOUBTS = {
    "matrix products": ("products", "generation"),
    "attention": ("attention",),
    "small operations": ("small operations", "memory"),
    "adapters": ("adapters", "memory"),
    "reading weights": ("memory",),
    "4-bit unpacking": ("unpacking",),
    "loss": ("small operations", "memory"),
    "waiting for launches": ("launch",),
    "between micro-batches": ("pause",),
    "weights between cards": ("links", "exposed"),
    "activations between cards": ("links",),
    "gradients between cards": ("links", "exposed"),
    "host memory": ("host",),
    "optimizer": ("memory", "small operations"),
}


@dataclass(frozen=True, slots=True)
class Constants:
    """Rates as shares of the card's figures, and the spread of each over sources (sigma of its logarithm).

    `rows` and `sources` say what they were learnt from.
    """

    values: Mapping[str, float]
    spreads: Mapping[str, float]
    rows: int = 0
    sources: int = 0


@cache
def shipped() -> Constants:
    """The constants of catalog/tables/step_constants.csv, learnt from every published run."""
    table = {row["name"]: row for row in catalog.read_table("step_constants")}
    values = {name: float(row["value"]) for name, row in table.items()}
    spreads = {name: float(row["spread"]) for name, row in table.items()}
    first = next(iter(table.values()))
    return Constants(values, spreads, int(first["rows"]), int(first["sources"]))


def of_card(gpu: catalog.Gpu, eight_bit: bool) -> dict[str, str]:
    """Which constants hold for a card: generation, 8-bit products, kind of link."""
    return {
        "generation": f"products {gpu.generation}",
        "products": "products 8-bit" if eight_bit else "products",
        "attention": f"attention {gpu.generation}",
        "links": f"links {gpu.interconnect}",
        "exposed": f"exposed {gpu.interconnect}",
    }


def uses_eight_bit(recipe: Recipe) -> bool:
    """True where products are done in 8 bit: where it is asked for and the card can."""
    return recipe.precision == "fp8" and recipe.gpu is not None and recipe.gpu.product_fp8_tflops > 0


def card_figures(recipe: Recipe) -> dict[str, Number]:
    """What the run's card can do: products and attention [FLOP/s], memory, links, network and host [bytes/s].

    A ring runs at the slowest of what it crosses: the fast link inside a domain, a card's way to the host between the
    domains of a machine, the network between machines, of switched and meshed cards all network cards together. In a
    mesh a card sends to all others at once. 32-bit products run at an eighth of the 16-bit rate.
    """
    gpu = recipe.gpu
    if gpu is None:
        raise ValueError("a step's time needs a card: recipe.gpu is None")
    dense = gpu.product_tflops * 1e12 / (8 if recipe.precision == "fp32" else 1)
    gpus, joined = np.asarray(recipe.gpus), recipe.joined_cards
    bridged = gpu.domain_cards < USUAL_MACHINE  # a switch or a mesh joins all cards of a machine
    peers = np.clip(gpus, 2, gpu.domain_cards) - 1 if gpu.interconnect == MESH else 1
    node = gpu.node_gb_per_s * 1e9 * (joined if gpu.interconnect != "pcie" else 1)
    return {
        "products": gpu.product_fp8_tflops * 1e12 if uses_eight_bit(recipe) else dense,
        "attention": dense,
        "memory": gpu.bandwidth_tb_per_s * 1e12,
        "link": gpu.link_gb_per_s * 1e9 * peers,
        "board": np.where(bridged & (gpus > gpu.domain_cards), gpu.host_gb_per_s * 1e9, np.inf),
        "node": np.where(gpus > joined, node, np.inf),
        "host": gpu.host_gb_per_s * 1e9,
    }


def seconds(work: Work, card: Mapping[str, Any], c: Mapping[str, Number]) -> dict[str, Number]:
    """Seconds of one optimizer step by term, numbers or arrays; the terms add up to the step.

        computing = products / (share x card) + attention / (share x card) + bytes / (share x bandwidth)
        busy      = sqrt(computing^2 + (kernels x launch)^2)     neither fully hides the other
        micro     = max(busy, moving) + exposed x min(busy, moving) + activations between cards + pause
        step      = rest x ((accumulation + pipeline fill) x micro + optimizer + gradients between cards + host)

    Args:
        work: what the card has to do.
        card: from `card_figures`.
        c: constants by role: products, generation, attention, memory, small operations, adapters, unpacking, launch,
            pause, links, board (links over PCIe), network, exposed, host, rest.
    Returns: seconds by the names of DOUBTS.

    Leaves out a lower rate for small products: weights are read once per micro-batch beside the products, which gives
    the same law (T / (T + T0)).
    """
    times, memory = work.micro_batches + work.pipeline_fill, card["memory"] * c["memory"]
    terms = {
        "matrix products": work.product_flops / (card["products"] * c["products"] * c["generation"]),
        "attention": work.attention_flops / (card["attention"] * c["attention"]),
        "small operations": work.moved_bytes * c["small operations"] / memory,
        "adapters": work.adapter_bytes * c["adapters"] / memory,
        "reading weights": work.weight_bytes / memory,
        "4-bit unpacking": work.unpacked_bytes / (card["memory"] * c["unpacking"]),
        "loss": work.loss_bytes / memory,
    }
    computing = sum(terms.values())
    busy = np.hypot(computing, work.kernels * c["launch"])
    link = np.minimum(card["link"] * c["links"], card["board"] * c["board"])
    wide = np.minimum(link, card["node"] * c["network"])
    gathering, fetching = work.gathered_bytes / wide, work.host_bytes / (card["host"] * c["host"])
    moving, exposed = gathering + fetching, np.minimum(c["exposed"], 1.0)
    shown = np.maximum(moving - busy, 0) + exposed * np.minimum(busy, moving)  # the part of moving that is not hidden
    from_host = fetching / np.maximum(moving, 1e-30)
    terms |= {
        "waiting for launches": busy - computing,
        "between micro-batches": c["pause"],
        "weights between cards": shown * (1 - from_host),
        "activations between cards": work.shared_bytes / link,
    }
    held = {name: value * times for name, value in terms.items()}
    held["gradients between cards"] = work.step_reduced_bytes / wide * exposed
    held["host memory"] = shown * from_host * times + work.step_host_bytes / (card["host"] * c["host"])
    held["optimizer"] = work.step_optimizer_bytes / memory
    return {name: value * c["rest"] for name, value in held.items()}


def roles(recipe: Recipe, constants: Constants) -> dict[str, float]:
    """The constants that hold for a run, by role."""
    gpu = recipe.gpu
    assert gpu is not None
    names = of_card(gpu, uses_eight_bit(recipe))
    plain = ("memory", "small operations", "adapters", "unpacking", "launch", "pause", "network", "host", "rest")
    named = {role: constants.values[name] for role, name in (*names.items(), ("board", BOARD))}
    return named | {n: constants.values[n] for n in plain}


def sigma(recipe: Recipe, terms: Mapping[str, Number], constants: Constants) -> Number:
    """Doubt (sigma) about the logarithm of a step's time that the constants carry.

        sigma^2 = sum over constants of (share of the time that depends on it x its spread)^2

    A run that waits for slow links or for launches is more in doubt than one that multiplies matrices.
    """
    gpu = recipe.gpu
    assert gpu is not None
    total, names = sum(terms.values()), of_card(gpu, uses_eight_bit(recipe))
    shares: dict[str, Number] = {}
    for term, value in terms.items():
        for role in DOUBTS[term]:
            name = names.get(role, role)
            shares[name] = shares.get(name, 0.0) + value / total
    if not gpu.product_measured:
        shares[ASSUMED_CARD] = terms["matrix products"] / total
    return sum((share * constants.spreads[name]) ** 2 for name, share in shares.items()) ** 0.5
