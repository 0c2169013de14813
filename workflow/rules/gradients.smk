rule gradients:
    input:
        start_weights,
    output:
        f"{FOLDER}/gradient_errors.parquet",
    log:
        f"{FOLDER}/gradients.log",
    benchmark:
        f"{FOLDER}/gradients.benchmark.tsv"
    params:
        script="gradients.py",
        code=digest.code("gradients.py"),
        job=job_of,
    threads: 1
    resources:
        mem_mb=3000,
        runtime=lambda wildcards, attempt: 30 * attempt,
    conda:
        "../../envs/compute.yaml"
    script:
        "../../scripts/{params.script}"


rule feature:
    output:
        f"{FOLDER}/feature.nc",
    log:
        f"{FOLDER}/feature.log",
    benchmark:
        f"{FOLDER}/feature.benchmark.tsv"
    params:
        script="feature.py",
        code=digest.code("feature.py"),
        job=job_of,
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../../envs/compute.yaml"
    script:
        "../../scripts/{params.script}"
