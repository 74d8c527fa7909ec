"""What the test and production contain and training hardly does: rows without a near neighbour, thin regions."""

from tunecase.data.checks.columns import Split
from tunecase.data.checks.defect import Defect, NotChecked
from tunecase.data.checks.evidence import Evidence
from tunecase.data.checks.sample import sample_of, with_text
from tunecase.data.detectors.coverage import MOST_ROWS, QUANTILE, measure_cover, thin_regions
from tunecase.data.detectors.two_sample import LEAST_ROWS
from tunecase.quantities import np, wilson

P = 0.001
LEAST_SHARE = 2 * QUANTILE
WARN_SHARE = 0.2


def uncovered(evidence: Evidence) -> Defect | NotChecked | None:
    """Test rows without a near neighbour in training."""
    return _uncovered(evidence, evidence.test, "uncovered", "test")


def uncovered_production(evidence: Evidence) -> Defect | NotChecked | None:
    """Rows of the production sample without a near neighbour in training."""
    return _uncovered(evidence, evidence.production, "uncovered_production", "production")


def thin_cluster(evidence: Evidence) -> Defect | None:
    """Regions that are common in the test and rare in training."""
    return _thin(evidence, evidence.test, "thin_cluster", "test")


def thin_cluster_production(evidence: Evidence) -> Defect | None:
    """Regions that are common in production and rare in training."""
    return _thin(evidence, evidence.production, "thin_cluster_production", "production")


def _cannot(evidence: Evidence, other: Split) -> str:
    if evidence.request.fast:
        return "left out of a fast audit"
    few = any(with_text(split) < LEAST_ROWS for split in (evidence.train, other))
    return f"fewer than {LEAST_ROWS} rows in a file" if few else ""


def _uncovered(evidence: Evidence, other: Split | None, check: str, what: str) -> Defect | NotChecked | None:
    if other is None:
        return None
    if why_not := _cannot(evidence, other):
        return NotChecked(f"whether training covers {what}: {why_not}")
    cover = measure_cover(evidence.train.texts.inputs, other.texts.inputs, evidence.request.seed)
    share = len(cover.far) / max(cover.judged, 1)
    if cover.p >= P or share < LEAST_SHARE:
        return None
    low, high = (max(0.0, end - QUANTILE) / (1 - QUANTILE) for end in wilson(len(cover.far), cover.judged))
    excess = (share - QUANTILE) / (1 - QUANTILE)
    rows, sample = other.texts.rows[cover.far], sample_of(other, cover.judged, with_text(other), f"rows of {what}")
    defect = Defect(
        check=check,
        severity="warn" if excess >= WARN_SHARE else "note",
        why=(
            f"{share:.0%} of {what} rows are further from training than all but {QUANTILE:.0%} of its own rows: about "
            f"{excess:.0%} ({low:.0%} to {high:.0%}) ask for what training does not hold, the rest by chance"
            f"{sample.told(len(rows))}"
        ),
        fix=f"label {excess * other.count:.0f} rows like these, or say that they are out of scope",
        count=len(rows),
        share=share,
        examples=tuple(map(other.example, rows[:3].tolist())),
        new_rows=excess * other.count,
        measured=("share not covered", low, excess, high),
    )
    if what == "test":
        defect.where, defect.rows, defect.scores = "test", rows, cover.distance
    return defect


def _thin(evidence: Evidence, other: Split | None, check: str, what: str) -> Defect | None:
    if other is None or _cannot(evidence, other):  # which the rows without a neighbour say
        return None
    regions = thin_regions(evidence.train.texts.inputs, other.texts.inputs, evidence.request.seed)
    if not regions:
        return None
    rows = other.texts.rows[np.concatenate([region.rows for region in regions])]
    kept = max(len(evidence.train.texts.inputs), 1)
    missing = sum(region.missing for region in regions) * (evidence.train.count / kept)
    candidates = with_text(other)
    sample = sample_of(other, min(candidates, MOST_ROWS), candidates, f"rows of {what}")
    defect = Defect(
        check=check,
        severity="note",
        why=(
            f"{len(regions)} regions of alike texts have three times the share in {what} that they have in training"
            f"{sample.told(len(rows))}"
        ),
        fix=f"label {missing:.0f} more rows there, if {what} shows what will be asked",
        count=len(rows),
        share=len(rows) / max(other.count if sample.whole else sample.judged, 1),
        examples=tuple(
            f"{', '.join(region.words) or 'no common word'}: {region.others} of {what}, {region.base} of training"
            for region in regions[:3]
        ),
        new_rows=missing,
    )
    if what == "test":
        defect.where, defect.rows = "test", rows
    return defect
