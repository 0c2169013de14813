rule train:
    input:
        start=start_weights,
        reference=reference_of,
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
    threads: CONFIG.threads
    resources:
        mem_mb=megabytes("train"),
        runtime=minutes("train"),
        device=CONFIG.device,
        checkpoint_seconds=max(1, round(CONFIG.checkpoint_seconds)),
    params:
        script=training_script,
        code=lambda wildcards: code_digest.code(training_script(wildcards)),
        job=job_of,
    script:
        "../../scripts/{params.script}"
