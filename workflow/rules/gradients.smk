rule gradients:
    input:
        start_weights,
    output:
        f"{FOLDER}/gradient_errors.parquet",
    log:
        f"{FOLDER}/gradients.log",
    benchmark:
        f"{FOLDER}/gradients.benchmark.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=megabytes("gradients"),
        runtime=minutes("gradients"),
    params:
        code=code_of("gradients.py"),
        job=job_of,
    script:
        "../../scripts/gradients.py"


rule feature:
    output:
        f"{FOLDER}/feature.nc",
    log:
        f"{FOLDER}/feature.log",
    benchmark:
        f"{FOLDER}/feature.benchmark.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_of("feature.py"),
        job=job_of,
    script:
        "../../scripts/feature.py"
