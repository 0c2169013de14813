rule train:
    input:
        unpack(inputs_of_training),
    output:
        weights=f"{FOLDER}/weights.safetensors",
        history=f"{FOLDER}/history.parquet",
        fields=f"{FOLDER}/fields.nc",
    log:
        f"{FOLDER}/train.log",
    benchmark:
        f"{FOLDER}/train.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=megabytes("train"),
        runtime=minutes("train"),
        device=CONFIG.device,
        checkpoint_seconds=max(1, round(CONFIG.checkpoint_seconds)),
    params:
        code=task_code("train.py"),
        job=job_of,
    script:
        "../../scripts/train.py"


rule train_seeds:
    input:
        unpack(inputs_of_case),
    output:
        weights=f"{FOLDER}/seeds{{shard}}.weights.safetensors",
        history=f"{FOLDER}/seeds{{shard}}.history.parquet",
        fields=f"{FOLDER}/seeds{{shard}}.fields.nc",
    log:
        f"{FOLDER}/seeds{{shard}}.log",
    benchmark:
        f"{FOLDER}/seeds{{shard}}.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=megabytes("seeds"),
        runtime=minutes("seeds"),
        device=CONFIG.device,
        checkpoint_seconds=max(1, round(CONFIG.checkpoint_seconds)),
    params:
        code=task_code("train.py"),
        job=job_of,
    script:
        "../../scripts/train.py"


rule train_shard:
    output:
        fields=f"{FOLDER}/shard{{shard}}.nc",
    log:
        f"{FOLDER}/shard{{shard}}.log",
    benchmark:
        f"{FOLDER}/shard{{shard}}.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=megabytes("shard"),
        runtime=minutes("shard"),
        device=CONFIG.device,
        checkpoint_seconds=max(1, round(CONFIG.checkpoint_seconds)),
    params:
        code=task_code("train.py"),
        job=job_of,
    script:
        "../../scripts/train.py"


rule reference:
    output:
        f"{RESULTS}/references/{{problem}}.nc",
    log:
        f"{RESULTS}/references/{{problem}}.log",
    benchmark:
        f"{RESULTS}/references/{{problem}}.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        code=reference_code,
        problem=problem_of,
    script:
        "../../scripts/reference.py"
