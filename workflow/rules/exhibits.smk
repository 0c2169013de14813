rule figure:
    input:
        data_of("figures"),
    output:
        pdf=f"{RESULTS}/figures/{{document}}/{{name}}.pdf",
        png=report(
            f"{RESULTS}/figures/{{document}}/{{name}}.png",
            caption="../report/templates/figure.rst",
            category=document_of,
            subcategory="Figures",
            labels=labels_of("figures"),
        ),
        data=f"{RESULTS}/figures/{{document}}/{{name}}.parquet",
    log:
        f"{RESULTS}/figures/{{document}}/{{name}}.log",
    benchmark:
        f"{RESULTS}/figures/{{document}}/{{name}}.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=exhibit_code("figures", "plot.py"),
        entry=entry_text("figures"),
        tier=CONFIG.tier,
    script:
        "../../scripts/plot.py"


rule table:
    input:
        data_of("tables"),
    output:
        csv=f"{RESULTS}/tables/{{document}}/{{name}}.csv",
        tex=f"{RESULTS}/tables/{{document}}/{{name}}.tex",
        html=report(
            f"{RESULTS}/tables/{{document}}/{{name}}.html",
            caption="../report/templates/table.rst",
            category=document_of,
            subcategory="Tables",
            labels=labels_of("tables"),
        ),
        data=f"{RESULTS}/tables/{{document}}/{{name}}.parquet",
    log:
        f"{RESULTS}/tables/{{document}}/{{name}}.log",
    benchmark:
        f"{RESULTS}/tables/{{document}}/{{name}}.benchmark.tsv"
    conda:
        f"{ENVIRONMENTS}/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=exhibit_code("tables", "table.py"),
        entry=entry_text("tables"),
        tier=CONFIG.tier,
    script:
        "../../scripts/table.py"


rule figures:
    input:
        [f"{stem}.{suffix}" for stem in sorted(FIGURES) for suffix in FORMATS["figure"]],


rule tables:
    input:
        [f"{stem}.{suffix}" for stem in sorted(TABLES) for suffix in FORMATS["table"]],
