rule kernel_ensemble:
    output:
        f"{FOLDER}/kernels.nc",
    log:
        f"{FOLDER}/kernels.log",
    benchmark:
        f"{FOLDER}/kernels.benchmark.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=megabytes("kernels"),
        runtime=minutes("kernels"),
        device=CONFIG.device,
    params:
        code=code_of("kernel_ensemble.py"),
        job=job_of,
    script:
        "../../scripts/kernel_ensemble.py"


rule ensemble:
    output:
        f"{FOLDER}/shard{{shard}}.nc",
    log:
        f"{FOLDER}/shard{{shard}}.log",
    benchmark:
        f"{FOLDER}/shard{{shard}}.benchmark.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=megabytes("shard"),
        runtime=minutes("shard"),
        device=CONFIG.device,
        checkpoint_seconds=max(1, round(CONFIG.checkpoint_seconds)),
    params:
        code=code_of("train_ensemble.py"),
        job=job_of,
    script:
        "../../scripts/train_ensemble.py"
