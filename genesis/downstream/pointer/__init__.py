"""The probe that reads argument values: a small pointer network, trained on a data set in about a minute of one core.

    genesis probe TRAIN --against OTHER --seeds 3          # trains, scores on BFCL, paired differences with intervals
    genesis probe TRAIN --seeds 1 --updates 200 --items 400    # the smallest that still says something: about 20 s CPU

From Python::

    from genesis.downstream.pointer import probe
    arm = probe.run_arm(dialogues, probe.held_out(seen, most=400), probe.Settings(updates=200), seeds=1)
    probe.compare(arm, other)        # differences by item: argument accuracy, tool choice, abstention, AST, count

``seen`` are the marks of the training tools (:func:`genesis.downstream.probe.seen_tools`); items that offer one of them
are never scored. Needs torch (extra ``probe``), which is imported only when a network is made.
"""
