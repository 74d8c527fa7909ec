"""What people call the named inputs of a bill: "hours to put the model into use" for effort.integration."""

import re

TITLES: dict[str, str] = {
    "budget": "the budget",
    "rounds": "rounds until it works or stops",
    "tokens per row": "the length of a row",
    "repairs": "repairs of the data",
    "one training run": "the price of a training run",
    "compute.tier": "the kind of provider",
    "compute.gpus": "the cards to train on",
    "models": "the model to be tuned",
    "problem.value": "what a right answer is worth",
    "problem.volume": "how many answers are asked for",
    "problem.horizon": "how long it is in use",
    "problem.by_hand": "what an answer by hand costs",
    "problem.miss_cost": "what shipping a miss costs",
    "problem.baseline": "how good it is today",
    "problem.target": "the target",
    "prices.drift": "how far old prices have moved",
    "team.role": "who does the work",
    "team.rate": "the team's hourly rate",
    "team.share": "how much of their time people have for it",
    "team.salary": "yearly pay",
    "team.load": "what is paid on top of wages",
    "team.on_top": "what is paid on top of wages",
    "team.paid_hours": "paid hours in a year",
    "team.hours": "the team's hours",
    "team.months": "the team's months",
    "team.ramp_up": "weeks until people work at full speed",
    "working_hours": "hours that a person works in a month",
    "waiting_per_round": "weeks of waiting in a round",
    "unknowns": "overruns",
    "effort_per_round": "hours that a round takes",
    "evaluation_share": "the part of the hours that evaluation takes",
    "effort.data_work": "hours on the data in a round",
    "effort.data_work_tenfold": "further hours on ten times the data",
    "effort.prompts": "hours on prompts and comparisons",
    "effort.set_up": "hours to set up training",
    "effort.set_up_doubling": "further hours of set-up on twice the cards",
    "effort.set_up_nodes": "further hours of set-up on several machines",
    "effort.set_up_hosted": "hours to have a provider train it",
    "effort.runs": "hours to watch a training run",
    "effort.evaluation": "hours to test a round's model",
    "effort.reading": "minutes to read an answer",
    "effort.error_analysis": "hours to sort a round's mistakes",
    "effort.integration": "hours to put the model into use",
    "effort.review": "hours of review and sign-off",
    "effort.management": "planning and reporting on top",
    "evaluation.read": "answers that people read in a round",
    "evaluation.judged": "answers that a model judges in a round",
    "evaluation.labels": "answers that people label in a round",
    "training.runs_per_round": "training runs in a round",
    "training.failed": "runs that fail",
    "training.idle": "paid hours in which no run goes",
    "training.sequence_tokens": "the longest row in tokens",
    "training.micro_batch": "rows that a card trains on at once",
    "training.rank": "the size of the adapter",
    "rounds.most": "the most rounds",
    "rounds.stop_share": "the chance that a round is the last",
    "rounds.data_share": "how often a round buys examples",
    "rounds.tune_share": "how often a round searches settings",
    "label_minutes": "minutes that a label takes",
    "review_minutes": "minutes to review a doubtful row",
    "rate": "what an hour of labelling costs",
    "after_launch.retrain": "how often it is trained again",
    "after_launch.monitoring": "hours to look after it once in use",
    "after_launch.drift_checks": "answers checked each month once in use",
    "after_launch.fees": "monthly fees once in use",
    "serving.price_per_1k_answers": "the price of 1,000 answers",
    "today.price_per_1k": "what 1,000 answers cost today",
    "today.minutes": "minutes of a person for one answer",
    "today.rate": "what an hour of these people costs",
    "today.score": "how good it is today",
    "serving.price_per_1k_today": "what 1,000 answers cost today",
    "serving.retune_share": "what tuning another base model costs again",
    "serving.traffic.instructions": "the length of a prompt's instructions",
    "serving.traffic.length_spread": "how much requests differ in length",
    "serving.traffic.hours": "the hours in which people ask",
    "serving.traffic.burst": "how far the busiest moment exceeds the mean",
    "serving.traffic.growth": "growth of the volume",
    "serving.cold_start": "minutes until a stopped machine answers",
    "serving.keep_alive": "minutes that an idle machine is kept",
    "serving.minimum_billing": "the least time that is billed",
    "serving.night": "hours of the nightly batch",
    "serving.spare": "spare machines",
    "stand_in.factor": "how good the larger model is",
    "stand_in.encoder_factor": "how good the larger model is",
    "stand_in.nearest_factor": "how good the larger model is",
    "stand_in.smaller_model_factor": "how good the larger model is",
    "levers.label_noise": "wrong labels where nobody has looked",
    "levers.rows_per_wrong_label": "rows reviewed for each wrong label",
    "levers.tuning_factor": "what better settings gain",
    "levers.tuning_runs": "settings tried in a search",
    "levers.bigger_model_factor": "what the next bigger model gains",
    "levers.bigger_model_run_cost": "what a run of the next bigger model costs",
    "levers.synthetic_worth": "what a row written by a model teaches",
    "levers.scrape_worth": "what a scraped row teaches",
    "levers.buy_worth": "what a bought row teaches",
    "levers.licence_worth": "what a licensed row teaches",
    "levers.first_run_hours": "hours until the first run",
    "levers.look_hours": "hours to score one more way",
    "assumed.first_error": "how good the model is on the rows you have",
    "assumed.slope": "how fast more rows help",
    "source.effort": "minutes that a label takes",
    "source.rate": "what an hour of labelling costs",
    "source.rework": "labels done again",
    "source.fee": "the labelling platform's fee",
    "source.usable": "labelled rows that can be used",
    "source.worth": "what a row of this source teaches",
    "source.per_week": "rows that come in a week",
    "costs.amount": "a cost of your own",
    "costs.share": "a cost of your own as a share",
}  # fmt: skip

