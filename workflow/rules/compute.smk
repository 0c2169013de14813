# One rule for each rule that a task in scripts/reproduction/config/tasks declares.
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
        conda:
            f"../../envs/{TASK_RULE.environment}.yaml"
        localrule: TASK_RULE.local
        threads: CONFIG.threads
        resources:
            mem_mb=megabytes(TASK_RULE.name),
            runtime=minutes(TASK_RULE.name),
            **({"device": CONFIG.device} if TASK_RULE.device else {}),
        params:
            code=task_code("compute.py"),
            job=job_of,
        script:
            "../../scripts/compute.py"
