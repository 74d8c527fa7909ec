"""Ways that pay by the token: a hosted model that is prompted, at once or in a batch, and a provider's tuned model."""

import re
from collections.abc import Iterator
from datetime import date

from tunecase import catalog
from tunecase.catalog import Hosted
from tunecase.inference import way_words as words
from tunecase.inference.bills import Answers, Tokens
from tunecase.inference.ground import Ground, Label, WayDraws, drawn_price, record_of, unpriced
from tunecase.prices import ApiPrice, api_known, api_price, hosted_ends
from tunecase.quantities import Quantity

OWN_MODEL, OPEN_MODEL, BY_SIZE = "own model", "open model", "models by size"
SERVED_AS_TUNED = ("lora", "full", "")  # methods whose token prices are those of answers, not of training by rewards


def hosted(ground: Ground) -> list[WayDraws]:
    """Hosted models that are prompted, priced at the request's own length; in a batch too where answers may wait."""
    return [way for name in ground.prompted for way in _prompted(ground, name)]


def _prompted(ground: Ground, name: str) -> Iterator[WayDraws]:
    label = Label(f"{name}, prompted", "hosted", name, tuned=False)
    if (stated := _stated(ground, name)) is not None:
        payer, rough = (Answers(at.basis.draw(stated[0], stated[1])) for at in _grounds(ground))
        bill = payer.bill(ground.traffic)
        yield WayDraws(record_of(label, bill, words.stated(stated[0]), (), ground.objective), bill, (rough,))
        return
    yield from _by_the_token(ground, name, label)


def _stated(ground: Ground, name: str) -> tuple[str, Quantity] | None:
    """The field in which the project states what 1,000 answers of a hosted model cost, and the price."""
    if (project := ground.basis.project) is None:
        return None
    hosted_way = project.alternatives.prompt_hosted
    field, price = project.price_per_1k_today or ("", None)
    fields = (
        (field, project.model_today, price),
        ("alternatives.prompt_hosted.price_per_1k_answers", hosted_way.model, hosted_way.price_per_1k_answers),
    )
    return next(((field, price) for field, model, price in fields if model == name and price is not None), None)


def _by_the_token(ground: Ground, name: str, label: Label) -> Iterator[WayDraws]:
    """The model at its token price, and in a batch."""
    traffic = ground.traffic
    instructions = float(traffic.instructions_tokens.mean())
    tokens = float(traffic.input_tokens.mean()) + instructions
    price = api_price(name, ground.basis.today, tokens)
    if price is None:
        yield unpriced(label, words.no_token_price(name, installed=api_known()))
        return
    cached_usd = price.cached_usd_per_mtok
    usd = (
        float(price.input_usd_per_mtok),
        float(price.output_usd_per_mtok),
        None if cached_usd is None else float(cached_usd),
    )
    payer, rough = (_payer(at, f"of {price.provider} {price.model}", usd, prompted=True) for at in _grounds(ground))
    bill = payer.bill(traffic)
    less = 1 - float(payer.with_held_instructions(traffic).mean() / bill.per_month.mean())
    notes = [
        words.of_request(tokens, instructions), words.held_instructions(less),
        *words.of_api(price, float(traffic.cached_share.mean())),
    ]  # fmt: skip
    record = record_of(label, bill, words.sourced(price.model, price.date, price.source), notes, ground.objective)
    yield WayDraws(record, bill, (rough,))
    if traffic.may_wait:
        yield from _batched(ground, name, price, float(bill.per_month.mean()))


def _grounds(ground: Ground) -> tuple[Ground, Ground]:
    return ground, ground.sketched


def _payer(
    ground: Ground, what: str, usd: tuple[float, float, float | None], *, old: bool = False, prompted: bool = False
) -> Tokens:
    """Who is paid by the token: input, output and cached input [USD per million], with the drift of old prices."""
    into, out, cached = usd
    return Tokens(
        drawn_price(into, f"price of input {what}", ground.basis, old=old),
        drawn_price(out, f"price of output {what}", ground.basis, old=old),
        None if cached is None else drawn_price(cached, f"price of cached input {what}", ground.basis, old=old),
        prompted,
    )


