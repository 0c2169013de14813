rule train:
    input:
        start_weights,
    output:
        weights=f"{FOLDER}/weights.safetensors",
        history=f"{FOLDER}/history.parquet",
        fields=f"{FOLDER}/fields.nc",
    log:
        f"{FOLDER}/train.log",
    benchmark:
        f"{FOLDER}/train.benchmark.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=lambda wildcards, attempt: 180 * attempt,
        checkpoint_seconds=max(1, round(CONFIG.checkpoint_seconds)),
    params:
        code=digest.code("train.py"),
        job=job_of,
    script:
        "../../scripts/train.py"
