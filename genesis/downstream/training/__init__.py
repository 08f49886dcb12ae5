"""Fine-tuned students: supervised (SFT), then reinforced (GRPO) with the paper's two rewards. Extra ``train``.

    genesis train sft --data dialogues.parquet --model Qwen/Qwen3-8B --out students/a --dry-run
    genesis train sft params/train.yaml --data dialogues.parquet --out students/a
    genesis train grpo --data dialogues.parquet --model students/a/model --out students/a-rl
    genesis train score students/a-rl/model --benchmark bfcl --limit 200 --out predictions/a-rl

``plan`` and ``rows`` need no torch; everything else imports it where it is used.
"""