# Fields that are told by their first word: stand-ins in general, overruns, and so on.
FAMILIES: dict[str, str] = {
    "stand_in": "how good the larger model is",
    "unknowns": "overruns",
    "rounds": "rounds until it works or stops",
    "source": "the price of a row: {rest}",
    "compute": "cards of your own: {rest}",
    "storage": "storage: {rest}",
    "fit": "time of a training run: {rest}",
    "rollout": "sampling of answers to learn from: {rest}",
    "alternatives": "another way to answer: {rest}",
    "measuring": "time to test another way: {rest}",
    "serving": "answers once in use: {rest}",
    "after_launch": "upkeep once in use: {rest}",
}

# Names that are made where they are drawn: what to look for, and what people call it.
PATTERNS: tuple[tuple[str, str], ...] = (
    (r"(?:own )?price of an? (?P<what>\S+) hour.*", "the price of a {what} hour"),
    (r"price of training (?P<what>.+)", "the price of training {what}"),
    (r"price of (?:cached )?(?:input|output) .+", "the price of a hosted model's tokens"),
    (r"answers per second of .+", "how fast it answers"),
    (r"tokens per second on .+", "how fast a card trains"),
    (r"(?P<what>.+) team\.rate", "the hourly rate of the {what}"),
    (r"(?P<what>.+) price per example", "the price of a row ({what})"),
    (r"(?P<what>.+) price of a term", "the price of {what} for a term"),
    (r"(?P<what>.+) set-up", "the set-up of {what}"),
    (r"problem\.errors (?P<what>.+)", "what a mistake costs ({what})"),
    (r"error of .+", "how good the measured way is"),
)
PLACE = re.compile(r"^(?:[\w .-]+ )?(?P<field>[a-z_]+(?:\.[a-z_]+)+)$")
PRICES = re.compile(r"(price|_price|\.rate|source\.fee|\bfees?|salary|costs?)(\b|$)|^problem\.by_hand$")


def input_title(name: str) -> str:
    """What people call a named input; without an entry of its own, its words.

    Example:
        >>> input_title("effort.integration"), input_title("writer team.rate"), input_title("price of a L4 hour, spot")
        ('hours to put the model into use', 'the hourly rate of the writer', 'the price of a L4 hour')
    """
    if name in TITLES:
        return TITLES[name]
    for pattern, words in PATTERNS:
        if found := re.fullmatch(pattern, name):
            return words.format(**{key: _words(value) for key, value in found.groupdict().items()})
    placed = PLACE.match(name)
    field = placed["field"] if placed else name
    if field in TITLES:
        return TITLES[field]
    family, _, rest = field.partition(".")
    return FAMILIES[family].format(rest=_words(rest)) if rest and family in FAMILIES else _words(field)


def is_price(name: str) -> bool:
    """True where a named input is what somebody is paid: a rate, a fee, or the price of a thing.

    Example:
        >>> is_price("ml engineer team.rate"), is_price("price of a L4 hour, spot"), is_price("unknowns")
        (True, True, False)
    """
    return PRICES.search(name) is not None


def _words(name: str) -> str:
    return " ".join(re.sub(r"[._]", " ", name).split())
