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
        mem_mb=megabytes("latents"),
        runtime=minutes("latents"),
    params:
        code=code_of("latents.py"),
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
        mem_mb=megabytes("audit"),
        runtime=minutes("audit"),
    params:
        code=code_of("audit.py"),
        job=job_of,
    script:
        "../../scripts/audit.py"
