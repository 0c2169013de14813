rule hessian:
    input:
        start_weights,
    output:
        f"{FOLDER}/hessian.nc",
    log:
        f"{FOLDER}/hessian.log",
    benchmark:
        f"{FOLDER}/hessian.benchmark.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=megabytes("hessian"),
        runtime=minutes("hessian"),
    params:
        code=code_of("hessian.py"),
        job=job_of,
    script:
        "../../scripts/hessian.py"


rule landscape:
    input:
        hessian=f"{FOLDER}/hessian.nc",
    output:
        f"{FOLDER}/landscape.nc",
    log:
        f"{FOLDER}/landscape.log",
    benchmark:
        f"{FOLDER}/landscape.benchmark.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=megabytes("landscape"),
        runtime=minutes("landscape"),
    params:
        code=code_of("landscape.py"),
        job=job_of,
    script:
        "../../scripts/landscape.py"
