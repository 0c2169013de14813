rule theory:
    output:
        f"{FOLDER}/theory.nc",
    log:
        f"{FOLDER}/theory.log",
    benchmark:
        f"{FOLDER}/theory.benchmark.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_of("theory.py"),
        job=job_of,
    script:
        "../../scripts/theory.py"


rule lemma:
    output:
        f"{FOLDER}/lemma.nc",
    log:
        f"{FOLDER}/lemma.log",
    benchmark:
        f"{FOLDER}/lemma.benchmark.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_of("lemma.py"),
        job=job_of,
    script:
        "../../scripts/lemma.py"


rule reference:
    output:
        f"{RESULTS}/references/{{problem}}.nc",
    log:
        f"{RESULTS}/references/{{problem}}.log",
    benchmark:
        f"{RESULTS}/references/{{problem}}.benchmark.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        code=code_of("reference.py"),
        problem=problem_of,
    script:
        "../../scripts/reference.py"
