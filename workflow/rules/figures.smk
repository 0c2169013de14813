rule figure:
    input:
        data_of("figures"),
    output:
        pdf=f"{RESULTS}/figures/{{document}}/{{name}}.pdf",
        png=f"{RESULTS}/figures/{{document}}/{{name}}.png",
        data=f"{RESULTS}/figures/{{document}}/{{name}}.parquet",
    log:
        f"{RESULTS}/figures/{{document}}/{{name}}.log",
    benchmark:
        f"{RESULTS}/figures/{{document}}/{{name}}.benchmark.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        script=entry_script("figures", "plot"),
        code=entry_code("figures", "plot"),
        entry=entry_text("figures"),
        tier=CONFIG.tier,
    script:
        "../../scripts/{params.script}"


rule table:
    input:
        data_of("tables"),
    output:
        csv=f"{RESULTS}/tables/{{document}}/{{name}}.csv",
        tex=f"{RESULTS}/tables/{{document}}/{{name}}.tex",
        data=f"{RESULTS}/tables/{{document}}/{{name}}.parquet",
    log:
        f"{RESULTS}/tables/{{document}}/{{name}}.log",
    benchmark:
        f"{RESULTS}/tables/{{document}}/{{name}}.benchmark.tsv"
    conda:
        "../../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        script=entry_script("tables", "tabulate"),
        code=entry_code("tables", "tabulate"),
        entry=entry_text("tables"),
        tier=CONFIG.tier,
    script:
        "../../scripts/{params.script}"


rule figures:
    input:
        [f"{stem}.{suffix}" for stem in sorted(FIGURES) for suffix in FORMATS["figure"]],


rule tables:
    input:
        [f"{stem}.{suffix}" for stem in sorted(TABLES) for suffix in FORMATS["table"]],