def _batched(ground: Ground, name: str, online: "ApiPrice", online_mean: float) -> Iterator[WayDraws]:
    """The model in a batch that takes up to a day; nothing where sending each request at once costs no more."""
    label = Label(f"{name}, prompted in a batch", "batch", name, tuned=False)
    row = catalog.batch_price(online.provider, online.model)
    if row is None or online.long:
        yield unpriced(label, words.no_batch_price(name, long=online.long))
        return
    usd = row.input_usd_per_mtok, row.output_usd_per_mtok, row.cached_usd_per_mtok
    payer, rough = (
        _payer(at, f"of {row.provider} {row.model} in a batch", usd, prompted=True) for at in _grounds(ground)
    )
    bill = payer.bill(ground.traffic)
    if float(bill.per_month.mean()) <= online_mean:
        record = record_of(label, bill, words.sourced(row.model, row.date, row.source), ["answers may take a day"])
        yield WayDraws(record, bill, (rough,))


def adapter(ground: Ground) -> list[WayDraws]:
    """A tuned model that its provider serves by the token, without an endpoint of one's own."""
    named = (ground.basis.project.compute.hosted or "").casefold() if ground.basis.project else ""
    rows = [row for row in catalog.hosted() if not row.own_endpoint and row.model != row.provider]
    fits = [row for row in rows if named in row.names] if named else [row for row in rows if _suits(ground, row)]
    offered = [_tuned(ground, row) for row in fits if not _ended(row, ground.basis.today)]
    if offered:
        return offered
    ended = [row for row in fits if _ended(row, ground.basis.today)]
    label = Label("tuned model paid by the token", "adapter", ground.model.name)
    return [unpriced(label, words.nobody_serves(named or ground.model.name, [row.provider for row in ended]))]


def _suits(ground: Ground, row: Hosted) -> bool:
    """Whether a row is for the tuned model: of its name, or of its size where it is priced by size."""
    if row.method not in SERVED_AS_TUNED:
        return False
    if row.kind == BY_SIZE:
        size_b = ground.model.params / 1e9
        return (row.least_params_b or 0) <= size_b <= (row.most_params_b or float("inf"))
    return row.kind == OPEN_MODEL and _bare(row.model) == _bare(ground.model.name)


def _bare(name: str) -> str:
    """A model's name without its owner, case, blanks, hyphens and dots."""
    return re.sub(r"[\s_.-]", "", name.rpartition("/")[2].casefold())


def _ended(row: Hosted, today: "date") -> bool:
    """Whether no new tune of it can be made, or those made are off."""
    service = next((one for one in catalog.hosted() if one.model == one.provider == row.provider), row)
    ends = [day for day in (row.closed_on, row.retires_on, service.closed_on, service.retires_on) if day]
    return any(day <= today.isoformat() for day in ends)


def _tuned(ground: Ground, row: Hosted) -> WayDraws:
    label = Label(f"{row.model} tuned at {row.provider}, paid by the token", "adapter", row.model)
    last = next((day.isoformat() for one, day in hosted_ends(f"{row.provider} {row.model}") if one == row), "")
    old = row.is_stale(ground.basis.today)
    notes = [words.aged(old=old), words.ends_on(last), row.note, words.of_method(row)]
    if row.input_usd_per_mtok is None or row.output_usd_per_mtok is None:
        return unpriced(label, f"the token price of {row.model} tuned at {row.provider}", notes)
    usd = row.input_usd_per_mtok, row.output_usd_per_mtok, None
    payer, rough = (_payer(at, f"of {row.model} tuned at {row.provider}", usd, old=old) for at in _grounds(ground))
    bill = payer.bill(ground.traffic)
    record = record_of(label, bill, words.sourced(row.provider, row.date, row.source), notes, ground.objective)
    return WayDraws(record, bill, (rough,))
