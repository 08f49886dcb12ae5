"""After the rules: the model checker, people's decisions, and how much error is left.

::

    model.py       runs the model checker over what passed the rules, the flagged ones first
    decisions.py   what people decided, append-only
    queue.py       what to read next, and why
    settle.py      rules, model and people together: which dialogues stand, which are rejected, which are replaced
    agreement.py   two raters: Cohen's kappa, Gwet's AC1
    residual.py    the error left, with its interval; how many to read for a wished one
    funnel.py      generated -> rules -> model -> human
"""
