rule latents:
    input:
        weights=start_weights,
        fields=start_fields,
    output:
        f"{FOLDER}/latents.nc",
    log:
        f"{FOLDER}/latents.log",
    benchmark:
        f"{FOLDER}/latents.benchmark.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=2000,
        runtime=lambda wildcards, attempt: 30 * attempt,
    params:
        code=digest.code("latents.py"),
        job=job_of,
    script:
        "../../scripts/latents.py"


rule audit:
    input:
        weights=audited("weights.safetensors"),
        fields=audited("fields.nc"),
    output:
        f"{FOLDER}/audit.parquet",
    log:
        f"{FOLDER}/audit.log",
    benchmark:
        f"{FOLDER}/audit.benchmark.tsv"
    conda:
        "../../envs/compute.yaml"
    threads: CONFIG.threads
    resources:
        mem_mb=3000,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        code=digest.code("audit.py"),
        job=job_of,
    script:
        "../../scripts/audit.py"
