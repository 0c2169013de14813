# One rule for each `Rule` of a task in scripts/reproduction/config/tasks.
for TASK_RULE in TASK_RULES:

    rule:
        name:
            TASK_RULE.name
        input:
            unpack(inputs_of(TASK_RULE)),
        output:
            f"{FOLDER}/{TASK_RULE.file}",
        log:
            f"{FOLDER}/{TASK_RULE.name}.log",
        benchmark:
            f"{FOLDER}/{TASK_RULE.name}.benchmark.tsv"
        localrule: TASK_RULE.local
        conda:
            f"{ENVIRONMENTS}/{TASK_RULE.environment}.yaml"
        threads: CONFIG.threads
        resources:
            **({"device": CONFIG.device} if TASK_RULE.device else {}),
            mem_mb=megabytes(TASK_RULE.name),
            runtime=minutes(TASK_RULE.name),
        params:
            code=task_code("compute.py"),
            job=job_of,
        script:
            "../../scripts/compute.py"
