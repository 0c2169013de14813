rule scorecard:
    input:
        scored_files,
    output:
        pdf=f"{RESULTS}/scorecards/{{activation}}.pdf",
        csv=f"{RESULTS}/scorecards/{{activation}}.csv",
        data=f"{RESULTS}/scorecards/{{activation}}.parquet",
    log:
        f"{RESULTS}/scorecards/{{activation}}.log",
    benchmark:
        f"{RESULTS}/scorecards/{{activation}}.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=scorecard_code,
        entry=scorecard_text,
        tier=CONFIG.tier,
    script:
        "../../scripts/scorecard.py"


rule scorecard_table:
    input:
        [f"{stem}.parquet" for stem in SCORECARDS],
    output:
        csv=f"{RESULTS}/scorecards/scorecards.csv",
        md=f"{RESULTS}/scorecards/scorecards.md",
    log:
        f"{RESULTS}/scorecards/scorecards.log",
    benchmark:
        f"{RESULTS}/scorecards/scorecards.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/report.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_of("scorecard_table.py"),
    script:
        "../../scripts/scorecard_table.py"


rule scorecards:
    input:
        [f"{stem}.{suffix}" for stem in SCORECARDS for suffix in FORMATS["scorecard"]],
        rules.scorecard_table.output,
