"""What anything costs: GPU hours, hosted training, tokens, people, labels, and what a right answer is worth."""

from typing import TYPE_CHECKING

from tunecase.faces import loads_late

if TYPE_CHECKING:
    from tunecase.prices.api import ApiPrice, api_price
    from tunecase.prices.api import known as api_known
    from tunecase.prices.basis import AnswerPrices, Basis, assumed, old_rates
    from tunecase.prices.constraints import Checked, checked, struck
    from tunecase.prices.contracts import UNDATED, Contract, Contracts, is_old, read_catalog, read_contracts
    from tunecase.prices.cores import core_hour
    from tunecase.prices.examples import (
        MADE, OtherSource, Supply, best_made, formatting, legal_note, made_sources, made_worth, supply, token_price,
    )  # fmt: skip
    from tunecase.prices.gpu import (
        CONTRACT_TIER, NOT_OF_THE_TABLES, OWNED_TIER, TIERS, TOO_OLD, GpuHour, any_gpu_hour, contract_hour, drift_words,
        gpu_hour, hour_words, owned, owned_card, purchase,
    )  # fmt: skip
    from tunecase.prices.hosted import Offer, billed_tokens, chosen, offers, stored_months, training_price
    from tunecase.prices.inputs import PRICE, ROUNDS, amount, highest, what_if_words
    from tunecase.prices.labels import (
        by_position, clock_words, label_minutes, label_price, label_prices, label_rate, labels_per_example, low_pay,
        named_sources, queue_price, review_hours, review_price,
    )  # fmt: skip
    from tunecase.prices.lifetime import (
        ending_of, horizon, hosted_ends, retirement_of, served_answers, served_months, start_of,
    )  # fmt: skip
    from tunecase.prices.listing import PricesAsked, price_list
    from tunecase.prices.people import (
        PaidHours, paid_hours, past_hours_words, person_hour, ramp_up, states_hours, unknown_factor, unknown_words,
        working_months,
    )  # fmt: skip
    from tunecase.prices.race import race, source_names
    from tunecase.prices.titles import input_title, is_price
    from tunecase.prices.value import (
        baseline_score, error_cost, more_than_today, part_when_sure, people_give_the_rest, price_of_answers,
        price_today, rest_by_others, rest_goes_to_people, saving_per_answer, score_given_up, serving_saving,
        target_value, today_score, value_or_saving,
        worth_of_correct,
    )  # fmt: skip

loads_late(__name__)
