"""What another version of the rules makes of the same evidence: who enters the qualified and who leaves them."""

import polars as pl


def changes_between(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The leads whose decision differs.

    Args:
        before: rows of `qualification_scores`, one for each lead.
        after: the same leads scored again.

    Returns:
        lead_id, before, after, score_before (such as "70" or "5-90"), score_after; ordered by lead.
    """
    shown = pl.when(pl.col("score_lower") == pl.col("score_upper")).then(pl.format("{}", "score_lower"))
    score = shown.otherwise(pl.format("{}-{}", "score_lower", "score_upper"))
    old, new = (
        frame.select("lead_id", pl.col("decision").alias(name), score.alias(f"score_{name}"))
        for frame, name in ((before, "before"), (after, "after"))
    )
    both = old.join(new, on="lead_id")
    changed = both.filter(pl.col("before") != pl.col("after")).sort("lead_id")
    return changed.select("lead_id", "before", "after", "score_before", "score_after")
